package feed

import (
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
}

// Follow takes note of a delivery that was read to its end, at that time by our
// clock. It returns what is missing between deliveries and cannot be waited for.
func (s *Series) Follow(n *Numbers, now record.Instant) []Missing {
	if n == nil || len(n.runs) == 0 {
		return nil
	}
	s.text = nil
	if s.isAnew(n) {
		s.calls = Numbers{}
	}
	s.calls.merge(n)
	s.calls.prune()
	s.look(now)
	spare := len(s.holes) - manyHoles
	return s.take(func(i int) bool { return i < spare })
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

// look finds the holes. What is left of one was seen when that was.
func (s *Series) look(now record.Instant) {
	before := s.holes
	s.holes = nil
	for _, m := range s.calls.Missing() {
		g := gap{m, now}
		i := slices.IndexFunc(before, func(b gap) bool { return b.First <= m.First && m.Last <= b.Last })
		if i >= 0 {
			g.seen = before[i].seen
		}
		s.holes = append(s.holes, g)
	}
}

// take takes the holes that are to be told out of the series.
func (s *Series) take(told func(i int) bool) []Missing {
	var out []Missing
	var left []gap
	for i, g := range s.holes {
		if told(i) {
			out = append(out, g.Missing)
			s.calls.bridge(g.Missing)
		} else {
			left = append(left, g)
		}
	}
	if out != nil {
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

// prune leaves runs out, until all that is skipped between those that are left
// is missing.
func (n *Numbers) prune() {
	for i := len(n.runs) - 1; i > 0; i-- {
		switch a, b := n.runs[i-1], n.runs[i]; {
		case a.begun > b.from: // the upstream counted anew, and b is of before
			n.runs = slices.Delete(n.runs, i, len(n.runs))
		case !n.skips(a, b):
			n.runs = slices.Delete(n.runs, 0, i)
			return
		}
	}
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
	numbers, err := unpacked(text)
	if err != nil {
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
	for n := range slices.Chunk(numbers, each) {
		r := run{n[0], n[0] + n[1], record.Instant(n[2]), record.Instant(n[3]), record.Instant(n[4])}
		if r.first < 0 || r.last < r.first || r.last == math.MaxInt64 || min(r.from, r.until) < 0 {
			return errSeries
		}
		if i := len(s.calls.runs); i > 0 {
			below := s.calls.runs[i-1]
			if r.first-1 <= below.last || !s.calls.skips(below, r) {
				return errSeries
			}
			s.holes = append(s.holes, gap{between(below, r), record.Instant(n[5])})
		}
		s.calls.runs = append(s.calls.runs, r)
	}
	return nil
}
