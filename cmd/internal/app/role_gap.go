package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/twinctl/twin/switchover"
)

// movesLooked is how many moves of the role are looked at for the last one that
// measured how long nobody was primary: not every one does.
const movesLooked = 20

// lastGap returns how long nobody was primary in the last move of the role that
// measured it; < 0: there is none.
func (k *roleKeeper) lastGap(ctx context.Context) (time.Duration, error) {
	books, err := k.node.Runbooks(ctx, movesLooked)
	if err != nil {
		return 0, err
	}
	for _, b := range books {
		var r switchover.Result
		if json.Unmarshal(b.Result, &r) == nil && r.GapMS != nil {
			return time.Duration(*r.GapMS * float64(time.Millisecond)), nil
		}
	}
	return -1, nil
}

// collect tells Prometheus, where there is something to tell.
func (k *roleKeeper) collect(out chan<- prometheus.Metric) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gap >= 0 {
		out <- single("role_gap_seconds", "How long nobody was primary in the last move of the role that measured it.", k.gap.Seconds())
	}
}
