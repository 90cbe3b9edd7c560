package switchover

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover/preflight"
)

// What becomes of runs that need the role and go on when it is to move.
const (
	RunningWait    = "wait"    // they are waited for
	RunningCancel  = "cancel"  // they are ended
	RunningHandoff = "handoff" // what may be run again is ended, and runs again on the other server; the rest is waited for
)

// OnRunning returns the choices.
func OnRunning() []string { return []string{RunningWait, RunningCancel, RunningHandoff} }

// DrainFor is how long runs are waited for unless somebody says otherwise.
const DrainFor = 2 * time.Minute

// maxDrain bounds that: nobody edits meanwhile.
const maxDrain = 12 * time.Hour

// Options are what a person asked for. They stand in the journal.
type Options struct {
	OnRunning  string   `json:"on_running"`
	DrainS     int64    `json:"drain_timeout_s"`
	SkipChecks []string `json:"skip_checks"` // by name
}

// Check fills in what was not said, and says what is wrong.
func (o *Options) Check() error {
	if o.OnRunning == "" {
		o.OnRunning = RunningWait
	}
	if o.DrainS == 0 {
		o.DrainS = int64(DrainFor.Seconds())
	}
	if o.SkipChecks == nil {
		o.SkipChecks = []string{}
	}
	if !slices.Contains(OnRunning(), o.OnRunning) {
		return fmt.Errorf("on running %q: want %s", o.OnRunning, strings.Join(OnRunning(), ", "))
	}
	if o.DrainS < 1 || o.drain() > maxDrain {
		return fmt.Errorf("drain timeout of %d s: want 1 s to %s", o.DrainS, maxDrain)
	}
	for _, name := range o.SkipChecks {
		if !slices.Contains(preflight.Names(), name) {
			return fmt.Errorf("there is no check %q", name)
		}
	}
	return nil
}

func (o *Options) drain() time.Duration { return time.Duration(o.DrainS) * time.Second }

// optionsOf reads them from a journal. A twin may have written it.
func optionsOf(b node.Runbook) (o Options, err error) {
	if err := json.Unmarshal(b.Options, &o); err != nil {
		return o, fmt.Errorf("options of %s: %w", b.ID, err)
	}
	return o, o.Check()
}
