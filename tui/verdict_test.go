package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// TestVerdict holds what is said first, and what is to be typed next.
func TestVerdict(t *testing.T) {
	tests := []struct {
		name string
		make func(v *view)
		said string // the first finding
		next string // with which flags, and where
	}{
		{"all is well", func(*view) {}, "WELL both servers hear every feed", "nothing to do"},
		{"alone", func(v *view) { v.Twin, v.Own.Twin = nil, nil }, "WELL every feed is heard", "twinctl pair show --config b.toml"},
		{"not heard yet", func(v *view) {
			v.Twin, v.Link, v.Own.Twin.State, v.Own.Twin.SeenAt = nil, nil, "unknown", nil
		}, "ATTENTION cms-b has not been heard yet", "twinctl pair check --config b.toml"},
		{"not asked now", func(v *view) { v.Link, v.Own.Twin.State = nil, "unknown" }, "ATTENTION how cms-b is now is not known", "twinctl pair check --config b.toml"},
		{"silent", func(v *view) { v.Twin.At = night.Add(-time.Minute) }, "ATTENTION cms-b has said nothing for 60s", "twinctl pair check --config b.toml"},
		{"mute", func(v *view) { v.Link.State = "mute" }, "ATTENTION cms-b accepts the connection and says nothing", "twinctl pair check --config b.toml"},
		{"frozen", func(v *view) { v.Link.State = "frozen" }, "ATTENTION cms-b answers, but its twind stands still", "twinctl pair check --config b.toml"},
		{"twind down here", func(v *view) { v.Own.Running = false }, "TROUBLE twind is not running on cms-a", "systemctl start twind"},
		{"twind down there", func(v *view) { v.Twin.Document.Running = false }, "ATTENTION twind is not running on cms-b", "systemctl start twind   (on cms-b)"},
		{"twind down on both", func(v *view) { v.Own.Running, v.Twin.Document.Running = false, false }, "TROUBLE twind is not running on cms-a", "systemctl start twind"},
		{"heard there only", func(v *view) { v.Own.Feeds[0].State = "down" }, "ATTENTION feed pbx is not heard on cms-a, only on cms-b", "twinctl feed test pbx --config b.toml"},
		{"heard here only", func(v *view) { v.Twin.Document.Feeds[1].State = "connecting" }, "ATTENTION feed pbx-log is not heard on cms-b, only on cms-a", "twinctl feed test pbx-log   (on cms-b)"},
		{"heard by nobody", func(v *view) { v.Own.Feeds[0].State, v.Twin.Document.Feeds[0].State = "down", "down" }, "TROUBLE feed pbx is not heard on cms-a, nor on its twin", "twinctl feed test pbx --config b.toml"},
		{"deaf, and the twin unknown", func(v *view) { v.Own.Feeds[0].State, v.Link.State, v.Twin = "down", "unreachable", nil }, "TROUBLE feed pbx is not heard on cms-a; what its twin hears is not known", "twinctl feed test pbx --config b.toml"},
		{"being connected", func(v *view) { v.Own.Feeds[0].State, v.Twin.Document.Feeds[0].State = "connecting", "connecting" }, "ATTENTION feed pbx is being connected", "twinctl feed test pbx --config b.toml"},
		{"paused", func(v *view) { v.Own.Feeds[1].State = "paused" }, "ATTENTION feed pbx-log is paused on cms-a", "twinctl feed resume pbx-log --config b.toml"},
		{"configured on one", func(v *view) { v.Twin.Document.Feeds = v.Twin.Document.Feeds[:1] }, "ATTENTION feed pbx-log is not configured on cms-b", "twinctl config show   (on cms-b)"},
		{"no feeds", func(v *view) { v.Own.Feeds, v.Twin.Document.Feeds = nil, nil }, "ATTENTION no feeds are configured", "twinctl setup --config b.toml"},
		{"a warning", func(v *view) { v.Own.Feeds[0].Error = "late" }, "ATTENTION feed pbx on cms-a: late", "twinctl feed test pbx --config b.toml"},
		{"a gap, and a twin", func(v *view) { v.Gaps = []history.Gap{gap(1, time.Hour, time.Minute, history.GapOpen)} }, "ATTENTION 1 gap open on cms-a", "twinctl fill --config b.toml"},
		{"a gap, and no link", func(v *view) {
			v.Gaps, v.Link.State = []history.Gap{gap(1, time.Hour, time.Minute, history.GapOpen)}, "refused"
		}, "ATTENTION cms-b does not let this server in", "twinctl pair check --config b.toml"},
		{"a gap that is filled now", func(v *view) {
			v.Gaps, v.Fills = []history.Gap{gap(1, time.Hour, time.Minute, history.GapOpen)}, []Filling{{Feed: "pbx", To: "cms-a", Remaining: 61 * time.Second}}
		}, "ATTENTION 1 gap open on cms-a, being filled, 1m01s left", "nothing to do"},
		{"gaps that are not told", func(v *view) { v.Twin.Gaps, v.Twin.Document.Feeds[0].GapsOpen = nil, 3 }, "ATTENTION 3 gaps open on cms-b", "twinctl fill   (on cms-b)"},
		{"lost today", func(v *view) { v.Gaps = []history.Gap{gap(1, 2*time.Hour, time.Hour, history.GapLost)} }, "ATTENTION 1 gap on cms-a that nobody can fill", "twinctl gap list --config b.toml"},
		{"lost long ago", func(v *view) { v.Gaps = []history.Gap{gap(1, 50*time.Hour, 49*time.Hour, history.GapLost)} }, "WELL", "nothing to do"},
		{"filled", func(v *view) { v.Gaps = []history.Gap{gap(1, 2*time.Hour, time.Hour, history.GapFilled)} }, "WELL", "nothing to do"},
		{"twind hangs", func(v *view) {
			v.Own.Alarms = []node.Alarm{{Code: "twind_silent", Severity: "error", Text: "it may hang"}}
		}, "TROUBLE it may hang", "systemctl restart twind"},
		{"an alarm there", func(v *view) { v.Twin.Document.Alarms = []node.Alarm{alarm("warning", "clock")} }, "ATTENTION cms-b: clock", "twinctl log   (on cms-b)"},
		{"files cannot be read", func(v *view) { v.Failed = errors.New("locked") }, "TROUBLE this server cannot be read: locked", "twinctl status --config b.toml"},
		{"nothing was read ever", func(v *view) { *v = view{Failed: errors.New("gone"), flags: v.flags} }, "TROUBLE this server cannot be read: gone", "twinctl status --config b.toml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := pair()
			v.flags = " --config b.toml"
			tt.make(&v)
			found := v.findings()
			if said := v.word() + " " + found[0].text; !strings.HasPrefix(said, tt.said) {
				t.Errorf("said %q, want %q", said, tt.said)
			}
			next := strings.TrimSpace(strings.TrimPrefix(v.next(found).draw(Theme{}, 500), "   next"))
			if next != tt.next {
				t.Errorf("next is %q, want %q", next, tt.next)
			}
		})
	}
}

