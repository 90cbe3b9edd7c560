package feed

import (
	"errors"
	"math"
	"slices"

	"github.com/twinctl/twin/collector/ech"
	"github.com/twinctl/twin/collector/record"
)

// manyAbsent is how many stretches of numbers are waited for, together with the
// parts of them that came; the oldest is given up.
const manyAbsent = 1 << 10

// Absent is numbers that deliveries skipped and that were told to be missing. A
// call that goes on when a delivery ends stands in a later one, with the number
// that it had from the beginning, and a delivery may come later than it should:
// then they are not missing any more. As a text it is part of a position, for a
// call may go on for longer than the server does.
type Absent struct {
	all  []absence // in the order in which they were told
	text []byte    // of all; nil while it is not known
}

// An absence is a stretch of numbers, and which of them came since.
type absence struct {
	Missing

	came Numbers
}

// Await notes what is missing.
func (a *Absent) Await(m Missing) {
	a.all, a.text = append(a.all, absence{Missing: m}), nil
	a.shorten()
}

// shorten gives up the oldest, where there are too many parts.
func (a *Absent) shorten() {
	parts := 0
	for i := range slices.Backward(a.all) {
		if parts += 1 + len(a.all[i].came.runs); parts > manyAbsent {
			a.all = slices.Delete(a.all, 0, i+1)
			return
		}
	}
}

// Note takes note of a record, and returns the stretches of time in which
// nothing is missing any more because of it.
func (a *Absent) Note(raw []byte) []record.Span {
	if len(a.all) == 0 {
		return nil
	}
	r, err := ech.Read(raw)
	if err != nil {
		return nil
	}
	number, known := r.Number(ech.CallID)
	i := slices.IndexFunc(a.all, func(m absence) bool { return m.First <= number && number <= m.Last })
	if !known || i < 0 {
		return nil
	}
	a.text = nil
	found := &a.all[i]
	found.came.add(run{first: number, last: number})
	if !found.whole() {
		a.shorten()
		return nil
	}
	whole := found.Span()
	a.all = slices.Delete(a.all, i, i+1)
	still := make([]record.Span, 0, len(a.all)) // around the same time others may be missing
	for _, m := range a.all {
		still = append(still, m.Span())
	}
	return record.Subtract([]record.Span{whole}, record.Union(still))
}

// whole tells whether all of them came.
func (m *absence) whole() bool { return m.came.through(m.First) >= m.Last }

// AppendText appends what is waited for, in base64.
func (a *Absent) AppendText(b []byte) ([]byte, error) {
	if a.text == nil {
		var numbers []int64
		for _, m := range a.all {
			numbers = append(numbers, m.First, m.Last-m.First, int64(m.From), int64(m.Until-m.From), int64(len(m.came.runs)))
			for _, r := range m.came.runs {
				numbers = append(numbers, r.first-m.First, r.last-r.first)
			}
		}
		a.text = appendPacked([]byte{}, numbers)
	}
	return append(b, a.text...), nil
}

// MarshalText returns what AppendText appends.
func (a *Absent) MarshalText() ([]byte, error) { return a.AppendText(nil) }

var errAbsent = errors.New("its list of calls that are missing is not one")

// UnmarshalText reads what AppendText wrote.
func (a *Absent) UnmarshalText(text []byte) error {
	numbers, ok := unpacked(text)
	if !ok {
		return errAbsent
	}
	*a = Absent{}
	for len(numbers) > 0 {
		m, rest, err := readAbsence(numbers)
		if err != nil {
			return err
		}
		a.all, numbers = append(a.all, m), rest
	}
	a.shorten()
	return nil
}

// readAbsence reads one, and returns the numbers behind it.
func readAbsence(numbers []int64) (m absence, rest []int64, err error) {
	const head, each = 5, 2
	if len(numbers) < head {
		return m, nil, errAbsent
	}
	n, rest := numbers[:head], numbers[head:]
	m.Missing = Missing{n[0], n[0] + n[1], record.Instant(n[2]), record.Instant(n[2] + n[3])}
	parts := n[4]
	if m.First < 0 || m.Last < m.First || m.Last-m.First > wideLeap || m.Last > math.MaxInt64-2*wideLeap {
		return m, nil, errAbsent
	}
	if m.Until < m.From || parts < 0 || parts > int64(len(rest)/each) {
		return m, nil, errAbsent
	}
	for part := range slices.Chunk(rest[:parts*each], each) {
		r := run{first: m.First + part[0], last: m.First + part[0] + part[1]}
		if part[0] < 0 || part[1] < 0 || part[0] > wideLeap || part[1] > wideLeap || r.last > m.Last {
			return m, nil, errAbsent
		}
		m.came.add(r)
	}
	if m.whole() {
		return m, nil, errAbsent
	}
	return m, rest[parts*each:], nil
}

// Span is where something is missing.
func (m Missing) Span() record.Span { return record.Span{From: m.From, To: m.Until + 1} }
