package demo

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// reportStep is from one slot of the report to the next.
const reportStep = 2 * record.Second

// A stretch is slots of the report, the first and the last one included, and who
// may have run them.
type stretch struct {
	from, to record.Instant
	on       []*twin
}

// A tally is what became of a stretch.
type tally struct {
	slots       int
	ran         []int // by each server
	open        int   // runs that wait or go on
	lost, twice []record.Instant
	again       []record.Instant // that one server ran twice
}

// count counts a stretch, in the ledger of each server.
func (s stretch) count(ctx context.Context) (tally, error) {
	c := tally{ran: make([]int, len(s.on))}
	times := make(map[record.Instant]int)
	for i, t := range s.on {
		own := make(map[record.Instant]bool)
		runs, err := t.reportRuns(ctx, s.from)
		if err != nil {
			return c, err
		}
		for _, r := range runs {
			switch {
			case r.Slot > s.to:
			case r.Ended == 0:
				c.open++
			case r.State == node.RunOK:
				if own[r.Slot] {
					c.again = append(c.again, r.Slot)
				}
				own[r.Slot] = true
				times[r.Slot]++
				c.ran[i]++
			}
		}
	}
	for slot := s.from; slot <= s.to; slot += reportStep {
		c.slots++
		switch n := times[slot]; {
		case n == 0:
			c.lost = append(c.lost, slot)
		case n > 1:
			c.twice = append(c.twice, slot)
		}
	}
	return c, nil
}

// settled returns what became of a stretch, once each of its slots has run and
// nothing of it goes on.
func (s stretch) settled(ctx context.Context) (tally, error) {
	var c tally
	err := waitFor(ctx, runWithin, "every slot of the report to have run", func(ctx context.Context) (done bool, err error) {
		c, err = s.count(ctx)
		return len(c.lost) == 0 && c.open == 0, err
	})
	if err != nil && ctx.Err() == nil && len(c.lost) > 0 {
		return c, fmt.Errorf("demo: %d of %d slots of %s were lost, the first at %s: %w", len(c.lost), c.slots, demoReport, c.lost[0].Time().Format(timeOfDay), err)
	}
	if err == nil && len(c.again) > 0 {
		err = fmt.Errorf("demo: a server ran the slot of %s at %s twice: %w", demoReport, c.again[0].Time().Format(timeOfDay), errNotSo)
	}
	return c, err
}

// onceEach proves that each slot of a stretch ran once, and says where.
func onceEach(ctx context.Context, out io.Writer, s stretch) error {
	c, err := s.settled(ctx)
	if err != nil {
		return err
	}
	if len(c.twice) > 0 {
		return fmt.Errorf("demo: %d of %d slots of %s ran twice, the first at %s: %w", len(c.twice), c.slots, demoReport, c.twice[0].Time().Format(timeOfDay), errNotSo)
	}
	fmt.Fprintf(out, "%s: none lost, none twice\n", s.told(c))
	return nil
}

// told says which slots ran where.
func (s stretch) told(c tally) string {
	var where []string
	for i, t := range s.on {
		where = append(where, fmt.Sprintf("%d on %s", c.ran[i], t.name))
	}
	return fmt.Sprintf("%s had %d slots from %s to %s, and ran %s", demoReport, c.slots,
		s.from.Time().Format(timeOfDay), s.to.Time().Format(timeOfDay), strings.Join(where, ", "))
}

// reportRuns returns this server's own runs of the report, the newest slot first.
func (t *twin) reportRuns(ctx context.Context, since record.Instant) (runs []node.Run, err error) {
	all, err := t.data.Node.Runs(ctx, node.RunQuery{Server: t.name, Since: since})
	for _, r := range all {
		if r.Name == demoReport {
			runs = append(runs, r)
		}
	}
	return runs, err
}

// lastRun returns the newest slot of the report that this server ran well, 0 for
// none.
func (t *twin) lastRun(ctx context.Context, since record.Instant) (record.Instant, error) {
	runs, err := t.reportRuns(ctx, since)
	for _, r := range runs {
		if r.State == node.RunOK {
			return r.Slot, err
		}
	}
	return 0, err
}

// runsOn waits until this server has run a slot of the report after that one,
// and returns it.
func (t *twin) runsOn(ctx context.Context, after record.Instant) (slot record.Instant, err error) {
	err = waitFor(ctx, runWithin, t.name+" to run the report", func(ctx context.Context) (bool, error) {
		slot, err = t.lastRun(ctx, after+1)
		return slot != 0, err
	})
	return slot, err
}
