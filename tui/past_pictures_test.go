package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
	"github.com/twinctl/twin/collector/watch"
)

func figureColumn(name string, kind report.Kind) report.Column {
	return report.Column{Name: name, Kind: kind}
}

func queueReport(name string) report.Table {
	t := report.Table{
		Name: "queue", By: report.Interval, Zone: time.UTC, Span: record.Span{From: record.At(night.Add(-time.Hour)), To: record.At(night)},
		Columns: []report.Column{
			figureColumn("start", report.Moment), figureColumn("queue", report.Words), figureColumn("name", report.Words), figureColumn("offered", report.Count),
			figureColumn("answered", report.Count), figureColumn("abandoned", report.Count), figureColumn("service_level_pct", report.Percent),
			figureColumn("asa_s", report.Seconds), figureColumn("coverage_pct", report.Percent), figureColumn("complete", report.Flag),
		},
		Notes: []string{"61.6% of the time was heard: what was missed is not counted"},
	}
	for i := range 3 {
		at := night.Add(time.Duration(i-3) * 15 * time.Minute)
		t.Rows = append(t.Rows, []any{at, name, "Support, English", int64(40 + i), int64(30), int64(10 - i), 75.5 - float64(10*i), 83.25, 100.0, i != 2})
		t.Rows = append(t.Rows, []any{at, "quiet", nil, int64(0), int64(0), int64(0), nil, nil, nil, false})
	}
	return t
}

func liveNow(name string) Live {
	l := Live{
		Queues: report.Table{Name: "now", Zone: time.UTC, Columns: []report.Column{
			figureColumn("queue", report.Words), figureColumn("name", report.Words), figureColumn("waiting", report.Count), figureColumn("longest_wait_s", report.Seconds),
			figureColumn("agents", report.Count), figureColumn("available", report.Count),
		}},
		Agents: report.Table{Name: "now", Zone: time.UTC, Columns: []report.Column{
			figureColumn("agent", report.Words), figureColumn("state", report.Words), figureColumn("for_s", report.Seconds), figureColumn("reason", report.Words), figureColumn("queue", report.Words),
		}},
		Today: queueReport(name),
	}
	l.Today.Rows = l.Today.Rows[:1]
	l.Course = wholeDay()
	l.Queues.Rows = [][]any{{name, "Support", int64(7), 373.0, int64(3), int64(0)}, {"quiet", nil, int64(0), nil, int64(0), int64(0)}}
	l.Agents.Rows = [][]any{{name, "talk", 65.0, nil, name}, {"Ann", "paused", 4000.0, "Training", nil}}
	return l
}

// wholeDay is a report of a day until night, all queues together, of which an
// hour was not heard.
func wholeDay() report.Table {
	t := report.Table{Columns: []report.Column{
		figureColumn("start", report.Moment), figureColumn("offered", report.Count), figureColumn("service_level_pct", report.Percent), figureColumn("complete", report.Flag),
	}}
	for i := range 60 {
		row := []any{night.Add(time.Duration(i-59) * 15 * time.Minute), int64(i * (59 - i) / 20), 99 - float64(i%7)*9, i != 59}
		if i == 0 || i/4 == 6 {
			row[2] = nil
		}
		if i/4 == 6 {
			row[1], row[3] = nil, false
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// someCrossed are crossings: of a queue that hold, and one of an agent that is over.
func someCrossed(queue string) []Crossed {
	return []Crossed{
		{Measure: string(watch.AgentState), Feed: "pbx", Object: "Ann", At: night.Add(-3 * time.Hour), Since: night.Add(-4 * time.Hour), Text: "agent \"Ann\" is paused for 1h"},
		{Measure: string(watch.LongestWait), Feed: "pbx", Object: queue, At: night.Add(-time.Minute), Since: night.Add(-373 * time.Second), Text: "queue " + queue + ": a caller waits for 5m12s, more than 5m"},
		{Measure: string(watch.ServiceLevel), Feed: "pbx", Object: queue, Severe: true, At: night.Add(-9 * time.Minute), Text: "queue " + queue + ": service level 45 %, below 80 %"},
	}
}

func pastPictures() map[string]frame {
	unheard := liveNow("support")
	unheard.Queues.Notes = []string{`feed "pbx" is not heard: how things stand is not known since 2026-11-21 02:51:07`}
	unheard.Queues.Rows, unheard.Agents.Rows = [][]any{{"support", "Support", nil, nil, nil, nil}}, nil
	hostile := liveNow(evil)
	hostile.Queues.Notes, hostile.Crossed = []string{evil}, someCrossed(evil)
	crossed := liveNow("support")
	crossed.Queues.Span.From, crossed.Agents.Span.From = record.At(night), record.At(night)
	crossed.Crossed = someCrossed("support")
	many := liveNow("support")
	many.Queues.Span.From, many.Crossed = record.At(night), someCrossed("support")
	for i := range 14 {
		many.Queues.Rows = append([][]any{{fmt.Sprintf("branch-%02d", 13-i), nil, int64(i % 3), float64(20 * i % 70), int64(1), int64(1)}}, many.Queues.Rows...)
	}
	past := on("History", queueReport("support"))
	return map[string]frame{
		"now_full":        on("Now", liveNow("support")),
		"now_queues":      onKnobs("Now", liveNow("support"), "v"),
		"now_crossed":     on("Now", crossed),
		"now_many":        on("Now", many),
		"now_empty":       on("Now", Live{}),
		"now_unheard":     on("Now", unheard),
		"now_failing":     failing(on("Now", Live{})),
		"now_hostile":     on("Now", hostile),
		"history_full":    past,
		"history_worst":   onKnobs("History", queueReport("support"), "s"),
		"history_one":     on("History", queueReport("support"), rowKey(queueReport("support").Rows[2])),
		"history_empty":   on("History", report.Table{}),
		"history_failing": failing(past),
		"history_hostile": on("History", queueReport(evil)),
	}
}

// onKnobs is the frame on a screen after keys that change what is looked at.
func onKnobs(name string, data any, keys ...string) frame {
	f := keyed(on(name, data), keys...)
	return f.took(f.placeID(), known{data: data, looked: night})
}

// TestPlot holds that bars are as long as what they stand for, and that what
// nobody knows has none.
func TestPlot(t *testing.T) {
	table := report.Table{
		Columns: []report.Column{figureColumn("offered", report.Count), figureColumn("answered", report.Count)},
		Rows:    [][]any{{int64(48), int64(24)}, {int64(24), int64(24)}, {int64(1), int64(0)}, {int64(0), int64(0)}, {nil, nil}},
	}
	want := []any{bar("############............"), bar("############"), bar("."), bar(""), nil}
	for i, row := range plotted(table).Rows {
		if row[2] != want[i] {
			t.Errorf("row %d: %v, want %v", i, row[2], want[i])
		}
	}
	if len(table.Columns) != 2 || len(table.Rows[0]) != 2 {
		t.Error("the report itself was changed")
	}
}

// TestOpenRow holds that a row that is opened is the one that was chosen.
func TestOpenRow(t *testing.T) {
	data := queueReport("support")
	f := keyed(on("History", data), "s", "j")
	f = keyed(f.took(f.placeID(), known{data: data, looked: night}), "j", "enter")
	f = f.took(f.placeID(), known{data: data, looked: night})
	if p, _ := f.page(); len(p.text) == 0 || !strings.HasSuffix(p.text[0].text(), " Sat 2026-11-21 02:30:00 UTC") {
		t.Errorf("it shows %v", p.text)
	}
}
