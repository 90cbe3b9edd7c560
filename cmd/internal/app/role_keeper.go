package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable/engine"
)

const (
	roleTrouble   = 10 * time.Second // how often is looked at what a move of the role left
	toldFor       = 24 * time.Hour   // that a server was superseded is told, and what ran twice
	inDoubtFor    = 7 * 24 * time.Hour
	mostTroubled  = 1000 // slots that are counted
	mostMentioned = 3    // timetables that an alarm names
)

// A roleKeeper makes this server step down once it hears of a higher epoch, and
// tells people what they have to look at then.
type roleKeeper struct {
	node  *node.DB
	fence *fenceGlance
	log   *slog.Logger

	mu  sync.Mutex
	has concerns
	gap time.Duration // of the last move that measured it; < 0: none did
}

// run keeps the role until ctx ends.
func (k *roleKeeper) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return k.node.Watch(ctx, roleInterval, k.stepDown) })
	group.Go(func() error {
		tick := time.NewTicker(roleTrouble)
		defer tick.Stop()
		for {
			if err := final(k.look(ctx)); err != nil {
				return err
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
		}
	})
	return group.Wait()
}

// stepDown makes a primary the secondary that it is by the epochs that it has
// seen. The engine ends what needs the role by itself, and sooner.
func (k *roleKeeper) stepDown(ctx context.Context) error {
	stepped, err := k.node.StepDown(ctx, byItself)
	if err == nil {
		err = k.lift(ctx)
	}
	if !stepped || err != nil {
		return final(err)
	}
	k.log.Error("this server is primary no longer: it heard of a higher epoch")
	return final(k.look(ctx))
}

// look finds out what people have to look at, and programs.
func (k *roleKeeper) look(ctx context.Context) error {
	var all concerns
	now := record.At(time.Now())
	books, err := k.node.Runbooks(ctx, movesLooked)
	if err != nil {
		return err
	}
	oldPrimary := func(ctx context.Context, all *concerns, _ record.Instant) error { return k.oldPrimary(ctx, all, books) }
	for _, one := range []func(context.Context, *concerns, record.Instant) error{k.fenced, k.halted, k.superseded, oldPrimary, k.doubled, k.inDoubt} {
		if err := one(ctx, &all, now); err != nil {
			return err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.has, k.gap = all, lastGap(books)
	return nil
}

// alarms says what was found.
func (k *roleKeeper) alarms(all *concerns) {
	k.mu.Lock()
	defer k.mu.Unlock()
	*all = append(*all, k.has...)
}

// raise adds a concern, unless a person took note of it since it was so.
func (k *roleKeeper) raise(ctx context.Context, all *concerns, c concern, since record.Instant) error {
	acked, err := k.node.AckedSince(ctx, c.code, since)
	if err == nil && !acked {
		*all = append(*all, c)
	}
	return err
}

func (k *roleKeeper) superseded(ctx context.Context, all *concerns, now record.Instant) error {
	s, err := k.node.SteppedDown(ctx, now.Add(-toldFor))
	if err != nil || s == nil {
		return err
	}
	return k.raise(ctx, all, concern{code: "superseded", severity: "error", text: fmt.Sprintf(
		"superseded by epoch %d; was primary until %s: what was edited here since the other server is primary is shown by twinctl sync --dry-run, there",
		s.Epoch, node.Moment(s.At).Time().Format(time.RFC3339))}, s.At)
}

func (k *roleKeeper) doubled(ctx context.Context, all *concerns, now record.Instant) error {
	slots, err := k.node.Doubled(ctx, now.Add(-toldFor), mostTroubled)
	if err != nil || len(slots) == 0 {
		return err
	}
	last := slots[len(slots)-1].Slot
	var names []string
	for _, s := range slots {
		names = append(names, s.Name)
	}
	return k.raise(ctx, all, concern{code: "slots_doubled", severity: "error", text: fmt.Sprintf(
		"%s of what only a primary runs began on both servers, the last at %s: twinctl run list --timetable NAME shows both (%s)",
		Counted(len(slots), "slot"), node.Moment(last).Time().Format(time.RFC3339), mention(names))}, last)
}

func (k *roleKeeper) inDoubt(ctx context.Context, all *concerns, now record.Instant) error {
	rows, err := k.node.Unresolved(ctx, engine.WhyDoubt, now.Add(-inDoubtFor), mostTroubled)
	if err != nil || len(rows) == 0 {
		return err
	}
	var names []string
	decided := rows[0].Ended
	for _, r := range rows {
		names, decided = append(names, r.Name), max(decided, r.Ended)
	}
	return k.raise(ctx, all, concern{code: "slots_in_doubt", severity: "warning", text: fmt.Sprintf(
		"%s may have been run by the primary of before, or not: twinctl run list --state missed shows them as in-doubt, twinctl timetable backfill NAME runs them (%s)",
		Counted(len(rows), "slot"), mention(names))}, decided)
}

// mention names a few of those whose names may come again.
func mention(names []string) string {
	slices.Sort(names)
	names = slices.Compact(names)
	if more := len(names) - mostMentioned; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostMentioned], ", "), more)
	}
	return strings.Join(names, ", ")
}
