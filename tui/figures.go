package tui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/report"
)

// telling are the columns of reports, those first that a narrow screen must
// have: what is not named comes behind them.
func telling() []string {
	return []string{
		"start", "queue", "agent", "crossed", "state", "waiting", "longest_wait_s", "for_s", "service_level_pct", "offered", "answered", "abandoned", "complete",
		"feed", "gaps", "rule", "object", "measure", "value", "limit", "staffed_s", "talk_s", "available", "paused", "talk", "coverage_pct", "asa_s",
		"abandoned_pct", "paused_s", "occupancy_pct", "available_s", "ringing", "agents", "reason", "answered_wait_max_s", "aht_s", "name", "timed_out",
		"ring_no_answer", "since",
	}
}

// columnTitle is how a column of a report is called on the screen.
func columnTitle(c report.Column) string {
	name := c.Name
	switch c.Kind {
	case report.Percent:
		name = strings.TrimSuffix(name, "_pct") + " %"
	case report.Seconds, report.Split:
		name = strings.TrimSuffix(name, "_s")
	case report.Words, report.Count, report.Moment, report.Flag:
	}
	return strings.ReplaceAll(name, "_", " ")
}

// figure shows a cell of a report.
func figure(c report.Column, value any, layout string) piece {
	switch v := value.(type) {
	case string:
		return piece{v, usual}
	case int64:
		return piece{count(v), usual}
	case float64:
		if c.Kind == report.Seconds {
			return piece{shortLength(v), usual}
		}
		return piece{strconv.FormatFloat(v, 'f', 1, 64), usual}
	case time.Time:
		return piece{v.Format(layout), usual}
	case bool:
		if c.Name == "complete" && !v {
			return piece{"! no", warn}
		}
		return piece{yesNo(v), quiet}
	case report.Parts:
		return piece{lengths(v), usual}
	case bar:
		return piece{string(v), usual}
	case caution:
		return piece(v)
	}
	return piece{"-", quiet} // not known, which is not zero
}

// lengths shows how a length is split.
func lengths(parts report.Parts) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.Name + " " + shortLength(p.Seconds)
	}
	return strings.Join(texts, ", ")
}

func yesNo(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

// shortLength shows seconds.
func shortLength(s float64) string {
	if s < 60 {
		return strconv.FormatFloat(s, 'f', -1, 64) + "s"
	}
	return length(time.Duration(s * float64(time.Second)))
}

// startLayout is how the times of a report are shown: by the stretch of a row.
func startLayout(t report.Table) string {
	switch t.By {
	case report.Day, report.Week:
		return "Mon 01-02"
	case report.Month:
		return "2006-01"
	case report.HourOfDay:
		return "15:04"
	case report.Interval:
		return "01-02 15:04"
	}
	return "01-02 15:04:05"
}

// always are the columns that are shown also where nothing is known: that is
// what is to be seen then.
func always() []string { return telling()[:slices.Index(telling(), "feed")] }

// told leaves out the columns of which no row says anything.
func told(t report.Table, rows [][]any) (report.Table, [][]any) {
	var kept []int
	all := t
	all.Columns = nil
	for i, c := range t.Columns {
		if slices.Contains(always(), c.Name) || len(rows) == 0 || slices.ContainsFunc(rows, func(row []any) bool { return row[i] != nil }) {
			kept, all.Columns = append(kept, i), append(all.Columns, c)
		}
	}
	cut := make([][]any, len(rows))
	for n, row := range rows {
		for _, i := range kept {
			cut[n] = append(cut[n], row[i])
		}
	}
	return all, cut
}

// figures makes a table of the screen of one of a report.
func figures(whole report.Table, all [][]any) table {
	t, rows := told(whole, all)
	fields, ranks := make([]field, len(t.Columns)), telling()
	for i, c := range t.Columns {
		fields[i] = field{title: columnTitle(c), right: c.Kind == report.Count || c.Kind == report.Seconds || c.Kind == report.Percent, most: 20, rank: slices.Index(ranks, c.Name)}
		if fields[i].rank < 0 {
			fields[i].rank = len(ranks) + i
		}
	}
	layout := startLayout(t)
	return tableOf(rows, fields, rowKey, func(row []any, _ sight) []piece {
		cells := make([]piece, len(row))
		for i, value := range row {
			cells[i] = figure(t.Columns[i], value, layout)
		}
		return cells
	})
}

// rowKey names a row of a report: by its words and its times.
func rowKey(row []any) string {
	var b strings.Builder
	for _, value := range row {
		switch v := value.(type) {
		case string:
			b.WriteString(v + "\x00")
		case time.Time:
			b.WriteString(v.UTC().Format(time.RFC3339) + "\x00")
		}
	}
	return b.String()
}

// figureLines shows a row of a report, a line a column.
func figureLines(t report.Table, row []any, width int) []line {
	var lines []line
	for i, value := range row {
		c := t.Columns[i]
		p := figure(c, value, "Mon 2006-01-02 15:04:05 MST")
		name := columnTitle(c)
		for n, part := range wrap(foreign(p.text), width-labelWide-3) {
			if n > 0 {
				name = ""
			}
			lines = append(lines, line{{" " + left(name, labelWide) + " ", quiet}, {part, p.tone}})
		}
	}
	return lines
}

// labelWide is how wide the names of columns of reports are.
const labelWide = 22

// sorted returns the rows by a column, the largest or latest first, or the
// smallest; what is not known comes last.
func sorted(t report.Table, name string, least bool) [][]any {
	at := slices.IndexFunc(t.Columns, func(c report.Column) bool { return c.Name == name })
	rows := slices.Clone(t.Rows)
	if at < 0 {
		return rows
	}
	slices.SortStableFunc(rows, func(a, b []any) int {
		switch {
		case a[at] == nil && b[at] == nil:
			return 0
		case a[at] == nil:
			return 1
		case b[at] == nil:
			return -1
		}
		n := compareCells(b[at], a[at])
		if least {
			n = -n
		}
		return n
	})
	return rows
}

// compareCells compares two values of one column.
func compareCells(a, b any) int {
	switch a := a.(type) {
	case int64:
		b, _ := b.(int64)
		return cmp.Compare(a, b)
	case float64:
		b, _ := b.(float64)
		return cmp.Compare(a, b)
	case time.Time:
		b, _ := b.(time.Time)
		return a.Compare(b)
	case string:
		b, _ := b.(string)
		return cmp.Compare(a, b)
	}
	return 0
}
