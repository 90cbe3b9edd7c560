package engine

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// An entry is a timetable as the engine goes by it.
type entry struct {
	t       timetable.Timetable
	through record.Instant // slots up to there are settled; 0: it was never seen before
	decided record.Instant // as through, but for runs that were given up with the role
	seen    record.Instant // when the engine had it first
	made    record.Instant // when it got its slots, while twind was down; 0: that is not known
	fresh   bool           // it was made then, as far as this server knows
	unnoted bool           // through is not in the ledger yet
	at      record.Instant // when to look at it again; 0: never, as things stand
	index   int            // in the agenda; -1: it is not there
	behind  []Due          // which runs come behind that; nil: to be found again

	running int    // runs of it that began and have not ended
	waiting int    // runs of it that are claimed and have not begun
	blocked []*run // of those, the ones that wait for another run of it to end, or for the end of a hold

	failures int            // in a row; -1: the ledger was not asked yet
	owed     record.Instant // the first slot of which a run is missed that does well; 0: none is
}

// An agenda is the entries that have a next slot, the earliest first.
type agenda []*entry

// Len, Less, Swap, Push and Pop are for package heap alone.
func (a agenda) Len() int { return len(a) }

func (a agenda) Less(i, j int) bool { return a.compare(i, j) < 0 }

func (a agenda) compare(i, j int) int {
	return cmp.Or(cmp.Compare(a[i].at, a[j].at), cmp.Compare(a[i].t.ID, a[j].t.ID))
}

func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].index, a[j].index = i, j
}

func (a *agenda) Push(x any) {
	e := x.(*entry)
	e.index = len(*a)
	*a = append(*a, e)
}

func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	(*a)[last] = nil
	*a, e.index = (*a)[:last], -1
	return e
}

// set puts an entry where its time is, and takes off one that has none. It is
// asked for whenever anything changes that the time comes of.
func (a *agenda) set(e *entry, at record.Instant) {
	e.at, e.behind = at, nil
	switch {
	case at == 0 && e.index >= 0:
		heap.Remove(a, e.index)
	case at != 0 && e.index >= 0:
		heap.Fix(a, e.index)
	case at != 0:
		heap.Push(a, e)
	}
}

// next returns when the earliest entry is due; 0: there is none.
func (a agenda) next() record.Instant {
	if len(a) == 0 {
		return 0
	}
	return a[0].at
}

// first returns the first n entries that are one, in their order. What is below an
// entry of the heap comes behind it, so that few are looked at unless nearly none
// is one.
func (a agenda) first(n int, is func(*entry) bool) []*entry {
	var found []*entry
	var below func(i int)
	below = func(i int) {
		if i >= len(a) || len(found) == n && a.Less(found[n-1].index, i) {
			return
		}
		if is(a[i]) {
			at, _ := slices.BinarySearchFunc(found, i, func(e *entry, i int) int { return a.compare(e.index, i) })
			found = slices.Insert(found, at, a[i])
			found = found[:min(len(found), n)]
		}
		below(2*i + 1)
		below(2*i + 2)
	}
	below(0)
	return found
}

// A line is the runs that are claimed and may begin once their time has come,
// the earliest first.
type line []*run

// Len, Less, Swap, Push and Pop are for package heap alone.
func (l line) Len() int { return len(l) }

func (l line) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(l[i].row.Planned, l[j].row.Planned), cmp.Compare(l[i].row.ID, l[j].row.ID)) < 0
}
func (l line) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *line) Push(x any)   { *l = append(*l, x.(*run)) }
func (l *line) Pop() any {
	last := len(*l) - 1
	r := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return r
}

// take takes out the run at an index.
func (l *line) take(i int) *run { return heap.Remove(l, i).(*run) }

// put adds a run.
func (l *line) put(r *run) { heap.Push(l, r) }
