package files

import (
	"encoding/binary"
	"slices"
	"time"
)

// A ledger is what is remembered of the files of a directory from one look to
// the next, and what of it is stored.
type ledger struct {
	age, late time.Duration
	moves     bool // files do not stay where they are once they were read

	done   map[mark]bool // states of files that are done with
	names  map[mark]bool // the names that they have
	recent []finished    // of these the newest, maxDone at most, the oldest first
	wait   map[mark]*waiting
	oldest []*waiting // of these, in the order in which they are read; some are done with by now
	before time.Time  // files that were changed last before that may be taken for read; zero: none
	swept  time.Time  // when the last whole look began; zero: there was none
	absent time.Time  // a file that is not remembered was not there then; zero: nobody knows
	rest   time.Time  // when the oldest of those that are too many to remember was changed; zero: there are none
	trust  bool       // not all that is done with is remembered: before decides
}

// finished is a file that is done with.
type finished struct {
	state   mark
	changed time.Time
}

// waiting is a file that is not done with.
type waiting struct {
	entry  entry
	since  time.Time // it was seen as it is
	absent time.Time // it was not there yet, at the latest; zero: nobody knows
	ripe   bool      // it was not being written any more
	again  bool      // a file of its name is done with
	tries  int       // that failed
	seen   bool      // at the look that goes on
}

// newLedger makes a ledger of what is stored.
func newLedger(s *settings, p *position) *ledger {
	l := &ledger{age: s.age, late: s.late, moves: s.after != leave, done: map[mark]bool{}, names: map[mark]bool{}, trust: true}
	if p.Whole {
		l.done[p.State] = true
	}
	if l.moves { // what was left once, and may have been read, is read again: it is going to be removed
		return l
	}
	for _, state := range p.done() {
		l.done[state] = true
	}
	if p.Before != 0 && p.Before <= p.Swept { // what came after the last look was not read
		l.before = time.Unix(0, p.Before)
	}
	if p.Swept != 0 {
		l.swept = time.Unix(0, p.Swept)
	}
	return l
}

// passed tells whether a file is done with. One that came here after the last
// look is not, whatever the time of its content.
func (l *ledger) passed(e *entry) bool {
	if l.done[e.state] {
		return true
	}
	came := !e.touched.IsZero() && !e.touched.Before(l.swept.Add(-behind))
	return l.trust && e.changed.Before(l.before) && !came
}

// finish notes that a file is done with.
func (l *ledger) finish(e *entry) {
	l.done[e.state] = true
	delete(l.wait, e.file)
	if !l.moves {
		l.names[markOf(e.name)] = true
		l.keep(e)
	}
}

// keep puts a file that is done with among the newest, if it is one of them.
func (l *ledger) keep(e *entry) {
	at, _ := slices.BinarySearchFunc(l.recent, e.changed, func(f finished, t time.Time) int { return f.changed.Compare(t) })
	l.recent = slices.Insert(l.recent, at, finished{e.state, e.changed})
	if len(l.recent) > maxDone {
		l.recent = slices.Delete(l.recent, 0, len(l.recent)-maxDone)
	}
}

// forget drops a file that is not there any more.
func (l *ledger) forget(e *entry) {
	delete(l.done, e.state)
	delete(l.wait, e.file)
}

// store writes what a restart needs into the position.
func (l *ledger) store(p *position) {
	p.Swept, p.Done = 0, p.Done[:0]
	if !l.swept.IsZero() {
		p.Swept = l.swept.UnixNano()
	}
	if l.moves {
		return // what is done with is moved away before the next is read
	}
	l.before = l.floor()
	if p.Before = 0; !l.before.IsZero() {
		p.Before = l.before.UnixNano()
	}
	for _, f := range l.recent {
		if !f.changed.Before(l.before) {
			p.Done = binary.BigEndian.AppendUint64(p.Done, uint64(f.state))
		}
	}
}

// floor returns before which change no file is there, or will come, that is not
// done with.
func (l *ledger) floor() time.Time {
	if len(l.recent) == 0 || l.swept.IsZero() {
		return l.before
	}
	floor := l.recent[len(l.recent)-1].changed
	if floor.After(l.swept) {
		floor = l.swept // it is of a clock that is ahead
	}
	floor = floor.Add(-l.late - behind)
	if !l.rest.IsZero() && l.rest.Before(floor) {
		floor = l.rest
	}
	for len(l.oldest) > 0 && l.wait[l.oldest[0].entry.file] != l.oldest[0] {
		l.oldest = l.oldest[1:]
	}
	if len(l.oldest) > 0 && l.oldest[0].entry.changed.Before(floor) {
		floor = l.oldest[0].entry.changed
	}
	return floor
}

// heard returns up to when, by the upstream's clock and ours, all that was said
// was read, after a whole look that began at that time; zero: nobody knows.
func (l *ledger) heard(at time.Time) time.Time {
	if !l.rest.IsZero() {
		return time.Time{}
	}
	for _, w := range l.wait {
		if w.absent.Before(at) {
			at = w.absent
		}
	}
	if at.IsZero() {
		return at
	}
	return at.Add(-l.late - behind)
}

// still tells whether a file has not been changed for so long that its last
// line will get no end any more.
func (l *ledger) still(w *waiting) bool {
	ours := !w.entry.touched.IsZero() && l.swept.Sub(w.entry.changed) >= stillFor
	return ours || l.swept.Sub(w.since) >= stillFor
}

// knows tells whether a file of that state was there at the last look.
func (l *ledger) knows(state mark) bool {
	for _, w := range l.wait {
		if w.entry.state == state {
			return true
		}
	}
	return l.done[state]
}
