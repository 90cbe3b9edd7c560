package record_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

const spanEnd = 24 // drawn spans lie before it

// spanLists draws lists in any order, with empty and overlapping spans.
func spanLists() *rapid.Generator[[]record.Span] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record.Span {
		from := rapid.Int64Range(0, spanEnd-1).Draw(t, "from")
		return record.Span{From: record.Instant(from), To: record.Instant(rapid.Int64Range(from-1, spanEnd).Draw(t, "to"))}
	}), 0, 8)
}

// instants is the definition: which instants lie in a list.
func instants(spans []record.Span) (in [spanEnd]bool) {
	for _, s := range spans {
		for at := s.From; at < s.To; at++ {
			in[at] = true
		}
	}
	return in
}

func TestSpansAreSetsOfInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := spanLists().Draw(t, "a"), spanLists().Draw(t, "b")
		wasA, wasB := slices.Clone(a), slices.Clone(b)
		inA, inB := instants(a), instants(b)
		for name, c := range map[string]struct {
			got  []record.Span
			want func(i int) bool
		}{
			"union":     {record.Union(slices.Concat(a, b)), func(i int) bool { return inA[i] || inB[i] }},
			"intersect": {record.Intersect(a, b), func(i int) bool { return inA[i] && inB[i] }},
			"subtract":  {record.Subtract(a, b), func(i int) bool { return inA[i] && !inB[i] }},
		} {
			in := instants(c.got)
			for i := range in {
				if in[i] != c.want(i) {
					t.Fatalf("%s: %v: wrong about %d", name, c.got, i)
				}
			}
			for i, s := range c.got {
				if s.Empty() || i > 0 && s.From <= c.got[i-1].To {
					t.Fatalf("%s: %v: not the fewest in order", name, c.got)
				}
			}
		}
		if !slices.Equal(a, wasA) || !slices.Equal(b, wasB) {
			t.Fatal("the arguments were changed")
		}
	})
}
