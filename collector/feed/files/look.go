package files

import (
	"slices"
	"time"
)

// A look is one listing of the directories. It is a pure decision: which files
// are read, in which order, and what became of those that were there before.
type look struct {
	*ledger
	began time.Time
	stage string // files in there are ours: nobody writes to them

	left  []*waiting // that are not done with
	moved []entry    // that are done with, and are still there
	cut   bool       // there were more than are remembered
	done  map[mark]bool
	names map[mark]bool
	newer []finished // of those that are done with, the newest
}

// look begins a listing.
func (l *ledger) look(began time.Time, stage string) *look {
	for _, w := range l.wait {
		w.seen = false
	}
	return &look{ledger: l, began: began, stage: stage, done: map[mark]bool{}, names: map[mark]bool{}}
}

// see takes one file of the listing.
func (k *look) see(e entry) {
	w := k.wait[e.file]
	twice := w != nil && w.seen // under another name, or in the stage too
	if w != nil {
		w.seen = true
	}
	switch {
	case k.passed(&e):
		k.pass(e)
		return
	case twice:
		return
	case w == nil:
		w = &waiting{since: k.began, absent: k.absent}
	case w.entry.state != e.state: // changed; what is in it since then may be of any time
		w = &waiting{since: k.began, absent: w.absent}
	}
	w.entry, w.seen = e, true
	w.again = k.ledger.names[markOf(e.name)]
	w.ripe = e.dir == k.stage || k.finished(w)
	k.left = append(k.left, w)
	if len(k.left) >= 2*maxWait {
		k.shorten()
	}
}

// pass takes a file that is done with.
func (k *look) pass(e entry) {
	switch {
	case k.moves && len(k.moved) < maxWait:
		k.moved = append(k.moved, e)
	case len(k.done) < maxKnown:
		k.done[e.state], k.names[markOf(e.name)] = true, true
		k.newer = append(k.newer, finished{e.state, e.changed})
	}
	if len(k.newer) >= 2*maxDone {
		k.newest()
	}
}

// finished tells whether a file is not being written any more.
func (k *look) finished(w *waiting) bool {
	if k.age == 0 || k.began.Sub(w.since) >= k.age {
		return true
	}
	ours := !w.entry.touched.IsZero() // the clock of its time
	return ours && k.began.Sub(w.entry.changed) >= k.age
}

// shorten keeps the oldest of those that are not done with.
func (k *look) shorten() {
	slices.SortFunc(k.left, func(a, b *waiting) int { return a.entry.before(&b.entry) })
	if len(k.left) > maxWait {
		k.cut = true
		k.left = slices.Delete(k.left, maxWait, len(k.left))
	}
}

func (k *look) newest() {
	slices.SortStableFunc(k.newer, func(a, b finished) int { return a.changed.Compare(b.changed) })
	k.newer = slices.Delete(k.newer, 0, max(0, len(k.newer)-maxDone))
}

// end is called when all was listed. It returns the files that may be read, the
// oldest first, and those that could have been, and are gone.
func (k *look) end() (ready []*waiting, gone []entry) {
	k.shorten()
	k.newest()
	l := k.ledger
	for _, w := range l.wait {
		if w.ripe && !w.seen {
			gone = append(gone, w.entry)
		}
	}
	slices.SortFunc(gone, func(a, b entry) int { return a.before(&b) })
	l.wait, l.oldest = make(map[mark]*waiting, len(k.left)), k.left
	for _, w := range k.left {
		l.wait[w.entry.file] = w
		if w.ripe {
			ready = append(ready, w)
		}
	}
	if !l.moves {
		l.done, l.names, l.recent = k.done, k.names, k.newer
	}
	l.trust = len(k.done) >= maxKnown
	l.swept, l.absent, l.rest = k.began, k.began, time.Time{}
	if k.cut {
		l.absent, l.rest = time.Time{}, k.left[len(k.left)-1].entry.changed
	}
	return ready, gone
}
