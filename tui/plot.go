package tui

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/report"
)

// A bar is a cell that is drawn; rows are not named by it.
type bar string

// barLength is how many characters the longest bar has.
const barLength = 24

// plotted adds a column with a bar to a report of queues: as long as what was
// offered, with what was answered in another sign.
func plotted(t report.Table) report.Table {
	at := func(name string) int {
		return slices.IndexFunc(t.Columns, func(c report.Column) bool { return c.Name == name })
	}
	offered, answered := at("offered"), at("answered")
	if offered < 0 || answered < 0 {
		return t
	}
	most := int64(0)
	for _, row := range t.Rows {
		n, _ := row[offered].(int64)
		most = max(most, n)
	}
	t.Columns = append(slices.Clip(t.Columns), report.Column{Name: "# answered . not", Kind: report.Words})
	rows := make([][]any, len(t.Rows))
	for i, row := range t.Rows {
		n, known := row[offered].(int64)
		var drawn any // nil where nobody knows
		if known && most > 0 {
			yes, _ := row[answered].(int64)
			whole := int((n*barLength + most - 1) / most)
			part := min(whole, int(yes*barLength/most))
			drawn = bar(strings.Repeat("#", part) + strings.Repeat(".", whole-part))
		}
		rows[i] = append(slices.Clip(row), drawn)
	}
	t.Rows = rows
	return t
}
