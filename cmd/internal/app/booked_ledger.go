package app

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable/engine"
)

// A bookedLedger is the ledger of runs, and keeps beside it what twind tells of
// them: how many ended how since its start, and which timetables failed last.
type bookedLedger struct {
	*node.DB

	mu     sync.Mutex
	ended  map[node.RunState]int64
	failed map[string]node.Run // by timetable: its last run, if that did not do well
}

func newBookedLedger(db *node.DB) *bookedLedger {
	return &bookedLedger{DB: db, ended: map[node.RunState]int64{}, failed: map[string]node.Run{}}
}

// begin reads what failed before this twind.
func (l *bookedLedger) begin(ctx context.Context) error {
	last, err := l.LastFailed(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range last {
		l.note(r)
	}
	return nil
}

// note takes a run that ended for the last of its timetable.
func (l *bookedLedger) note(r node.Run) {
	switch r.State {
	case node.RunOK:
		delete(l.failed, r.Timetable)
	case node.RunFailed, node.RunTimeout:
		l.failed[r.Timetable] = r
	case node.RunSkipped:
		// A person has to put right what it lacked. A server alone has no twin on purpose.
		if what := engine.Lacked(r.Reason); what != "" && !strings.HasSuffix(what, pairing.ErrAlone.Error()) {
			l.failed[r.Timetable] = r
		}
	case node.RunClaimed, node.RunRunning, node.RunCancelled, node.RunInterrupted, node.RunMissed:
	}
}

// ClaimRuns implements engine.Ledger.
func (l *bookedLedger) ClaimRuns(ctx context.Context, epoch int64, claims []node.Claim) ([]node.Run, error) {
	rows, err := l.DB.ClaimRuns(ctx, epoch, claims)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range rows {
		if r.State.Final() {
			l.ended[r.State]++
		}
	}
	return rows, err
}

// EndRun implements engine.Ledger. Of a run that is tried again only the last
// attempt counts as its timetable's last run.
func (l *bookedLedger) EndRun(ctx context.Context, id int64, end node.RunEnd) error {
	if err := l.DB.EndRun(ctx, id, end); err != nil {
		return err
	}
	r, again, err := l.look(ctx, id)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended[end.State]++
	if err == nil && !again {
		l.note(r)
	}
	return nil
}

// look returns a run, and whether another attempt at its slot is there.
func (l *bookedLedger) look(ctx context.Context, id int64) (r node.Run, again bool, err error) {
	if r, err = l.Run(ctx, id); err != nil {
		return r, false, err
	}
	of := node.RunQuery{Timetables: []string{r.Timetable}, Server: r.Server, Since: r.Slot, Before: r.Slot + 1, Limit: 1}
	rows, err := l.Runs(ctx, of)
	return r, len(rows) > 0 && rows[0].Attempt > r.Attempt, err
}

// counts returns how many runs ended in each state since twind's start.
func (l *bookedLedger) counts() map[node.RunState]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.ended)
}

// lastFailed returns the last run of each timetable of which that failed.
func (l *bookedLedger) lastFailed() map[string]node.Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.failed)
}
