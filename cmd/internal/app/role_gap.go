package app

import (
	"encoding/json"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
)

// movesLooked is how many moves of the role are looked at: for the last one that
// measured how long nobody was primary, as not every one does, and for the one by
// which this server got the role.
const movesLooked = 20

// lastGap returns how long nobody was primary in the first of these moves of the
// role that measured it; < 0: there is none.
func lastGap(books []node.Runbook) time.Duration {
	for _, b := range books {
		var r switchover.Result
		if json.Unmarshal(b.Result, &r) == nil && r.GapMS != nil {
			return time.Duration(*r.GapMS * float64(time.Millisecond))
		}
	}
	return -1
}

// collect tells Prometheus, where there is something to tell.
func (k *roleKeeper) collect(out chan<- prometheus.Metric) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gap >= 0 {
		out <- single("role_gap_seconds", "How long nobody was primary in the last move of the role that measured it.", k.gap.Seconds())
	}
}
