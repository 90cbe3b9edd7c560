package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
)

// Why the timetables of a primary wait that starts, or stood still, and cannot
// ask its twin: that one may be primary by now.
const (
	whyAlone = "the twin was not asked yet who is primary"
	whyStood = "this server stood still, and the twin was not asked since who is primary"
)

const (
	tickInterval = 250 * time.Millisecond
	stoodStill   = 2 * time.Second  // from one tick to the next: the process was stopped, or the machine was
	underWay     = 10 * time.Second // that a question of before may still be answered
)

// A roleDoubt holds what only the primary runs, from twind's start on and after
// each time that this server stood still, until the twin has told which epoch it
// has seen, or a person says who is primary, or for as long as twin.boot_alone
// says. Once that is over it holds nothing, until the next time.
type roleDoubt struct {
	node   *node.DB
	config func() *config.Config
	twin   func() exchange.Standing
	clock  func() time.Duration // the machine's, which goes on while it sleeps
	log    *slog.Logger

	mu     sync.Mutex
	since  time.Time // twind's start, or the end of a standstill
	stood  bool      // the latter
	over   bool
	ticked time.Duration // when the clock was looked at last; 0: never
}

// bootTime is the time since the machine was started, also asleep.
func bootTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0 // no Linux that Twin runs on is without it
	}
	return time.Duration(t.Nano())
}

// run looks at the clock until ctx ends.
func (d *roleDoubt) run(ctx context.Context) error {
	tick := time.NewTicker(tickInterval)
	defer tick.Stop()
	for {
		d.mu.Lock()
		d.look()
		d.mu.Unlock()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// look sees whether this server stood still since it was called last.
func (d *roleDoubt) look() {
	now := d.clock()
	if still := now - d.ticked; d.ticked != 0 && still > stoodStill {
		d.since, d.stood, d.over = time.Now(), true, false
		d.log.Warn("this server stood still: it asks its twin who is primary before it goes on", "for", still.Round(time.Millisecond).String())
	}
	d.ticked = now
}

// holds says why it does, "" if it does not, and until when at the latest: the
// zero time is until the twin answers.
func (d *roleDoubt) holds(ctx context.Context, self node.Self) (why string, until time.Time, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.look(); d.over {
		return "", time.Time{}, nil
	}
	until = d.ends(d.config().Twin.BootAlone)
	held := self.Role == node.Primary && !self.Superseded() && (until.IsZero() || time.Now().Before(until)) && !d.said(self)
	if held {
		asked, err := d.asked(ctx, self)
		if err != nil {
			return "", time.Time{}, err
		}
		held = !asked
	}
	switch {
	case !held:
		d.over = true
		return "", time.Time{}, nil
	case d.stood:
		return whyStood, until, nil
	}
	return whyAlone, until, nil
}

// ends returns when the longest wait is over, zero for never.
func (d *roleDoubt) ends(most string) time.Time {
	switch most {
	case "hold":
		return time.Time{}
	case "run":
		return d.since
	}
	long, err := time.ParseDuration(most)
	if err != nil {
		return d.since // a configuration that nobody read
	}
	return d.since.Add(long)
}

// said tells whether the role began since, or a person has said since that it
// stands.
func (d *roleDoubt) said(self node.Self) bool {
	since := record.At(d.since)
	return self.Since > since || self.ConfirmedEpoch == self.Epoch && self.ConfirmedAt > since
}

// asked tells whether there is no twin, or it has told since which epoch it has
// seen, and that is noted here: a higher one than ours ends the role by itself.
func (d *roleDoubt) asked(ctx context.Context, self node.Self) (bool, error) {
	pair, err := d.node.Pair(ctx)
	if err != nil || pair == nil {
		return pair == nil, err
	}
	// What was said before this server stood still is no answer, nor what waited
	// to be read meanwhile.
	if is := d.twin(); is.Word != nil && is.Word.Doc.Epoch <= self.EpochSeen && (!d.stood || is.Asked.After(d.since)) {
		return true, nil
	}
	since := record.At(d.since)
	if d.stood {
		since = since.Add(underWay)
	}
	heard, word, err := lastWord(ctx, d.node, node.In)
	if err != nil {
		return false, fmt.Errorf("what the twin said last: %w", err)
	}
	return heard != nil && heard.At > since && word.Doc.Epoch <= self.EpochSeen, nil
}
