package page

import (
	"strings"

	"github.com/twinctl/twin/collector/report"
)

// A figure is a number that stands large above the rest.
type figure struct {
	Label, Value, Unit, Note string
}

// A wanted figure names the columns that it comes from.
type wanted struct {
	label, column string
	note, share   string // a word, and the column of the share in front of it
}

func wantedFigures(name string) []wanted {
	switch name {
	case "queue":
		return []wanted{
			{"Offered", "offered", "calls", ""},
			{"Answered", "answered", "calls", ""},
			{"Service level", "service_level_pct", "", ""},
			{"Abandoned", "abandoned", "of the offered", "abandoned_pct"},
			{"Average wait", "asa_s", "until answered", ""},
			{"Longest wait", "answered_wait_max_s", "until answered", ""},
			{"Average handling", "aht_s", "talk of a call", ""},
			{"Coverage", "coverage_pct", "of the time was heard", ""},
		}
	case "agent":
		return []wanted{
			{"Answered", "answered", "calls", ""},
			{"Staffed", "staffed_s", "all agents together", ""},
			{"Occupancy", "occupancy_pct", "", ""},
			{"Average handling", "aht_s", "talk of a call", ""},
			{"Rang in vain", "ring_no_answer", "times", ""},
			{"Coverage", "coverage_pct", "of the time was heard", ""},
		}
	case "coverage":
		return []wanted{{"Coverage", "coverage_pct", "of the time was heard", ""}, {"Gaps", "gaps", "", ""}}
	}
	return nil
}

// figures returns those of a table that has a row for all the others.
func figures(t report.Table) []figure {
	var all []figure
	w := writing(t)
	for _, want := range wantedFigures(t.Name) {
		i := columnOf(t, want.column)
		if i < 0 || t.Total == nil {
			continue
		}
		c := w.cell(i, t.Columns[i], t.Total[i])
		f := figure{Label: want.label, Value: c.Text, Note: want.note}
		f.Unit = unitOf(t.Columns[i].Kind, w.long[i])
		if c.Text == unknown {
			f.Unit = ""
		}
		if share := columnOf(t, want.share); share >= 0 {
			f.Note = strings.TrimSpace(w.cell(share, t.Columns[share], t.Total[share]).Text + " % " + want.note)
		}
		all = append(all, f)
	}
	return all
}

func unitOf(kind report.Kind, long bool) string {
	switch {
	case kind == report.Percent:
		return "%"
	case kind == report.Seconds && long:
		return "h"
	case kind == report.Seconds:
		return "min"
	}
	return ""
}

// columnOf returns where a column stands, -1 where there is none of that name.
func columnOf(t report.Table, name string) int {
	for i, c := range t.Columns {
		if c.Name == name && name != "" {
			return i
		}
	}
	return -1
}
