package fill

import (
	"context"
	"time"

	"github.com/twinctl/twin/collector/history"
)

// rowMeasure is how many bytes of records count as one record at least.
const rowMeasure = 1 << 10

// store stores the first of the rows and returns how many: beside collecting a
// few that go along with what is collected, if that is wanted and goes on, else
// all.
func (c *copier) store(ctx context.Context, rows []history.Row, beside bool) (history.Outcome, int, error) {
	if beside && c.opt.Along {
		c.took = 0
		if out, n, err := c.into.MergeAlong(ctx, c.name, rows); n > 0 || err != nil {
			return out, n, err
		}
	}
	begun := time.Now()
	out, err := c.into.Merge(ctx, c.name, rows)
	c.took = time.Since(begun)
	return out, len(rows), err
}

// room waits until there is room beside collecting, and returns for how many
// records; beside tells whether anything is collected.
func (c *copier) room(ctx context.Context, took time.Duration) (most int, beside bool) {
	if c.opt.Room == nil {
		return mergeRows, false
	}
	if most := c.opt.Room(ctx, took); most > 0 {
		return min(most, mergeRows), true
	}
	return mergeRows, false
}

// portion returns the first rows, those to merge at once, and whether a gap had
// told that they were missing. Large records count as several.
func (c *copier) portion(rows []history.Row, most int) (some []history.Row, announced bool) {
	announced = inGap(c.gaps, rows[0].At) >= 0
	n, size := 1, len(rows[0].Raw)
	for n < min(len(rows), most) && (inGap(c.gaps, rows[n].At) >= 0) == announced {
		if size += len(rows[n].Raw); size > most*rowMeasure {
			break
		}
		n++
	}
	return rows[:n], announced
}