// TestGone holds that a twin that gives no more answers is not shown as it was,
// from the first moment on.
func TestGone(t *testing.T) {
	for _, c := range []struct {
		state           string
		runs            bool
		twind, feed, in string // in: the line of the link
	}{
		{"ok", true, "+ running  v0.3.0", "+ live", "+ ok  cms-b answers"},
		{"unknown", true, "+ running  v0.3.0", "+ live", "? how cms-b is now is not known, heard 2s ago"},
		{"unreachable", true, "? last told 2s ago", "? was live", "x cms-b cannot be reached, heard 2s ago"},
		{"mute", true, "? last told 2s ago", "? was live", "x cms-b accepts the connection and says nothing, heard 2s ago"},
		{"refused", true, "? last told 2s ago", "? was live", "x cms-b does not let this server in, heard 2s ago"},
		{"frozen", true, "? last told 2s ago", "? was live", "x cms-b answers, but its twind stands still, heard 2s ago"},
		{"unreachable", false, "x not running", "x no twind", "x the machine of cms-b answers, its twind does not run, heard 2s ago"},
	} {
		v := pair()
		v.Link, v.Own.Twin.State, v.Twin.Document.Running = nil, c.state, c.runs
		drawn := strings.Split(render(framed(v), 160, 50, Theme{}), "\n")
		servers := drawn[slices.IndexFunc(drawn, func(l string) bool { return strings.HasPrefix(l, " SERVERS") })]
		var cut []string // what is said of cms-b, and the link
		for _, l := range drawn {
			if at := strings.Index(servers, "cms-b"); len(l) > at && !strings.HasPrefix(l, " link") {
				l = l[at:]
			}
			cut = append(cut, l)
		}
		if got := strings.Join(cut, "\n"); !strings.Contains(got, c.twind) || !strings.Contains(got, "\n"+c.feed) || !strings.Contains(got, c.in) {
			t.Errorf("%s, running %v: want %q, %q and %q in\n%s", c.state, c.runs, c.twind, c.feed, c.in, strings.Join(drawn, "\n"))
		}
	}
}

