package feed

import (
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
// that it had from the beginning: then it is not missing any more.
type Absent struct {
	all []absence // in the order in which they were told
}

// An absence is a stretch of numbers, and those of it that came since.
type absence struct {
	Missing
	came map[int64]bool
}

// Await notes what is missing.
func (a *Absent) Await(m Missing) {
	if m.Last-m.First >= wideAbsent {
		return
	}
	if len(a.all) >= manyAbsent {
		a.all = slices.Delete(a.all, 0, 1)
	}
	a.all = append(a.all, absence{m, map[int64]bool{}})
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
	whole := a.all[i]
	whole.came[number] = true
	if int64(len(whole.came)) <= whole.Last-whole.First {
		return nil
	}
	a.all = slices.Delete(a.all, i, i+1)
	still := make([]record.Span, 0, len(a.all)) // around the same time others may be missing
	for _, m := range a.all {
		still = append(still, m.Span())
	}
	return record.Subtract([]record.Span{whole.Span()}, record.Union(still))
}

// Span is where something is missing.
func (m Missing) Span() record.Span { return record.Span{From: m.From, To: m.Until + 1} }
