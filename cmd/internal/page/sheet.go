package page

import (
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/report"
)

// A sheet is a table as the page shows it.
type sheet struct {
	Caption string
	Heads   []heading
	Rows    []sheetRow
	Total   []cell   // nil: there is none
	Zero    []string // columns that say nothing but zero
	More    bool     // there are columns for programs
	Quiet   int      // rows that say nothing but zero
	Cut     int      // rows that are too many for a page
}

// mostRows is how many rows a page shows: nobody turns more pages, and what
// shows it has to hold it all.
const mostRows = 5000

// A sheetRow is a row of it.
type sheetRow struct {
	Cells []cell
	Class string // part: not all of its time was heard; next: the first of its stretch
}

// lay writes a table. What says nothing is left out, and named; so is what
// averages are made of, which is for programs. Columns that were asked for stay.
func lay(t report.Table, asked bool) sheet {
	w := writing(t)
	var s sheet
	var kept []int
	for i, c := range t.Columns {
		switch {
		case i > 0 && names(c, t.Columns[i-1]): // it stands beside the key
		case !asked && slices.Contains(material(t.Name), c.Name):
			s.More = true
		case !says(t, i) && !isNumber(c.Kind): // of a row for all of the time there is no beginning
		case !asked && !says(t, i):
			s.Zero = append(s.Zero, strings.ToLower(w.head(i, c).Text))
		default:
			kept = append(kept, i)
			s.Heads = append(s.Heads, w.head(i, c))
		}
	}
	complete := columnOf(t, "complete")
	var last any
	for _, row := range t.Rows {
		if quiet(t.Columns, row) {
			s.Quiet++
			continue
		}
		if len(s.Rows) == mostRows {
			s.Cut++
			continue
		}
		r := sheetRow{Cells: w.row(t.Columns, kept, row)}
		if complete >= 0 && row[complete] == false {
			r.Class = "part"
		}
		if len(s.Rows) > 0 && !same(row[0], last) {
			r.Class = strings.TrimSpace(r.Class + " next")
		}
		last = row[0]
		s.Rows = append(s.Rows, r)
	}
	if t.Total != nil {
		s.Total = w.row(t.Columns, kept, t.Total)
		if len(s.Total) > 0 && s.Total[0].Text == unknown {
			s.Total[0].Text = "Total"
		}
		for i := range s.Total {
			if c := t.Columns[kept[i]]; i > 0 && c.Kind == report.Words && s.Total[i].Text == unknown {
				s.Total[i].Text = ""
			}
		}
	}
	return s
}

// quiet reports whether it is known of a row, all of which was heard, that
// nothing happened.
func quiet(columns []report.Column, row []any) bool {
	whole := false
	for i, c := range columns {
		switch v := row[i].(type) {
		case int64:
			if v != 0 {
				return false
			}
		case float64:
			if v != 0 && c.Name != "coverage_pct" {
				return false
			}
		case report.Parts:
			if len(v) > 0 {
				return false
			}
		case bool:
			whole = whole || c.Name == "complete" && v
		}
	}
	return whole
}

// same reports whether two rows are of the same stretch of time, or hour.
func same(a, b any) bool {
	at, isTime := a.(time.Time)
	before, wasTime := b.(time.Time)
	hour, isHour := a.(string)
	earlier, wasHour := b.(string)
	return isTime && wasTime && at.Equal(before) || isHour && wasHour && hour == earlier
}

func (w writer) row(columns []report.Column, kept []int, row []any) []cell {
	cells := make([]cell, len(kept))
	for n, i := range kept {
		cells[n] = w.cell(i, columns[i], row[i])
		switch {
		case columns[i].Name == "complete":
			cells[n] = wholeness(row[i])
		case i+1 < len(columns) && names(columns[i+1], columns[i]):
			cells[n] = named(cells[n], row[i+1])
		}
	}
	return cells
}

// wholeness writes whether all was heard: by a word.
func wholeness(value any) cell {
	switch whole, known := value.(bool); {
	case !known:
		return cell{Text: unknown}
	case whole:
		return cell{Text: "yes"}
	default:
		return cell{Text: "incomplete", Strong: true}
	}
}

// names reports whether a column tells what people call what is in another.
func names(c, of report.Column) bool { return c.Name == "name" || c.Name == of.Name+"_name" }

// named puts what people call it in front of a key.
func named(key cell, name any) cell {
	if text, ok := name.(string); ok && text != "" && inert.Text(text) != key.Text {
		key.Small, key.Text = key.Text, inert.Text(text)
	}
	return key
}

// says reports whether anything but zeros stands in a column of numbers, and
// anything at all in another.
func says(t report.Table, i int) bool {
	if slices.Contains(soughtAfter(), t.Columns[i].Name) {
		return true
	}
	return slices.ContainsFunc(t.Rows, func(row []any) bool {
		switch v := row[i].(type) {
		case nil:
			return false
		case int64:
			return v != 0
		case float64:
			return v != 0
		case string:
			return v != ""
		case report.Parts:
			return len(v) > 0
		default:
			return true
		}
	})
}

// soughtAfter are the columns that a reader looks for, also where they are zero.
func soughtAfter() []string {
	return []string{
		"queue", "agent", "offered", "answered", "abandoned", "service_level_pct", "abandoned_pct", "asa_s", "answered_wait_max_s",
		"staffed_s", "talk_s", "occupancy_pct", "coverage_pct", "complete",
	}
}

// material is what averages and shares are made of.
func material(report string) []string {
	all := []string{"answered_within", "abandoned_within", "short_abandoned", "completed", "answered_wait_s", "abandoned_wait_s"}
	if report == "queue" {
		all = append(all, "talk_s")
	}
	return all
}
