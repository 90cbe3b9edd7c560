package main

import (
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func TestStatusTellsWhatComes(t *testing.T) {
	at := func(hour int) node.Moment {
		return node.Moment(record.At(time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC)))
	}
	next := []node.NextRun{{Timetable: "sync", At: at(3)}, {Timetable: "a\x1b[2J", At: at(4)}}
	doc := node.Document{
		Running: true, Timetables: &node.TimetablesDocument{Total: 2, Armed: 2, Next: &next[0], Coming: next},
		Interval: &node.IntervalDocument{Start: at(2)},
	}
	said := func() string {
		var b strings.Builder
		if err := writeStatus(&b, "twin.toml", doc); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, want := range []string{
		"timetables  2, 2 run here; next sync at 2026-11-22T03:00:00Z, a\\x1b[2J at 2026-11-22T04:00:00Z\n",
		"interval  newest 2026-11-22T02:00:00Z, incomplete: not every feed was heard all of it; twinctl gap list\n",
	} {
		if text := said(); !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	doc.Timetables.Coming, doc.Interval = nil, &node.IntervalDocument{Start: at(2), Complete: true}
	for _, want := range []string{"; next sync at 2026-11-22T03:00:00Z\n", "interval  newest 2026-11-22T02:00:00Z, complete\n"} {
		if text := said(); !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
