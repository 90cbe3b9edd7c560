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
	wideLeap = 100_000 // more numbers than that did not go missing: the upstream began to count anew
)

// Numbers follows the numbers that an upstream gives its calls, one more for
// each, through one delivery: a file. What is skipped between two calls of a
// delivery is missing, wherever in it the others stand, for a call is told when
// it ends. What lies between deliveries, which may come in any order, a Series
// tells. Nothing is said of a number whose call may have ended before the first
// that the delivery tells of: it stands in the one before. One that goes on when
// the delivery ends is missing in it, and stands in a later one: see Absent.
//
// A nil *Numbers is that of a format without such numbers.
type Numbers struct {
	runs   []run          // in order, with something missing between any two
	oldest record.Instant // of the times of the calls
	blind  bool           // there were too many: one run stands for all
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
	if n == nil {
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
	n.add(run{number, number, at, at, began(&r, at)})
	if n.blind = n.blind || len(n.runs) > manyRuns; n.blind { // which of them are missing nobody knows
		n.runs[0] = n.runs[0].with(n.runs[len(n.runs)-1])
		n.runs = n.runs[:1]
	}
}

// add notes the numbers of a run, and joins it with those that it meets.
func (n *Numbers) add(one run) {
	i, _ := slices.BinarySearchFunc(n.runs, one.first, func(r run, number int64) int { return cmp.Compare(r.last+1, number) })
	j := i
	for ; j < len(n.runs) && n.runs[j].first-1 <= one.last; j++ {
		one = n.runs[j].with(one)
	}
	n.runs = slices.Replace(n.runs, i, j, one)
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

// with returns the run together with one that it meets. Of a number that both
// hold, the run's own time stands, and the later one if it is the last.
func (r run) with(one run) run {
	if one.first < r.first {
		r.first, r.from = one.first, one.from
	}
	switch {
	case one.last > r.last:
		r.last, r.until, r.begun = one.last, one.until, one.begun
	case one.last == r.last:
		r.until = max(r.until, one.until)
		if r.begun == 0 {
			r.begun = one.begun
		}
	}
	return r
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
	if n.blind {
		return number - 1
	}
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
		if a, b := n.runs[i-1], n.runs[i]; n.skips(a, b) {
			all = append(all, between(a, b))
		}
	}
	return all
}

// skips tells whether what lies between two runs is missing. It is not if a call
// of a lower number began later: the upstream counted anew.
func (n *Numbers) skips(a, b run) bool {
	return b.first-a.last <= wideLeap && n.oldest <= a.begun && a.begun <= b.from
}

// between is what is missing between two runs.
func between(a, b run) Missing {
	return Missing{a.last + 1, b.first - 1, min(a.until, b.from), max(a.until, b.from)}
}
