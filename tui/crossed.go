package tui

import (
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/report"
	"github.com/twinctl/twin/collector/watch"
)

// A Crossed is a threshold that was crossed, as a report of exceptions tells it.
type Crossed struct {
	Measure string // a watch.Measure
	Feed    string
	Object  string // the queue or agent; "" where the feed itself is meant
	Called  string // its name in the dictionary; ""
	Severe  bool
	At      time.Time
	Since   time.Time // what lasts began; zero: it was counted
	Count   int64     // what was set
	Text    string    // a sentence
}

const (
	// countedFor is for how long it is said that something counted has crossed a
	// threshold: it does so once in an interval.
	countedFor = 15 * time.Minute
	// saidMost is how many crossings are said in sentences, the last ones.
	saidMost = 3
)

// A caution is a cell that says which thresholds its row has crossed; rows are
// not named by it.
type caution struct {
	text string
	tone tone
}

// lately returns in sentences what was crossed lately, the last first.
func (l Live) lately(now time.Time) []piece {
	var all []piece
	for _, c := range slices.Backward(l.Crossed) {
		said := piece{c.Text, warn}
		if len(all) < saidMost && now.Sub(c.At) <= countedFor && !slices.Contains(all, said) {
			all = append(all, said)
		}
	}
	return all
}

// cautioned adds a column with what each row has crossed and still exceeds, behind
// the one by which its rows are named. Where none has, the table stays as it is.
func (l Live) cautioned(t report.Table, of string) report.Table {
	name := columnOf(t, of)
	if name < 0 {
		return t
	}
	cells := make([]any, len(t.Rows))
	some := false
	for i, row := range t.Rows {
		c := l.caution(t, row, of)
		cells[i], some = c, some || c.text != ""
	}
	if !some {
		return t
	}
	t.Columns = slices.Insert(slices.Clone(t.Columns), name+1, report.Column{Name: "crossed", Kind: report.Words})
	rows := make([][]any, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = slices.Insert(slices.Clone(row), name+1, cells[i])
	}
	t.Rows = rows
	return t
}

// caution says in a sign and words what a row has crossed.
func (l Live) caution(t report.Table, row []any, of string) caution {
	all := caution{tone: warn}
	var words []string
	for _, c := range l.Crossed {
		word := strings.ReplaceAll(strings.TrimPrefix(c.Measure, "agent_"), "_", " ")
		if watch.Measure(c.Measure).Of() != of || !c.isOf(t, row, of) || !c.holds(t, row) || slices.Contains(words, word) {
			continue
		}
		words = append(words, word)
		if c.Severe {
			all.tone = bad
		}
	}
	if sign := map[tone]string{warn: "! ", bad: "x "}[all.tone]; len(words) > 0 {
		all.text = sign + strings.Join(words, ", ")
	}
	return all
}

// isOf reports whether it is about the queue or agent of a row. The dictionary may
// call it by another name than the upstream.
func (c Crossed) isOf(t report.Table, row []any, of string) bool {
	if feed, _ := cellOf(t, row, "feed").(string); feed != "" && feed != c.Feed {
		return false
	}
	name, _ := cellOf(t, row, "name").(string)
	return cellOf(t, row, of) == c.Object || c.Called != "" && name == c.Called
}

// holds reports whether it is so still: what lasts, if that is what the row tells
// of, and what was counted for as long as an interval is.
func (c Crossed) holds(t report.Table, row []any) bool {
	at := t.Span.From.Time()
	switch watch.Measure(c.Measure) {
	case watch.Waiting:
		n, known := cellOf(t, row, "waiting").(int64)
		return known && n > c.Count
	case watch.LongestWait:
		s, known := cellOf(t, row, "longest_wait_s").(float64)
		begun := at.Add(-time.Duration(s * float64(time.Second))) // to the second
		return known && begun.Sub(c.Since).Abs() <= time.Second
	case watch.AgentState:
		since, known := cellOf(t, row, "since").(time.Time)
		return known && since.Sub(c.Since).Abs() < time.Second
	case watch.Abandoned, watch.ServiceLevel, watch.AverageWait, watch.RingNoAnswer, watch.AgentRingNoAnswer:
		return at.Sub(c.At) <= countedFor
	case watch.FeedSilent:
	}
	return false
}

// columnOf returns where a column of a report stands; -1: it has none of that name.
func columnOf(t report.Table, name string) int {
	return slices.IndexFunc(t.Columns, func(c report.Column) bool { return c.Name == name })
}

// cellOf returns what a row of a report says in a column; nil if it has none.
func cellOf(t report.Table, row []any, name string) any {
	if at := columnOf(t, name); at >= 0 {
		return row[at]
	}
	return nil
}
