package main

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable/task"
)

func TestLikeName(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "nightly", true},
		{"IGHT", "nightly", true},
		{"day", "nightly", false},
		{"night*", "nightly", true},
		{"night?", "nightly", false},
		{"n?ght*y", "Nightly", true},
		{"*", "a/b", true},
		{"*b*b", "abab", true},
		{"*b*bc", "abab", false},
		{"?", "é", true},
		{"*", "", true},
		{"?*", "", false},
	} {
		if got := likeName(c.pattern, c.name); got != c.want {
			t.Errorf("%q, %q: %t", c.pattern, c.name, got)
		}
	}
}

// TestLengths holds that every duration that a row can have is read back from
// how it is shown.
func TestLengths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, 366*86_400).Draw(t, "seconds")) * time.Second
		if got, err := length(lengthText(d)); err != nil || got != d {
			t.Fatalf("%s: %s, %v", lengthText(d), got, err)
		}
	})
	for d, want := range map[time.Duration]string{
		0: "0s", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", 2 * time.Hour: "2h", 7 * day: "7d", 25 * time.Hour: "25h", 2*time.Hour + 3*time.Second: "2h0m3s",
	} {
		if got := lengthText(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "99999999d", "5", "-5m", "1ms", "soon"} {
		if d, err := length(text); err == nil {
			t.Errorf("%q: %s", text, d)
		}
	}
}

// TestRunVerdict holds that a run that is waited for ends as it did.
func TestRunVerdict(t *testing.T) {
	status := func(n int) *int { return &n }
	for _, c := range []struct {
		state node.RunState
		exit  *int
		want  cli.Code
	}{
		{node.RunOK, status(0), cli.OK},
		{node.RunFailed, status(7), 7},
		{node.RunFailed, status(0), cli.Failed},
		{node.RunFailed, status(-1), cli.Failed},
		{node.RunFailed, status(256), cli.Failed},
		{node.RunFailed, nil, cli.Failed},
		{node.RunTimeout, status(143), 143},
		{node.RunCancelled, status(143), cli.Interrupted},
		{node.RunInterrupted, nil, cli.Failed},
		{node.RunSkipped, nil, cli.Refused},
		{node.RunMissed, nil, cli.Refused},
	} {
		var said bytes.Buffer
		err := verdictOf(&cli.Call{Stdio: cli.Stdio{Err: &said}}, node.Run{ID: 3, State: c.state, Exit: c.exit})
		got := cli.OK
		if err != nil {
			got = cli.Verdict(err)
		}
		if got != c.want {
			t.Errorf("%s, %v: %d, want %d", c.state, c.exit, got, c.want)
		}
	}
}

// TestTasksAreCheckedAlike holds that a program that is read again and again
// remembers nothing of the line before.
func TestTasksAreCheckedAlike(t *testing.T) {
	check := checkTasks()
	for range 3 {
		for text, right := range map[string]bool{
			"report queue --by day": true, "report queue": true, "sync --resolve primary queue/a": true, "sync": true,
			"sync --dirft keep": false, "export --feed pbx --follow": false, "history": false,
		} {
			one, err := task.Parse(text)
			if err == nil {
				err = check(one)
			}
			if (err == nil) != right {
				t.Errorf("%s: %v", text, err)
			}
			if one.Kind != "" && (one.Check(readVerb) == nil) != right {
				t.Errorf("%s: not as a program that was just made has it", text)
			}
		}
	}
}

// Of many changes only the timetables that are told of are read, and all that
// these go by.
func TestWhoseForecastsAreTold(t *testing.T) {
	change := func(kind, key string, body admin.Body) admin.Change {
		return admin.Change{Kind: kind, Key: key, After: body}
	}
	all := []admin.Change{
		change("timetable", "gone", nil), change("timetable", "a", admin.Body{}), change("timetable", "b", admin.Body{}),
		change("timetable", "c", admin.Body{}), change("calendar", "office", nil), change("setting", "time_zone", admin.Body{}),
	}
	var keys []string
	for _, c := range firstTimetables(all, 2) {
		keys = append(keys, c.Key)
	}
	if want := []string{"a", "b", "office", "time_zone"}; !slices.Equal(keys, want) {
		t.Errorf("%v, want %v", keys, want)
	}
}
