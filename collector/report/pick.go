package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/nearest"
)

// Pick returns the table with these columns alone, in this order: none means
// all of them as they are. A name that no column has, or that stands there
// twice, is an error.
func (t Table) Pick(names []string) (Table, error) {
	if len(names) == 0 {
		return t, nil
	}
	at := make([]int, len(names))
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return Table{}, fmt.Errorf("column %q stands there twice", name)
		}
		var err error
		if at[i], err = t.column(name); err != nil {
			return Table{}, err
		}
	}
	picked := t
	picked.Columns, picked.Rows = chosen(t.Columns, at), make([][]any, len(t.Rows))
	for i, row := range t.Rows {
		picked.Rows[i] = chosen(row, at)
	}
	if t.Total != nil {
		picked.Total = chosen(t.Total, at)
	}
	return picked, nil
}

func chosen[E any](all []E, at []int) []E {
	some := make([]E, len(at))
	for n, i := range at {
		some[n] = all[i]
	}
	return some
}

// Sort returns the table with its rows ordered by these columns, the first
// foremost; one with a dash in front, downward. What cannot be known stands
// last either way, and rows that are equal stay as they are.
func (t Table) Sort(order []string) (Table, error) {
	if len(order) == 0 {
		return t, nil
	}
	at, down := make([]int, len(order)), make([]bool, len(order))
	for i, name := range order {
		var err error
		name, down[i] = strings.CutPrefix(name, "-")
		if at[i], err = t.column(name); err != nil {
			return Table{}, err
		}
	}
	t.Rows = slices.Clone(t.Rows)
	slices.SortStableFunc(t.Rows, func(a, b []any) int {
		for i, column := range at {
			if c := compare(a[column], b[column], down[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	return t, nil
}

// compare says which of two cells of one column comes first.
func compare(a, b any, down bool) int {
	if a == nil || b == nil {
		return cmp.Compare(unknowns(a), unknowns(b))
	}
	if down {
		a, b = b, a
	}
	switch a := a.(type) {
	case string:
		return compareAs(a, b, strings.Compare)
	case int64:
		return compareAs(a, b, cmp.Compare[int64])
	case float64:
		return compareAs(a, b, cmp.Compare[float64])
	case time.Time:
		return compareAs(a, b, time.Time.Compare)
	case bool:
		return compareAs(a, b, func(a, b bool) int { return cmp.Compare(bit(a), bit(b)) })
	case Parts:
		return compareAs(a, b, func(a, b Parts) int { return cmp.Compare(a.sum(), b.sum()) })
	}
	return 0
}

// compareAs compares what is of one kind. A column of hours has texts in all
// rows, one of times has times.
func compareAs[T any](a T, b any, by func(T, T) int) int {
	if b, ok := b.(T); ok {
		return by(a, b)
	}
	return 0
}

func unknowns(cell any) int { return bit(cell == nil) }

func bit(on bool) int {
	if on {
		return 1
	}
	return 0
}

func (p Parts) sum() (seconds float64) {
	for _, part := range p {
		seconds += part.Seconds
	}
	return seconds
}

// column returns where a column stands.
func (t Table) column(name string) (int, error) {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if c.Name == name {
			return i, nil
		}
		names[i] = c.Name
	}
	if near, ok := nearest.Word(name, names); ok {
		return 0, fmt.Errorf("%w column %q: did you mean %q?", ErrUnknown, name, near)
	}
	return 0, fmt.Errorf("%w column %q: there are %s", ErrUnknown, name, strings.Join(names, ", "))
}
