package feed

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"

	"github.com/twinctl/twin/collector/ech"
	"github.com/twinctl/twin/collector/record"
)

const (
	manyAbsent = 1 << 10 // stretches of numbers that are waited for; the oldest is given up
	wideAbsent = 64      // with more numbers in it, a stretch is none of calls that go on
)

// Absent is numbers that deliveries skipped and that were told to be missing. A
// call that goes on when a delivery ends stands in a later one, with the number
// that it had from the beginning: then it is not missing any more. As a text it
// is part of a position, for the call may go on for longer than the server does.
type Absent struct {
	all  []absence // in the order in which they were told
	text []byte    // of all; nil while it is not known
}

// An absence is a stretch of numbers, and which of them came since.
type absence struct {
	Missing

	came uint64 // a bit of each, the first the lowest
}

// Await notes what is missing.
func (a *Absent) Await(m Missing) {
	if m.Last-m.First >= wideAbsent {
		return
	}
	if len(a.all) >= manyAbsent {
		a.all = slices.Delete(a.all, 0, 1)
	}
	a.all, a.text = append(a.all, absence{m, 0}), nil
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
	found := &a.all[i]
	found.came |= 1 << (number - found.First)
	a.text = nil
	if !found.whole() {
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
func (m *absence) whole() bool { return int64(bits.OnesCount64(m.came)) > m.Last-m.First }

// absentNumbers is how many numbers a stretch is stored as.
const absentNumbers = 5

// AppendText appends what is waited for, in base64.
func (a *Absent) AppendText(b []byte) ([]byte, error) {
	if a.text == nil {
		var packed []byte
		for _, m := range a.all {
			for _, n := range [absentNumbers]int64{m.First, m.Last - m.First, int64(m.From), int64(m.Until - m.From), int64(m.came)} {
				packed = binary.AppendVarint(packed, n)
			}
		}
		a.text = base64.StdEncoding.AppendEncode([]byte{}, packed)
	}
	return append(b, a.text...), nil
}

// MarshalText returns what AppendText appends.
func (a *Absent) MarshalText() ([]byte, error) { return a.AppendText(nil) }

var errAbsent = errors.New("its list of calls that are missing is not one")

// UnmarshalText reads what AppendText wrote.
func (a *Absent) UnmarshalText(text []byte) error {
	packed, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return errAbsent
	}
	var numbers []int64
	for len(packed) > 0 {
		n, size := binary.Varint(packed)
		if size <= 0 {
			return errAbsent
		}
		numbers, packed = append(numbers, n), packed[size:]
	}
	if len(numbers)%absentNumbers != 0 || len(numbers) > absentNumbers*manyAbsent {
		return errAbsent
	}
	*a = Absent{}
	for n := range slices.Chunk(numbers, absentNumbers) {
		m := absence{Missing{First: n[0], Last: n[0] + n[1], From: record.Instant(n[2]), Until: record.Instant(n[2] + n[3])}, uint64(n[4])}
		if m.First < 0 || n[1] < 0 || n[1] >= wideAbsent || m.Until < m.From || m.whole() {
			return errAbsent
		}
		a.all = append(a.all, m)
	}
	return nil
}

// Span is where something is missing.
func (m Missing) Span() record.Span { return record.Span{From: m.From, To: m.Until + 1} }
