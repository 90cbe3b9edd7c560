package feed

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// manyHoles is how many holes between deliveries are waited for; those of the
// lowest numbers are told at once.
const manyHoles = 1 << 8

// A Series follows the numbers that an upstream gives its calls from one delivery
// to the next, and so tells of a delivery that never came. Deliveries may come in
// any order: a hole between them is told once it was waited for long enough. As a
// text it is part of a position, for that may be longer than the server lives.
//
// An upstream that counts anew skips nothing: the call of the lower number began
// later. Then the series goes on with those.
type Series struct {
	calls Numbers
	holes []gap  // between the runs of calls, each
	text  []byte // of all; nil while it is not known
}

// A gap is a hole between deliveries.
type gap struct {
	Missing

	seen record.Instant // by our clock
	sure bool           // it is missing, unless it comes yet; else nobody can say
}

// Between returns what is missing between deliveries that are all there are.
func Between(deliveries []*Numbers) []Missing {
	all := slices.DeleteFunc(slices.Clone(deliveries), func(n *Numbers) bool { return n == nil })
	slices.SortStableFunc(all, func(a, b *Numbers) int { return cmp.Compare(a.oldest, b.oldest) })
	var s Series
	var missing []Missing
	for _, n := range all {
		_, between := s.Follow(n, 0)
		missing = append(missing, between...)
	}
	return append(missing, s.Due(0)...)
}

// Follow takes note of a delivery that was read to its end, at that time by our
// clock. It returns what is missing in itself, and came in none before; and what
// is missing between deliveries and cannot be waited for.
func (s *Series) Follow(n *Numbers, now record.Instant) (within, between []Missing) {
	if n == nil || len(n.runs) == 0 {
		return nil, nil
	}
	s.text = nil
	if s.isAnew(n) {
		s.calls = Numbers{}
	}
	for _, m := range n.Missing() {
		within = append(within, s.calls.lacks(m)...)
	}
	s.calls.merge(n)
	s.calls.prune()
	between = s.look(now)
	spare := len(s.holes) - manyHoles
	return within, append(between, s.take(func(i int) bool { return i < spare })...)
}

// Due returns what is missing between deliveries, given that all was read that
// came until a time by our clock. It is told only once.
func (s *Series) Due(read record.Instant) []Missing {
	return s.take(func(i int) bool { return s.holes[i].seen <= read })
}

// isAnew tells whether a delivery ends with a lower number than the series, of a
// call that began later.
func (s *Series) isAnew(n *Numbers) bool {
	if len(s.calls.runs) == 0 {
		return false
	}
	end, top := s.calls.runs[len(s.calls.runs)-1], n.runs[len(n.runs)-1]
	return top.last <= end.last && top.begun > end.until
}

// look finds the holes. What is left of one was seen when that was. It returns
// those of before that did not come, and that numbers from before the upstream
// counted anew went with.
func (s *Series) look(now record.Instant) (lost []Missing) {
	before := s.holes
	s.findHoles()
	for i := range s.holes {
		s.holes[i].seen = now
	}
	for _, b := range before {
		gone := s.calls.through(b.First) < b.Last
		for i := range s.holes {
			if g := &s.holes[i]; b.First <= g.First && g.Last <= b.Last {
				g.seen, gone = b.seen, false
			}
		}
		if gone && b.sure {
			lost = append(lost, b.Missing)
		}
	}
	return lost
}

// findHoles makes the holes of the runs, not yet seen.
func (s *Series) findHoles() {
	s.holes = nil
	for i := 1; i < len(s.calls.runs); i++ {
		a, b := s.calls.runs[i-1], s.calls.runs[i]
		s.holes = append(s.holes, gap{Missing: between(a, b), sure: s.calls.skips(a, b)})
	}
}

