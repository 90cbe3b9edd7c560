package tui

import (
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
	"github.com/twinctl/twin/collector/watch"
)

// TestCrossed holds that a row says what it exceeds, as long as it does.
func TestCrossed(t *testing.T) {
	l := liveNow("support")
	l.Queues.Span.From, l.Agents.Span.From = record.At(night), record.At(night)
	l.Agents.Columns = append(slices.Clone(l.Agents.Columns), figureColumn("since", report.Moment))
	since := night.Add(-4000 * time.Second)
	for i, row := range l.Agents.Rows {
		l.Agents.Rows[i] = append(slices.Clone(row), map[bool]any{true: since, false: nil}[row[0] == "Ann"])
	}
	long := night.Add(-3 * time.Hour)
	for name, c := range map[string]struct {
		of      Crossed
		row     string
		exceeds bool
	}{
		"as many wait":      {Crossed{Measure: string(watch.Waiting), Object: "support", At: long, Count: 6}, "support", true},
		"fewer wait":        {Crossed{Measure: string(watch.Waiting), Object: "support", At: night, Count: 7}, "support", false},
		"he waits still":    {Crossed{Measure: string(watch.LongestWait), Object: "support", At: long, Since: night.Add(-373*time.Second - 400*time.Millisecond)}, "support", true},
		"another waits":     {Crossed{Measure: string(watch.LongestWait), Object: "support", At: night, Since: night.Add(-6 * time.Minute)}, "support", false},
		"nobody waits":      {Crossed{Measure: string(watch.LongestWait), Object: "quiet", At: night, Since: night}, "quiet", false},
		"counted lately":    {Crossed{Measure: string(watch.Abandoned), Object: "support", At: night.Add(-14 * time.Minute)}, "support", true},
		"counted before":    {Crossed{Measure: string(watch.Abandoned), Object: "support", At: night.Add(-16 * time.Minute)}, "support", false},
		"of another queue":  {Crossed{Measure: string(watch.Abandoned), Object: "quiet", At: night}, "support", false},
		"by its name":       {Crossed{Measure: string(watch.Abandoned), Object: "q-1", Called: "Support", At: night}, "support", true},
		"paused still":      {Crossed{Measure: string(watch.AgentState), Object: "Ann", At: long, Since: since}, "Ann", true},
		"paused anew":       {Crossed{Measure: string(watch.AgentState), Object: "Ann", At: night, Since: long}, "Ann", false},
		"an agent's own":    {Crossed{Measure: string(watch.AgentRingNoAnswer), Object: "Ann", At: night}, "Ann", true},
		"a queue, no agent": {Crossed{Measure: string(watch.AgentState), Object: "support", At: night}, "support", false},
		"of a feed":         {Crossed{Measure: string(watch.FeedSilent), At: night}, "support", false},
	} {
		t.Run(name, func(t *testing.T) {
			l.Crossed = []Crossed{c.of}
			exceeds := false
			for of, table := range map[string]report.Table{"queue": l.cautioned(l.queues(), "queue"), "agent": l.cautioned(l.Agents, "agent")} {
				for _, row := range table.Rows {
					said, _ := cellOf(table, row, "crossed").(caution)
					exceeds = exceeds || cellOf(table, row, of) == c.row && said.text != ""
				}
			}
			if exceeds != c.exceeds {
				t.Errorf("exceeds: %v, want %v", exceeds, c.exceeds)
			}
		})
	}
}

// TestCourse holds that the plot of a day ends now, and tells nothing from not
// known, and not known from incomplete.
func TestCourse(t *testing.T) {
	day := wholeDay()
	day.Rows = append(day.Rows, []any{night.Add(15 * time.Minute), nil, nil, false})
	lines := course(day, sight{now: night, width: 160})
	for i, want := range []string{
		" TODAY                14      16      18      20      22      00      02",
		" offered        ..::---===+++*****#####----#############*****+++===---::..   most 43 at 19:15",
		" service level -#**+==##**+==##**+==##*----##**+==##**+==##**+==##**+==##**  worst 45.0 % at 13:45",
		" ! incomplete                          !!!!                               !",
	} {
		if got := lines[i].text(); got != want {
			t.Errorf("line %d is\n%s, want\n%s", i, got, want)
		}
	}
	if course(report.Table{}, sight{now: night, width: 80}) != nil {
		t.Error("nothing is plotted")
	}
}
