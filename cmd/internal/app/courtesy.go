package app

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/archive"
)

// What a fill leaves to collecting. Both want the one writer of the history,
// and the processors.
const (
	busyFor    = time.Second // after something was collected
	gentleRows = 100         // in one transaction: half a millisecond, where 2,000 take five
	// longest is how long a fill waits at once: a slow network must not become
	// slower by its share.
	longest = 100 * time.Millisecond
	// apart is how long a fill that nobody waits for rests at the least between
	// two steps: most of what is collected meanwhile then meets none.
	apart = 10 * time.Millisecond
)

// A share says that a fill takes one part in so many of the writer's time, and
// of a processor's. Records that go along with what is collected count for
// nothing there: they are few, and need no flush of their own.
type share int

const (
	byTheWay share = 12
	rebuild  share = 2 // a person waits for it
)

// whole returns how long to wait after a step that took so long, so that the
// share is kept.
func (s share) whole(took time.Duration) time.Duration { return took * time.Duration(s-1) }

// rest returns how long a fill waits after a step that took so long.
func (s share) rest(took time.Duration) time.Duration {
	rest := s.whole(took)
	if s == byTheWay {
		rest = max(rest, apart)
	}
	return min(rest, longest)
}

// A courtesy makes fills go behind collecting as long as anything is collected,
// and counting behind an import too.
type courtesy struct {
	last    atomic.Int64 // when records were collected, nanoseconds since 1970
	imports atomic.Int64 // that are running
}

// collected is told of each commit of the collector.
func (c *courtesy) collected(done collector.Commit) {
	if done.Records > 0 {
		c.last.Store(time.Now().UnixNano())
	}
}

// busy tells whether anything is collected.
func (c *courtesy) busy() bool { return time.Since(time.Unix(0, c.last.Load())) <= busyFor }

// What an import leaves to collecting: a commit waits for one of its
// transactions at the most, so these are short. They have all the time between
// commits, for nothing else wants the writer then. A thousand records take
// two milliseconds: fewer would cost a busy disk a flush each, and spare nobody anything.
const (
	stepTook            = 10 * time.Millisecond
	leastStep, mostStep = 1000, 4000 // records
)

// steps is archive.Options.Room: as long as anything is collected, as many
// records as are stored in stepTook.
func (c *courtesy) steps() func(context.Context, time.Duration) int {
	rows := leastStep
	return func(_ context.Context, took time.Duration) int {
		if !c.busy() {
			return archive.Rows
		}
		switch {
		case took > stepTook:
			rows = max(leastStep, rows/2)
		case took > 0 && took < stepTook/2:
			rows = min(mostStep, 2*rows)
		}
		return rows
	}
}

// importing tells that an import runs until done is called.
func (c *courtesy) importing() (done func()) {
	c.imports.Add(1)
	return func() { c.imports.Add(-1) }
}

// behind is count.Options.Room. Counting takes about as much of a processor as
// the import that gives it its work, and can wait: a person waits for the import.
func (c *courtesy) behind() func(context.Context, time.Duration) {
	room := c.room(byTheWay)
	return func(ctx context.Context, took time.Duration) {
		room(ctx, took)
		for rest := byTheWay.whole(took); rest > 0 && c.imports.Load() > 0 && ctx.Err() == nil; rest -= longest {
			pause(ctx, min(rest, longest))
		}
	}
}

// room is fill.Options.Room for a fill of that share. How long a step took
// tells how much else wanted the same: on a busy server a fill waits longer.
func (c *courtesy) room(s share) func(context.Context, time.Duration) int {
	return func(ctx context.Context, took time.Duration) int {
		if !c.busy() {
			return 0
		}
		pause(ctx, s.rest(took))
		return gentleRows
	}
}