// TestLocal holds that a command about twind is told as it is typed here, and
// one for the other server as it is.
func TestLocal(t *testing.T) {
	for on, want := range map[string]string{"": "twind --config b.toml", "cms-b": "systemctl start twind   (on cms-b)"} {
		v := pair()
		v.local = func(command string) string { return "twind --config b.toml" }
		next := v.next([]finding{{next: "systemctl start twind", on: on}}).draw(Theme{}, 500)
		if next = strings.TrimSpace(strings.TrimPrefix(next, "   next")); next != want {
			t.Errorf("next is %q, want %q", next, want)
		}
	}
}

// TestPlaces holds that a server keeps its column, whatever the role and
// whichever of the two one looks from.
func TestPlaces(t *testing.T) {
	v := pairs()["deaf"] // seen from cms-b
	for i, s := range v.sides() {
		if want := []string{"cms-a", "cms-b"}[i]; s.name != want {
			t.Errorf("column %d is %s, want %s", i, s.name, want)
		}
	}
}

// TestSilentPrimary holds that a secondary whose primary is silent says so first,
// and offers the way.
func TestSilentPrimary(t *testing.T) {
	v := pairs()["unreachable"]
	f := secondary(framed(v))
	first := f.findings()[0]
	if first.grade != trouble || !strings.Contains(first.text, "cms-b cannot be reached") || first.next != promoteLine {
		t.Errorf("it says first: %+v", first)
	}
	if got := f.command(); got != promoteLine {
		t.Errorf("what there is to type is %q", got)
	}
	if _, w := f.press("y"); w.copied != promoteLine {
		t.Errorf("y copies %q", w.copied)
	}
}

// TestLeavingUnsent holds that who leaves changes behind that the twin has not got can go
// and send them.
func TestLeavingUnsent(t *testing.T) {
	f := framed(pair())
	f.Own.Sync = &node.SyncDocument{State: "pending", Word: "PENDING", Pending: 3}
	f, w := f.press("q")
	if w.quit || !strings.Contains(strings.Join(f.behind(), " "), "3 changes are not on cms-b yet: s to sync") {
		t.Fatalf("it says %q", f.behind())
	}
	if f, w = f.press("s"); w.quit || f.screen().name != "Sync" {
		t.Errorf("s goes to %s", f.screen().name)
	}
}

// TestSparkline holds what is drawn of rates.
func TestSparkline(t *testing.T) {
	for want, values := range map[string][]float64{
		"": nil, "  ": {0, 0}, " .#": {0, 0.1, 10}, "#=.": {8, 4, 0.5}, "#": {5, 1, 7},
	} {
		if got := sparkline(values, max(1, len(want))); got != want {
			t.Errorf("%v: %q, want %q", values, got, want)
		}
	}
}
