package replay

import (
	"sort"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// A tape is one file, cut into what is said one by one, in the file's order.
// Once laid on the timeline it no longer changes.
type tape struct {
	file    string
	events  []event
	classes [][]string // that events point at
	end     string     // what follows each event on the wire
	stamp   stamper    // how a time is written; nil where none ever is
	walls   mover      // moves what else tells the time; nil where nothing does
}

// An event is one thing that is said: an AMI event or a line.
type event struct {
	raw    []byte         // as recorded, without the tape's end
	at     record.Instant // its own time; where it has none, the one before
	peak   record.Instant // the latest time so far: recordings step back, the clock does not
	due    time.Duration  // how long after the start it is said
	lo, hi int32          // where its time stands in raw; nowhere if equal
	class  int32          // which of the tape's classes it belongs to
}

// A stamper appends a time, written like the recorded one that it replaces.
type stamper func(dst, recorded []byte, at record.Instant) []byte

// A mover moves other times of a record in their place.
type mover func(record []byte, by record.Instant)

// times appends the times of the tape.
func (t *tape) times(all []record.Instant) []record.Instant {
	for i := range t.events {
		all = append(all, t.events[i].at)
	}
	return all
}

// lay sets when each event is said.
func (t *tape) lay(p plan) {
	var peak record.Instant
	for i := range t.events {
		e := &t.events[i]
		if i == 0 || e.at > peak {
			peak = e.at
		}
		e.peak, e.due = peak, p.offset(peak)
	}
}

// from returns the first event that is said at that time after the start, or later.
func (t *tape) from(elapsed time.Duration) int {
	return sort.Search(len(t.events), func(i int) bool { return t.events[i].due >= elapsed })
}

// since returns the first event of that time, or later.
func (t *tape) since(at record.Instant) int {
	return sort.Search(len(t.events), func(i int) bool { return t.events[i].peak >= at })
}

// render appends the event as it goes over the wire, with its own time moved
// to at, or as recorded if at is zero.
func (t *tape) render(dst []byte, e *event, at record.Instant) []byte {
	if at == 0 || e.lo == e.hi {
		dst = append(dst, e.raw...)
	} else {
		begin := len(dst)
		dst = append(dst, e.raw[:e.lo]...)
		dst = t.stamp(dst, e.raw[e.lo:e.hi], at)
		dst = append(dst, e.raw[e.hi:]...)
		if t.walls != nil {
			t.walls(dst[begin:], at-e.at)
		}
	}
	return append(dst, t.end...)
}
