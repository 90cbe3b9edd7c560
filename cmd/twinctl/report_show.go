package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

// A reportDocument is a report for programs.
type reportDocument struct {
	Report   string       `json:"report"`
	From     *node.Moment `json:"from"` // null: whenever it was
	To       *node.Moment `json:"to"`
	By       string       `json:"by,omitempty"`
	TimeZone string       `json:"time_zone"`
	Rows     []reportRow  `json:"rows"`
	Total    *reportRow   `json:"total"`
	Notes    []string     `json:"notes"`
}

// lastYear is the last that RFC 3339 can write.
const lastYear = 9999

// A reportRow is a row that is written as an object, in the order of the columns.
type reportRow struct {
	columns []report.Column
	cells   []any
}

// MarshalJSON implements json.Marshaler.
func (r reportRow) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, c := range r.columns {
		if i > 0 {
			b.WriteByte(',')
		}
		value := r.cells[i]
		if at, ok := value.(time.Time); ok {
			value = at.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(&b, "%q:", c.Name)
		if err := enc.Encode(value); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// showReport writes a report in every format but html.
func showReport(call *cli.Call, t report.Table) error {
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: documentOf(t)})
	}
	if call.Format == cli.Text {
		if err := writeText(call, t); err != nil {
			return err
		}
	} else if err := call.Show(cli.View{Lines: reportLines(t), Table: csvOf(t)}); err != nil {
		return err
	}
	for _, note := range t.Notes {
		fmt.Fprintln(call.Err, inert.Text(note))
	}
	return nil
}

// writeText writes the rows for people. On a terminal that is too narrow,
// columns are left out, which is said.
func writeText(call *cli.Call, t report.Table) error {
	table := textOf(t)
	if !cli.IsTerminal(call.Out) {
		return table.WriteText(call.Out)
	}
	columns, _ := cli.Screen(call.Out)
	table, left := fitting(table, columns)
	if err := table.WriteText(call.Out); err != nil {
		return err
	}
	return leftOut(call, columns, left)
}

// leftOut says which columns a screen had no room for.
func leftOut(call *cli.Call, columns int, left []string) error {
	if len(left) == 0 {
		return nil
	}
	return cli.WriteFilled(call.Err, columns, "", "no room for "+strings.Join(left, ", ")+"; -o csv has all")
}

func documentOf(t report.Table) reportDocument {
	doc := reportDocument{
		Report: t.Name, By: string(t.By), TimeZone: t.Zone.String(), Rows: []reportRow{}, Notes: append([]string{}, t.Notes...),
	}
	if t.Span.From > 0 {
		doc.From = momentOf(t.Span.From)
	}
	if t.Span.To.Time().Year() <= lastYear {
		doc.To = momentOf(t.Span.To)
	}
	for _, row := range t.Rows {
		doc.Rows = append(doc.Rows, reportRow{t.Columns, row})
	}
	if t.Total != nil {
		doc.Total = &reportRow{t.Columns, t.Total}
	}
	return doc
}

func reportLines(t report.Table) iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, row := range t.Rows {
			if !yield(reportRow{t.Columns, row}) {
				return
			}
		}
	}
}

// csvOf returns the rows for spreadsheets and programs: what cannot be known is
// empty, times are UTC.
func csvOf(t report.Table) cli.Table {
	return tableOf(t, func(value any) string {
		switch v := value.(type) {
		case time.Time:
			return v.UTC().Format(time.RFC3339)
		case bool:
			return strconv.FormatBool(v)
		}
		return plainCell(value)
	})
}

// textOf returns the rows for people, with the row of all others at the end.
func textOf(t report.Table) cli.Table {
	layout := momentLayout(t)
	summed := t.Total != nil && len(t.Rows) > 1 && len(t.Columns) > 0
	if summed {
		t.Rows = append(slices.Clip(t.Rows), t.Total)
	}
	table := tableOf(t, func(value any) string {
		if at, ok := value.(time.Time); ok {
			return at.In(t.Zone).Format(layout)
		}
		return plainCell(value)
	})
	if summed && t.Total[0] == nil {
		table.Rows[len(table.Rows)-1][0] = "total"
	}
	return table
}

func tableOf(t report.Table, write func(any) string) cli.Table {
	var table cli.Table
	for _, c := range t.Columns {
		number := c.Kind == report.Count || c.Kind == report.Seconds || c.Kind == report.Percent
		table.Columns = append(table.Columns, cli.Column{Name: c.Name, Number: number, Maybe: true})
	}
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = write(value)
		}
		table.Add(cells...)
	}
	return table
}

// plainCell writes a value that is no time.
func plainCell(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return number(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case report.Parts:
		return v.String()
	default:
		return ""
	}
}

// momentLayout returns how a table for people shows its times, by the site's
// clocks: with the offset where that is not the same throughout.
func momentLayout(t report.Table) string {
	switch t.By {
	case report.Day, report.Week:
		return time.DateOnly
	case report.Month:
		return "2006-01"
	case report.Interval, report.HourOfDay:
		return withOffset(t, "2006-01-02 15:04")
	}
	return withOffset(t, time.DateTime)
}

func withOffset(t report.Table, layout string) string {
	offset := func(at record.Instant) string { return at.Time().In(t.Zone).Format("-0700") }
	if offset(t.Span.From) != offset(t.Span.To) {
		return layout + " -07:00"
	}
	return layout
}

// fitting leaves out columns, the least telling first, until the table is no
// wider than a screen; takes back what there is room for then; and names the rest.
func fitting(t cli.Table, columns int) (fits cli.Table, left []string) {
	fits = t
	for _, name := range leastTelling() {
		if fits.Width() <= columns {
			break
		}
		if slices.ContainsFunc(t.Columns, func(c cli.Column) bool { return c.Name == name }) {
			left = append(left, name)
			fits = without(t, left)
		}
	}
	for i, name := range slices.Backward(slices.Clone(left)) {
		if again := without(t, slices.Delete(slices.Clone(left), i, i+1)); again.Width() <= columns {
			fits, left = again, slices.DeleteFunc(left, func(other string) bool { return other == name })
		}
	}
	return fits, left
}

// leastTelling are the columns that a screen can be without.
func leastTelling() []string {
	return []string{
		"single_s", "no_upstream_s", "heard_s", "open_s", "filled_s", "covered_s",
		"feed", "application", "number", "channel", "destination", "caller_name", "queue_name", "agent_name", "duration_s", "leg",
		"abandoned_within", "answered_wait_s", "abandoned_wait_s", "short_abandoned", "talk_s", "answered_within", "refused", "transferred",
		"exit_empty", "exit_key", "completed", "ring_no_answer", "timed_out", "paused_for_s", "ring_cancelled", "unknown_s", "wrap_up_s",
		"other_call_s", "first_login", "last_logout", "name", "ringing_s", "aht_s", "abandoned_pct", "coverage_pct", "answered_wait_max_s",
		"interfaces", "since", "interval", "other_call", "unreachable", "queues", "asa_s", "available_s", "complete",
		"of", "object_name", "object", "limit_s", "count", "percent", "value", "measure", "ring_s", "caller", "reason",
	}
}

func without(t cli.Table, names []string) cli.Table {
	var kept []int
	cut := cli.Table{}
	for i, c := range t.Columns {
		if !slices.Contains(names, c.Name) {
			kept = append(kept, i)
			cut.Columns = append(cut.Columns, c)
		}
	}
	for _, row := range t.Rows {
		var cells []string
		for _, i := range kept {
			cells = append(cells, row[i])
		}
		cut.Add(cells...)
	}
	return cut
}
