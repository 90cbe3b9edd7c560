package record

import (
	"cmp"
	"slices"
)

// A Span is a stretch of upstream time: From is in it, To is not. One that
// ends where it begins, or before, is empty.
type Span struct {
	From Instant `json:"from"`
	To   Instant `json:"to"`
}

// Empty tells whether no instant lies in the span.
func (s Span) Empty() bool { return s.To <= s.From }

// Intersect returns what lies in both; it may be empty.
func (s Span) Intersect(o Span) Span { return Span{max(s.From, o.From), min(s.To, o.To)} }

// Union returns the instants that lie in any of the spans as the fewest spans,
// in order; spans that touch become one. The argument may have any order and
// is left as it is.
func Union(spans []Span) []Span {
	sorted := slices.DeleteFunc(slices.Clone(spans), Span.Empty)
	slices.SortFunc(sorted, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	var all []Span
	for _, s := range sorted {
		if n := len(all); n > 0 && s.From <= all[n-1].To {
			all[n-1].To = max(all[n-1].To, s.To)
			continue
		}
		all = append(all, s)
	}
	return all
}

// Intersect returns the instants that lie in a span of a and in one of b, as
// Union does.
func Intersect(a, b []Span) []Span {
	a, b = Union(a), Union(b)
	var both []Span
	for len(a) > 0 && len(b) > 0 {
		if s := a[0].Intersect(b[0]); !s.Empty() {
			both = append(both, s)
		}
		if a[0].To < b[0].To {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return both
}

// Subtract returns the instants that lie in a span of a and in none of b, as
// Union does.
func Subtract(a, b []Span) []Span {
	a, b = Union(a), Union(b)
	var rest []Span
	for _, s := range a {
		for len(b) > 0 && b[0].To <= s.From {
			b = b[1:]
		}
		for _, o := range b {
			if o.From >= s.To {
				break
			}
			if o.From > s.From {
				rest = append(rest, Span{s.From, o.From})
			}
			s.From = o.To
		}
		if !s.Empty() {
			rest = append(rest, s)
		}
	}
	return rest
}
