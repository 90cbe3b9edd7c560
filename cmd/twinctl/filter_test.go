package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/page"
	"github.com/twinctl/twin/collector/report"
)

// TestFilterParts: a filter that names a column of one part looks at nothing in
// another, which has no such column.
func TestFilterParts(t *testing.T) {
	words := func(names ...string) (all []report.Column) {
		for _, name := range names {
			all = append(all, report.Column{Name: name, Kind: report.Words})
		}
		return all
	}
	parts := []page.Report{
		{Table: report.Table{Zone: time.UTC, Columns: words("queue", "waits"), Rows: [][]any{{"sales", "2"}, {"support", "paused"}}, Total: []any{nil, "2"}}},
		{Table: report.Table{Zone: time.UTC, Columns: words("agent", "state"), Rows: [][]any{{"1001", "paused"}, {"1002", "talk"}}}, Apart: &report.Table{}},
	}
	for typed, want := range map[string][2]int{"state:paused": {0, 1}, "paused": {1, 1}, "!state:paused": {2, 1}, "queue:s": {2, 0}, "none": {0, 0}} {
		r := rowFilter{typed: []string{typed}}
		got, err := r.parts("report now", parts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, [2]int{len(got[0].Table.Rows), len(got[1].Table.Rows)}); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", typed, diff)
		}
		if got[0].Table.Total != nil || got[1].Apart != nil || len(got[1].Table.Notes) != 1 {
			t.Errorf("%s: what was made of all rows stands there still: %+v", typed, got)
		}
	}
	if len(parts[0].Table.Rows) != 2 || parts[0].Table.Total == nil {
		t.Errorf("the parts themselves were changed: %+v", parts)
	}
}
