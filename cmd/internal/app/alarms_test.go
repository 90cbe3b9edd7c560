package app

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/node"
)

// A look is a moment at which alarms are asked for.
type look struct {
	after    time.Duration
	feeds    []collector.Status
	nameless []error
	stuck    error
	want     []node.Alarm
}

func TestAlarms(t *testing.T) {
	begun := time.Date(2026, 11, 21, 8, 0, 0, 123e6, time.UTC)
	second := begun.Truncate(time.Second)
	refused := errors.New("login refused")
	wrong := &config.Problem{Where: "twin.toml:3", Feed: "pbx", Key: "path", Err: errors.New("missing")}
	pbx := func(state feed.State, err error) []collector.Status {
		return []collector.Status{{Name: "pbx", State: state, Err: err}}
	}
	for name, looks := range map[string][]look{
		"all is well":      {{feeds: pbx(feed.Live, nil)}},
		"paused by intent": {{feeds: pbx(feed.Held, nil)}, {after: time.Hour, feeds: pbx(feed.Held, nil)}},
		"down for a moment": {
			{feeds: pbx(feed.Down, refused)},
			{after: 9 * time.Second, feeds: pbx(feed.Down, refused)},
			{after: 10 * time.Second, feeds: pbx(feed.Live, nil)},
			{after: 11 * time.Second, feeds: pbx(feed.Down, refused)},
		},
		"down for long": {
			{feeds: pbx(feed.Down, refused)},
			{after: 5 * time.Second, feeds: pbx(feed.Connecting, nil)},
			{after: 10 * time.Second, feeds: pbx(feed.Down, refused), want: []node.Alarm{
				{Code: "feed_down", Object: "pbx", Severity: "error", Since: second, Text: `feed "pbx" is down: login refused`},
			}},
			{after: 12 * time.Second, feeds: pbx(feed.Connecting, nil), want: []node.Alarm{
				{Code: "feed_down", Object: "pbx", Severity: "error", Since: second, Text: `feed "pbx" is connecting`},
			}},
		},
		"configured wrong": {
			{feeds: pbx(feed.Down, wrong), want: []node.Alarm{
				{Code: "feed_down", Object: "pbx", Severity: "error", Since: second, Text: `feed "pbx" is down: twin.toml:3: feed "pbx": path: missing`},
			}},
		},
		"no name to show it under": {
			{nameless: []error{wrong}, want: []node.Alarm{
				{Code: "feed_down", Object: wrong.Error(), Severity: "error", Since: second, Text: `a feed is configured wrong: twin.toml:3: feed "pbx": path: missing`},
			}},
		},
		"live, with a warning": {
			{feeds: pbx(feed.Live, errors.New("clocks differ")), want: []node.Alarm{
				{Code: "feed_warning", Object: "pbx", Severity: "warning", Since: second, Text: `feed "pbx": clocks differ`},
			}},
		},
		"nothing can be stored": {
			{stuck: errors.New("no space left"), want: []node.Alarm{
				{Code: "not_stored", Severity: "error", Since: second, Text: "nothing can be stored: no space left"},
			}},
			{after: time.Minute},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var a alarms
			for _, l := range looks {
				if l.want == nil {
					l.want = []node.Alarm{}
				}
				if diff := cmp.Diff(l.want, a.now(begun.Add(l.after), state{feeds: l.feeds, nameless: l.nameless, stuck: l.stuck})); diff != "" {
					t.Errorf("after %s (-want +got):\n%s", l.after, diff)
				}
			}
		})
	}
}

// Each alarm is logged when it is raised and when it ends, and not in between.
func TestAlarmsAreLogged(t *testing.T) {
	begun := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	var a alarms
	for i, c := range []struct {
		after time.Duration
		feeds []collector.Status
		want  []string
	}{
		{0, []collector.Status{{Name: "pbx", State: feed.Down}}, nil},
		{10 * time.Second, []collector.Status{{Name: "pbx", State: feed.Down}}, []string{"level=ERROR", `msg="alarm raised"`, "code=feed_down", "pbx"}},
		{11 * time.Second, []collector.Status{{Name: "pbx", State: feed.Connecting}}, nil},
		{12 * time.Second, []collector.Status{{Name: "pbx", State: feed.Live, Err: errors.New("clocks")}, {Name: "log", State: feed.Down}}, []string{
			"level=WARN", `msg="alarm raised"`, "code=feed_warning", `msg="alarm ended"`, "code=feed_down", "connecting",
		}},
		{13 * time.Second, []collector.Status{{Name: "pbx", State: feed.Live}}, []string{`msg="alarm ended"`, "code=feed_warning"}},
		{14 * time.Second, []collector.Status{{Name: "pbx", State: feed.Live}}, nil},
	} {
		var log strings.Builder
		a.now(begun.Add(c.after), state{feeds: c.feeds})
		a.tell(t.Context(), slog.New(slog.NewTextHandler(&log, nil)))
		for _, w := range c.want {
			if !strings.Contains(log.String(), w) {
				t.Errorf("look %d: no %s in %s", i, w, log.String())
			}
		}
		if c.want == nil && log.Len() > 0 {
			t.Errorf("look %d: %s", i, log.String())
		}
	}
}
