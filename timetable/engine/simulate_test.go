package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable"
)

func shownFutures(all []Future) string {
	var text []string
	for _, f := range all {
		what := string(f.State)
		if f.Reason != "" {
			what = f.Reason
		}
		if f.Held {
			what += " held"
		}
		if f.Crowded {
			what += " crowded"
		}
		text = append(text, fmt.Sprintf("%s %s %s", f.ID, f.Start.Time().Format("15:04"), what))
	}
	return strings.Join(text, ", ")
}

func TestSimulate(t *testing.T) {
	s := Simulation{
		Here: Here{Server: "cms-a", Role: node.Primary, Since: at(t, "12:00:00")},
		Timetables: []timetable.Timetable{
			read(t, "a", admin.Body{"schedule": "0 */2 * * *"}), read(t, "b", admin.Body{"calendar": "night", "schedule": "0 4-7 * * *"}),
			read(t, "c", admin.Body{"runs_on": "secondary"}),
		},
		From: at(t, "04:00:00"), To: at(t, "08:00:00"),
		Took: func(string) time.Duration { return 3 * time.Hour }, AtOnce: 1,
	}
	var all []Future
	for f := range s.Run() {
		all = append(all, f)
	}
	want := "a 04:00 claimed, b 04:00 claimed crowded, b 05:00 overlap, a 06:00 overlap, b 06:00 calendar, b 07:00 calendar"
	if got := shownFutures(all); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestComing(t *testing.T) {
	tt := read(t, "b", admin.Body{"calendar": "night", "schedule": "0 5-6 * * *"})
	primary, secondary := Here{Server: "cms-a", Role: node.Primary, Held: "boot_alone"}, Here{Server: "cms-b", Role: node.Secondary}
	if got := shownFutures(Coming(tt, primary, at(t, "05:00:00"), 3)); got != "b 06:00 calendar, b 05:00 claimed held, b 06:00 calendar" {
		t.Error(got)
	}
	both := read(t, "c", admin.Body{"runs_on": "both"})
	if got := shownFutures(Coming(both, primary, at(t, "05:00:00"), 1)); got != "c 06:00 claimed" {
		t.Error(got)
	}
	if got := shownFutures(Coming(tt, secondary, at(t, "05:00:00"), 2)); got != "b 06:00 standby, b 05:00 standby" {
		t.Error(got)
	}
}
