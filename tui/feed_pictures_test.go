package tui

import (
	"log/slog"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func heard(text string) []Heard {
	return []Heard{{night.Add(-time.Second), text}, {night.Add(-2 * time.Second), "Event: AgentConnect  Privilege: agent,all  Timestamp: 1795299573.5  Queue: support"}}
}

func feedPictures() map[string]frame {
	const name = "Feeds"
	full := listening{state: pair().State, last: heard("1795299573|NONE|NONE|NONE|QUEUESTART|")}
	full.state.Own.Feeds = append(full.state.Own.Feeds, down("branch", 3*time.Hour))
	full.state.Own.Feeds[2].State = "paused"
	full.state.Gaps = []history.Gap{gap(31, 20*time.Hour, 20*time.Hour-20*time.Second, history.GapLost), gap(32, 95*time.Second, -1, history.GapOpen)}
	full.state.Twin.Gaps = []history.Gap{gap(7, 9*time.Hour, 8*time.Hour, history.GapFilled)}
	alone := listening{state: pair().State}
	alone.state.Twin, alone.state.Link, alone.state.Own.Twin, alone.state.Own.Feeds = nil, nil, nil, nil
	unreachable := listening{state: pairs()["unreachable"].State}
	bad := listening{state: hostile().State, last: heard(evil)}
	return map[string]frame{
		"feeds_full":        on(name, full),
		"feeds_empty":       on(name, alone),
		"feeds_unreachable": on(name, unreachable),
		"feeds_failing":     failing(on(name, full)),
		"feeds_hostile":     on(name, bad),
		"feed_one":          on(name, full, "pbx"),
		"feed_hostile":      on(name, bad, evil),
		"feed_tail":         on(name, bad, "pbx", seeTail),
		"feed_gaps":         on(name, full, "pbx", seeGaps),
		"feed_gaps_hostile": on(name, bad, evil, seeGaps),
		"feed_fill":         keyed(on(name, full), "f"),
	}
}

func keptAlarms() []node.KeptAlarm {
	since := node.Moment(record.At(night.Add(-12 * time.Minute)))
	return []node.KeptAlarm{
		{ID: 3, Code: "feed_down", Object: "pbx", Severity: "error", Since: since, Ended: &since, Text: `feed "pbx" is down`},
		{ID: 4, Code: "clocks_differ", Severity: "warning", Since: since, Text: "the clocks of cms-a and cms-b differ by 1.7 s", Acked: &since, AckedBy: "ann", Returned: 2},
		{ID: 5, Code: "feed_down", Object: "pbx-log", Severity: "error", Since: since, Text: `feed "pbx-log" is down: open /mnt/pbx/queue_log: no such file or directory; it is tried again every 5 seconds`},
		{ID: 6, Code: evil, Object: evil, Severity: evil, Since: since, Text: evil, AckedBy: evil},
	}
}

func bookPictures() map[string]frame {
	entries := []Entry{{9, night, slog.LevelError, "cannot store", "feed=pbx error=disk full"}, {8, night, slog.LevelWarn, evil, evil}}
	acts := []Done{{7, "admin", night, "ann", "admin.set", "queue/support", `{"generation":12}`}, {6, evil, night, evil, evil, evil, evil}}
	alarms := on("Alarms", keptAlarms())
	twin := *alarms.Twin
	twin.Document.Alarms = []node.Alarm{alarm("error", evil)}
	alarms.Twin = &twin
	return map[string]frame{
		"alarms_full":    alarms,
		"alarms_ack":     keyed(alarms, "a", "k", "n", "o", "w", "n", "enter"),
		"alarms_idle":    idled(on("Alarms", []node.KeptAlarm{}), []node.KeptAlarm{}),
		"alarms_empty":   on("Alarms", []node.KeptAlarm{}),
		"alarms_failing": failing(alarms),
		"alarm_one":      on("Alarms", keptAlarms(), "5"),
		"alarm_hostile":  on("Alarms", keptAlarms(), "6"),
		"log_full":       on("Log", entries),
		"log_one":        on("Log", entries, "8"),
		"log_empty":      on("Log", []Entry{}),
		"log_failing":    failing(on("Log", entries)),
		"audit_full":     on("Audit", acts),
		"audit_one":      on("Audit", acts, acts[1].key()),
		"audit_empty":    on("Audit", []Done{}),
		"audit_failing":  failing(on("Audit", acts)),
	}
}

// TestSources holds that each alarm leads to a screen that there is, as far in as
// what it is about, and that a hostile one leads nowhere bad.
func TestSources(t *testing.T) {
	alarms := on("Alarms", keptAlarms())
	for code, want := range map[string]string{
		"feed_down": "Feeds, pbx", "gap_open": "Feeds, pbx, gaps", "feeds_differ": "Feeds", "timetable_failed": "Timetables, pbx", "held": "Timetables",
		"backup_old": "Timetables", "slots_in_doubt": "Runs", "sync_overdue": "Sync", "fenced": "Switch", "undelivered": "Admin, target", "agent_twice": "Admin, agent",
		"too_many_crossings": "Admin, threshold", "twin_mute": "Twins", "config_invalid": "Log", evil: "Log",
	} {
		s := sourceOf(node.KeptAlarm{Code: code, Object: "pbx"})
		if got := s.words(); got != want {
			t.Errorf("%s belongs to %s, want %s", code, got, want)
		}
		if f, w := alarms.goTo(s); !w.look || f.screen().name != s.screen || len(f.browse().path) != len(s.path) {
			t.Errorf("%s leads to %s, %v", code, f.screen().name, f.browse().path)
		}
	}
	if f, _ := keyed(alarms, "g").press("enter"); f.screen().name != "Feeds" || f.browse().leaf() != "pbx-log" {
		t.Errorf("enter leads to %s, %v", f.screen().name, f.browse().path)
	}
	alarms.screens = alarms.screens[:1]
	alarms.at = 0
	if f, w := alarms.goTo(source{screen: "Feeds"}); w.look || f.message.text == "" {
		t.Error("a screen that there is not is gone to")
	}
}

// TestGist holds what is left out of what an upstream says.
func TestGist(t *testing.T) {
	for text, want := range map[string]string{
		"Event: AgentConnect  Privilege: agent,all  Timestamp: 1.5  Queue: support": "AgentConnect  Queue: support",
		"1795299573|NONE|NONE|NONE|QUEUESTART|":                                     "1795299573|NONE|NONE|NONE|QUEUESTART|",
		"Event: \x1b[2J":                                                            `\x1b[2J`,
	} {
		if got := gist(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