// take takes the holes that are waited for no more out of the series, and returns
// what is to be told.
func (s *Series) take(due func(i int) bool) (out []Missing) {
	var left []gap
	for i, g := range s.holes {
		if !due(i) {
			left = append(left, g)
			continue
		}
		if g.sure {
			out = append(out, g.Missing)
		}
		s.calls.bridge(g.Missing)
	}
	if len(left) < len(s.holes) {
		s.holes, s.text = left, nil
	}
	return out
}

// merge notes the calls of a delivery. What is missing in itself was told.
func (n *Numbers) merge(d *Numbers) {
	if n.oldest == 0 || d.oldest < n.oldest {
		n.oldest = d.oldest
	}
	for _, r := range d.runs {
		n.add(r)
	}
	for _, m := range d.Missing() {
		n.bridge(m)
	}
}

// bridge takes what is missing as if it had come.
func (n *Numbers) bridge(m Missing) { n.add(run{m.First, m.Last, m.From, m.Until, 0}) }

// prune leaves out what is of before the upstream counted anew.
func (n *Numbers) prune() {
	var begun record.Instant
	n.runs = slices.DeleteFunc(n.runs, func(r run) bool {
		old := begun > r.from // a call of a lower number began later
		if !old {
			begun = max(begun, r.begun)
		}
		return old
	})
	for i := len(n.runs) - 1; i > 0; i-- {
		if n.runs[i].first-n.runs[i-1].last > wideLeap {
			n.runs = slices.Delete(n.runs, 0, i)
			return
		}
	}
}

// lacks returns what of that was not noted.
func (n *Numbers) lacks(m Missing) (left []Missing) {
	for _, r := range n.runs {
		if r.last < m.First || r.first > m.Last {
			continue
		}
		if r.first > m.First {
			left = append(left, Missing{m.First, r.first - 1, m.From, m.Until})
		}
		m.First = r.last + 1
	}
	if m.First <= m.Last {
		left = append(left, m)
	}
	return left
}

// AppendText appends what is to be remembered, in base64.
func (s *Series) AppendText(b []byte) ([]byte, error) {
	if s.text == nil {
		s.text = s.pack()
	}
	return append(b, s.text...), nil
}

func (s *Series) pack() []byte {
	if len(s.calls.runs) == 0 {
		return []byte{}
	}
	numbers := []int64{int64(s.calls.oldest)}
	for i, r := range s.calls.runs {
		var seen record.Instant // of the hole below
		if i > 0 {
			seen = s.holes[i-1].seen
		}
		numbers = append(numbers, r.first, r.last-r.first, int64(r.from), int64(r.until), int64(r.begun), int64(seen))
	}
	return appendPacked([]byte{}, numbers)
}

// MarshalText returns what AppendText appends.
func (s *Series) MarshalText() ([]byte, error) { return s.AppendText(nil) }

var errSeries = errors.New("its list of numbers that came is not one")

// UnmarshalText reads what AppendText wrote.
func (s *Series) UnmarshalText(text []byte) error {
	const each = 6
	numbers, ok := unpacked(text)
	if !ok {
		return errSeries
	}
	*s = Series{}
	if len(numbers) == 0 {
		return nil
	}
	s.calls.oldest, numbers = record.Instant(numbers[0]), numbers[1:]
	if len(numbers) == 0 || len(numbers)%each != 0 || len(numbers) > each*(manyHoles+1) {
		return errSeries
	}
	var seen []record.Instant
	for n := range slices.Chunk(numbers, each) {
		r := run{n[0], n[0] + n[1], record.Instant(n[2]), record.Instant(n[3]), record.Instant(n[4])}
		if r.first < 0 || r.last < r.first || r.last == math.MaxInt64 || min(r.from, r.until) < 0 {
			return errSeries
		}
		if i := len(s.calls.runs); i > 0 {
			if skipped := r.first - s.calls.runs[i-1].last; skipped <= 1 || skipped > wideLeap {
				return errSeries
			}
			seen = append(seen, record.Instant(n[5]))
		}
		s.calls.runs = append(s.calls.runs, r)
	}
	s.findHoles()
	for i := range s.holes {
		s.holes[i].seen = seen[i]
	}
	return nil
}
