package cli_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
)

// TestCSVGuard holds texts that a spreadsheet would work out to a quote in
// front, and everything else to what it is.
func TestCSVGuard(t *testing.T) {
	for _, c := range []struct {
		cell           string
		number, guards bool
	}{
		{"=1+1", false, true},
		{"+49 30 1", false, true},
		{"-1", false, true},
		{"@SUM(A1)", false, true},
		{"＝1+1", false, true},
		{"\t=1", false, false}, // a backslash by then
		{"", false, false},
		{"'=1", false, false},
		{"Süd", false, false},
		{"-1", true, false},
		{"-2.5", true, false},
		{"=1", true, true}, // a column of numbers is no way in
		{"-1+cmd|' /C calc'!A0", true, true},
	} {
		for _, unguarded := range []bool{false, true} {
			var out, errs bytes.Buffer
			call := cli.Call{Stdio: cli.Stdio{Out: &out, Err: &errs}, Format: cli.CSV, Unguarded: unguarded}
			table := cli.Table{Columns: []cli.Column{{Name: "first"}, {Name: "x", Number: c.number}}}
			table.Add("a", c.cell)
			if err := call.Show(cli.View{Table: table}); err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(&out).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(c.cell, "\t", `\t`)
			if c.guards && !unguarded {
				want = "'" + want
			}
			if got := rows[1][1]; got != want {
				t.Errorf("%q, number %t, unguarded %t: %q, want %q", c.cell, c.number, unguarded, got, want)
			}
			if told := strings.Contains(errs.String(), "--unguarded"); told != (c.guards && !unguarded) {
				t.Errorf("%q, number %t, unguarded %t: said %q", c.cell, c.number, unguarded, errs.String())
			}
		}
	}
}
