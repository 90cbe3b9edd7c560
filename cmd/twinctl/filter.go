package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/page"
	"github.com/twinctl/twin/collector/sieve"
)

// A rowFilter is --filter of a verb that lists rows: what / is on the screen.
type rowFilter struct {
	typed []string
}

func (r *rowFilter) flag(f *cli.FlagSet) {
	f.StringArrayVar(&r.typed, "filter", nil,
		"only rows with all of these `WORDS`: in any column, in one with column:word, !word not; in capitals or not, as / on the screen. May be given again")
}

// given tells whether rows may be left out.
func (r *rowFilter) given() bool { return len(r.typed) > 0 }

// over makes a sieve for tables with these columns. What is typed wrongly is a
// usage error of the verb.
func (r *rowFilter) over(verb string, columns []cli.Column) (sieve.Sieve, error) {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	var all sieve.Sieve
	for _, typed := range r.typed {
		s, err := sieve.Parse(typed, names)
		if err != nil {
			return nil, cli.Fail(cli.Usage, fmt.Errorf("%s: --filter %q: %w", verb, typed, err), "twinctl help "+verb)
		}
		all = append(all, s...)
	}
	return all, nil
}

// sifted returns the rows that a filter lets through, by what stands for each in the
// tables: that for people, and that which has more of it. So every format has the same.
// The tables stand side by side; a column that both have stands there twice.
func sifted[T any](r rowFilter, verb string, rows []T, tables ...func([]T) cli.Table) ([]T, error) {
	if !r.given() {
		return rows, nil
	}
	all := cli.Table{Rows: make([][]string, len(rows))}
	for _, table := range tables {
		t := table(rows)
		all.Columns = append(all.Columns, t.Columns...)
		for i, row := range t.Rows {
			all.Rows[i] = append(all.Rows[i], row...)
		}
	}
	s, err := r.over(verb, all.Columns)
	if err != nil {
		return nil, err
	}
	kept := []T{}
	for i, row := range rows {
		if s.Takes(func(column int) string { return all.Rows[i][column] }) {
			kept = append(kept, row)
		}
	}
	return kept, nil
}

// parts leaves out rows of the parts of a report, by what the tables for people say:
// of what another part alone has, a part has nothing. What was summed or drawn of all
// rows goes with it, and whoever reads the rest is told.
func (r *rowFilter) parts(verb string, all []page.Report) ([]page.Report, error) {
	if !r.given() {
		return all, nil
	}
	var columns []cli.Column
	tables := make([]cli.Table, len(all))
	for i, p := range all {
		p.Table.Total = nil
		tables[i] = textOf(p.Table)
		columns = append(columns, tables[i].Columns...)
	}
	s, err := r.over(verb, columns)
	if err != nil {
		return nil, err
	}
	kept, before := slices.Clone(all), 0
	for i, t := range tables {
		kept[i] = rowsOf(kept[i], func(row int) bool {
			return s.Takes(func(column int) string {
				if column -= before; column < 0 || column >= len(t.Columns) {
					return ""
				}
				return t.Rows[row][column]
			})
		})
		kept[i].Table.Notes = append(slices.Clone(kept[i].Table.Notes),
			fmt.Sprintf("only rows that --filter lets through: %s", strings.Join(r.typed, " ")))
		before += len(t.Columns)
	}
	return kept, nil
}

// rowsOf returns a part with some of its rows alone.
func rowsOf(p page.Report, has func(row int) bool) page.Report {
	rows := [][]any{}
	for i, row := range p.Table.Rows {
		if has(i) {
			rows = append(rows, row)
		}
	}
	p.Table.Rows, p.Table.Total, p.Course, p.Apart = rows, nil, nil, nil
	return p
}
