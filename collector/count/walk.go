package count

import (
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A walk folds records in the order of their keys, and collects what a stretch
// of them told, until that is taken to be written down.
type walk struct {
	fold   *acd.Fold
	decode acd.Decoder
	at     record.Instant // folded up to here
	border record.Instant // where the interval of at ends
	void   bool           // nothing was known where it begins, and nothing came since
	sums   sums           // of the interval of at, as far as they were taken

	told    []history.Told
	borders []history.Border
	rows    int // in told
	known   int // bytes of what is known at borders

	events []acd.Event
}

// newWalk begins where an interval does, with what is known there.
func newWalk(fold *acd.Fold, decode acd.Decoder, at record.Instant, void bool) *walk {
	return &walk{fold: fold, decode: decode, at: at, border: acd.Interval(at) + acd.IntervalWidth, void: void}
}

// add folds a record of the interval that w is in.
func (w *walk) add(at record.Instant, raw []byte) {
	w.at = at
	w.events = w.decode(w.events[:0], raw, at)
	for i := range w.events {
		w.fold.Add(w.events[i])
	}
	w.void = w.void && len(w.events) == 0
}

// pass lets time pass, over the borders that lie between, or up to one of them
// if that is enough. Where nothing is known, nothing is written of them.
func (w *walk) pass(to record.Instant, enough func() bool) {
	for w.border <= to && !w.void {
		w.fold.Advance(w.border)
		w.close()
		if enough() {
			return
		}
	}
	if w.border <= to {
		w.border = acd.Interval(to) + acd.IntervalWidth
		w.sums = sums{}
	}
	w.at = to
}

// close ends the interval.
func (w *walk) close() {
	w.take()
	carry := w.fold.Carry()
	w.borders = append(w.borders, history.Border{At: w.border, Carry: carry})
	w.known += len(carry)
	w.void = len(carry) == 0
	w.at = w.border
	w.border += acd.IntervalWidth
	w.sums = sums{}
}

// take collects what was counted since it was taken before.
func (w *walk) take() {
	c := w.sums.add(w.fold.Take())
	if n := len(c.Queues) + len(c.Agents); n > 0 {
		w.told = append(w.told, history.Told{At: w.border - acd.IntervalWidth, Counted: c})
		w.rows += n
	}
}

// stretch returns what was told up to w.at, and goes on without it.
func (w *walk) stretch(feed string, from record.Instant) history.Stretch {
	w.fold.Advance(w.at)
	w.take()
	s := history.Stretch{Feed: feed, Span: record.Span{From: from, To: w.at}, Told: w.told, Borders: w.borders}
	w.told, w.borders, w.rows, w.known = nil, nil, 0, 0
	return s
}

// sums are what the records of one interval told so far.
type sums struct {
	queues map[place]*acd.QueueCounts
	agents map[place]*acd.AgentCounts
}

// A place is where something is counted: usually in the same interval.
type place struct {
	start record.Instant
	name  string
}

// add adds what was counted since, and returns the sums that this changed.
func (s *sums) add(c acd.Counted) acd.Counted {
	if s.queues == nil {
		s.queues, s.agents = map[place]*acd.QueueCounts{}, map[place]*acd.AgentCounts{}
	}
	for i := range c.Queues {
		r := &c.Queues[i]
		at := place{r.Start, r.Queue}
		if s.queues[at] == nil {
			s.queues[at] = &acd.QueueCounts{}
		}
		s.queues[at].Add(r.Counts)
		r.Counts = *s.queues[at]
	}
	for i := range c.Agents {
		r := &c.Agents[i]
		at := place{r.Start, r.Agent}
		if s.agents[at] == nil {
			s.agents[at] = &acd.AgentCounts{}
		}
		s.agents[at].Add(r.Counts)
		r.Counts = *s.agents[at]
	}
	return c
}
