package feed

import (
	"cmp"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/ech"
	"github.com/twinctl/twin/collector/record"
)

const (
	manyRuns = 1 << 12 // of one delivery; with more, its numbers do not tell what is missing
	wideLeap = 10_000  // more numbers than that did not go missing: the upstream began to count anew
)

// Numbers follows the numbers that an upstream gives its calls, one more for
// each, through one delivery: a file. What is skipped between two calls of a
// delivery is missing, wherever in it the others stand, for a call is told when
// it ends. Nothing is said of what lies between deliveries: they may come in any
// order, and one that never came leaves no number behind. Nor is anything said
// of a number whose call may have ended before the first that the delivery
// tells of: it stands in the one before. One that goes on when the delivery ends
// is missing in it, and stands in a later one: see Absent.
//
// A nil *Numbers is that of a format without such numbers.
type Numbers struct {
	runs   []run          // in order, with something missing between any two
	oldest record.Instant // of the times of the calls
	blind  bool           // there were too many
}

// A run is numbers without a hole between them.
type run struct {
	first, last int64
	from, until record.Instant // the times of its first and last call
	begun       record.Instant // when its last call began; 0 if that is not told
}

// A Missing is numbers that were skipped.
type Missing struct {
	First, Last int64
	// The calls before and behind them were told of these times, the earlier
	// first; what is missing may have been at any time between, or near it.
	From, Until record.Instant
}

// NewNumbers follows the calls of one delivery of a format.
func NewNumbers(format string) *Numbers {
	if format != "ech" {
		return nil
	}
	return &Numbers{}
}

// Note takes note of a record.
func (n *Numbers) Note(raw []byte, at record.Instant) {
	if n == nil || n.blind {
		return
	}
	r, err := ech.Read(raw)
	if err != nil {
		return
	}
	number, known := r.Number(ech.CallID)
	if !known {
		return
	}
	if n.oldest == 0 || at < n.oldest {
		n.oldest = at
	}
	one := run{number, number, at, at, began(&r, at)}
	i, _ := slices.BinarySearchFunc(n.runs, number, func(r run, number int64) int { return cmp.Compare(r.last+1, number) })
	if i < len(n.runs) && n.runs[i].take(one) {
		n.join(i)
		return
	}
	if n.runs = slices.Insert(n.runs, i, one); len(n.runs) > manyRuns {
		n.runs, n.blind = nil, true
	}
}

// began returns when the call began of which this is the first segment, told at
// its end; 0 if it is not the first, or does not say.
func began(r *ech.Record, at record.Instant) record.Instant {
	start, errStart := r.Time(ech.SegStart, time.UTC)
	stop, errStop := r.Time(ech.SegStop, time.UTC)
	segment, _ := r.Number(ech.Segment)
	if errStart != nil || errStop != nil || start == 0 || start > stop || segment > 1 {
		return 0
	}
	return at - (stop - start)
}

// take adds a number that the run holds, or that stands beside it.
func (r *run) take(one run) bool {
	switch number := one.first; {
	case number < r.first-1 || number > r.last+1:
		return false
	case number == r.first-1:
		r.first, r.from = number, one.from
	case number == r.last+1:
		r.last, r.until, r.begun = number, one.until, one.begun
	case number == r.last:
		r.until = max(r.until, one.until)
		if r.begun == 0 {
			r.begun = one.begun
		}
	}
	return true
}

// join makes one run of two that met.
func (n *Numbers) join(i int) {
	if i+1 < len(n.runs) && n.runs[i].last+1 >= n.runs[i+1].first {
		n.runs[i].last, n.runs[i].until, n.runs[i].begun = n.runs[i+1].last, n.runs[i+1].until, n.runs[i+1].begun
		n.runs = slices.Delete(n.runs, i+1, i+2)
	}
}

// In tells whether each of the numbers was noted in one of the deliveries.
func (m Missing) In(deliveries []*Numbers) bool {
	for next := m.First; next <= m.Last; {
		last := next - 1
		for _, n := range deliveries {
			last = max(last, n.through(next))
		}
		if last < next {
			return false
		}
		next = last + 1
	}
	return true
}

// through returns up to which number all were noted from this one on.
func (n *Numbers) through(number int64) (last int64) {
	i, _ := slices.BinarySearchFunc(n.runs, number, func(r run, number int64) int { return cmp.Compare(r.last, number) })
	if i == len(n.runs) || n.runs[i].first > number {
		return number - 1
	}
	return n.runs[i].last
}

// Missing returns what was skipped between the calls that were noted, of those
// that began after the first of these had ended.
func (n *Numbers) Missing() []Missing {
	if n == nil {
		return nil
	}
	var all []Missing
	for i := 1; i < len(n.runs); i++ {
		a, b := n.runs[i-1], n.runs[i]
		if b.first-a.last > wideLeap || a.begun < n.oldest {
			continue
		}
		all = append(all, Missing{a.last + 1, b.first - 1, min(a.until, b.from), max(a.until, b.from)})
	}
	return all
}
