package main

import (
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
)

func TestFitted(t *testing.T) {
	const five = "1\n2\n3\n4\n5\n"
	for _, c := range []struct {
		name, text    string
		columns, rows int
		want          string
	}{
		{"any number of rows", five, 80, 0, five},
		{"room enough", five, 80, 6, five},
		{"the cursor's row", five, 80, 5, "1\n2\n3\n... 2 more lines; twinctl status shows all\n"},
		{"little room", five, 80, 3, "1\n... 4 more lines; twinctl status shows all\n"},
		{"no room", five, 80, 1, "... 5 more lines; twinctl status shows all\n"},
		{"lines that take two rows", "é2345\n12345\n12\n", 4, 5, "é2345\n... 2 more lines; twinctl status shows all\n"},
		{"lines as wide as the screen", "1234\n1234\n", 4, 3, "1234\n1234\n"},
	} {
		if got := fitted(c.text, "twinctl status", c.columns, c.rows); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReasonsOnce(t *testing.T) {
	doc := node.Document{
		Feeds: []node.FeedDocument{
			{Name: "pbx", State: "down", Error: "connection refused"},
			{Name: "log", State: "live", Error: "the clock is late"},
			{Name: "new", State: "connecting", Error: "timed out"},
		},
		Alarms: []node.Alarm{
			{Code: "feed_down", Severity: "error", Since: time.Unix(0, 0).UTC(), Text: `feed "pbx" is down: connection refused`},
			{Code: "feed_warning", Severity: "warning", Since: time.Unix(0, 0).UTC(), Text: `feed "log": the clock is late`},
		},
	}
	var out strings.Builder
	writeAlarms(&out, doc)
	writeReasons(&out, doc.Feeds, doc.Alarms)
	const want = `error since 1970-01-01T00:00:00Z: feed "pbx" is down
warning since 1970-01-01T00:00:00Z: feed "log": the clock is late
pbx: connection refused
new: timed out
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
