package task

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name     string
		tasks    []string
		goOn     bool
		state    State
		exit     int
		reason   string // a pattern
		says     string // tasks' own lines, joined
		notBegun string
	}{
		{"all well", []string{"echo one", "echo two >&2"}, false, OK, 0, "^$", "one two", ""},
		{"stops", []string{"echo why; exit 3", "echo two", "echo three"}, false, Failed, 3, `^task 1 of 3 \(exec\): exit status 3: why$`, "why", "not begun: 2 more"},
		{"goes on", []string{"exit 3", "echo two", "exit 4"}, true, Failed, 3, `^task 1 of 3 \(exec\): exit status 3$`, "two", ""},
		{"a hint", []string{"echo why; echo Try: that; exit 3"}, false, Failed, 3, `: why$`, "why Try: that", ""},
		{"another's words", []string{"echo one", "exit 3"}, false, Failed, 3, `^task 2 of 2 \(exec\): exit status 3$`, "one", ""},
		{"a signal", []string{"kill -9 $$"}, false, Failed, 137, "exit status 137$", "", ""},
		{"nothing to do", nil, false, OK, 0, "^$", "", ""},
		{"nothing to read", []string{"read line; echo $? $line"}, false, OK, 0, "^$", "1", ""},
		{"hostile", []string{`printf '\033[2J\377\n'; exit 1`}, false, Failed, 1, `: \\x1b\[2J` + "\ufffd" + "$", "\x1b[2J\xff", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			o := r.Run(t.Context(), Job{Run: 7, Tasks: r.tasks(c.tasks...), Continue: c.goOn})
			if o.State != c.state || o.Exit != c.exit || !regexp.MustCompile(c.reason).MatchString(o.Reason) {
				t.Errorf("%s, exit %d, because %q", o.State, o.Exit, o.Reason)
			}
			var own, notBegun []string
			for line := range strings.Lines(r.said(o)) {
				line, runner := strings.CutPrefix(strings.TrimSpace(line), ours)
				if !runner {
					own = append(own, line)
				} else if strings.HasPrefix(line, "not") {
					notBegun = append(notBegun, line)
				}
			}
			if diff := cmp.Diff([2]string{c.says, c.notBegun}, [2]string{strings.Join(own, " "), strings.Join(notBegun, " ")}); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
			if o.Output != "7.log" || strings.ToValidUTF8(r.said(o), "\ufffd") != o.Tail {
				t.Errorf("output %q, tail %q", o.Output, o.Tail)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("TWIN_DATA", "/not/for/them")
	t.Setenv("SECRET", "not for them")
	t.Setenv("HOME", "/home/of/twin")
	t.Setenv("LANG", "")
	t.Setenv("TZ", "")
	r := newRig(t)
	job := Job{
		Run: 12, Timetable: "nightly\nsync", Server: "cms-a", Role: "primary", Epoch: 5,
		Slot: time.Date(2026, 11, 21, 7, 0, 0, 0, time.FixedZone("", 3600)),
	}
	exec, err := Parse("exec /usr/bin/env")
	if err != nil {
		t.Fatal(err)
	}
	job.Tasks = []Task{exec}
	var got []string
	for line := range strings.Lines(r.said(r.Run(t.Context(), job))) {
		if !strings.HasPrefix(line, ours) {
			got = append(got, strings.TrimSpace(line))
		}
	}
	slices.Sort(got)
	want := []string{
		"HOME=/home/of/twin", "LANG=C.UTF-8", "PATH=" + searchPath,
		"TWIN_CONFIG=/etc/twin/twin.toml", "TWIN_EPOCH=5", "TWIN_NODE=cms-a", "TWIN_ROLE=primary", "TWIN_RUN=12",
		"TWIN_SLOT=2026-11-21T06:00:00Z", `TWIN_TIMETABLE=nightly\nsync`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestNotStarted is what cannot be run.
func TestNotStarted(t *testing.T) {
	r := newRig(t)
	plain := r.script("plain", "")
	if err := os.Chmod(plain, 0o600); err != nil {
		t.Fatal(err)
	}
	for file, status := range map[string]int{"/no/such/program": notFound, plain: notStarted} {
		exec, err := Parse(join([]string{"exec", file}))
		if err != nil {
			t.Fatal(err)
		}
		o := r.Run(t.Context(), Job{Run: 1, Tasks: []Task{exec}})
		if o.State != Failed || o.Exit != status || !strings.Contains(o.Reason, file) {
			t.Errorf("%s: %s, exit %d, because %q", file, o.State, o.Exit, o.Reason)
		}
	}
	r.Twinctl = "/no/such/twinctl"
	o := r.Run(t.Context(), Job{Run: 2, Tasks: r.tasks("true")})
	if o.State != Failed || !strings.Contains(o.Reason, "/no/such/twinctl") {
		t.Errorf("without twinctl: %s because %q", o.State, o.Reason)
	}
}

func TestVerbs(t *testing.T) {
	r := Runner{Twinctl: "/usr/local/bin/twinctl", Config: "/c.toml", Settings: []string{"data=/d", "http.listen="}}
	verify, err := Parse("verify --feed 'a b'")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/usr/local/bin/twinctl", "--config", "/c.toml", "--no-input", "--yes", "--set", "data=/d", "--set", "http.listen=",
		"history", "verify", "--feed", "a b",
	}
	if diff := cmp.Diff(want, r.argv(verify)); diff != "" {
		t.Error(diff)
	}
}

func TestTimeouts(t *testing.T) {
	for _, c := range []struct {
		name      string
		job, task time.Duration
		goOn      bool
		reason    string
		second    bool
	}{
		{"of the task", 0, 200 * time.Millisecond, false, `^task 1 of 2 \(exec\): had not ended within 200ms, the timeout of a task$`, false},
		{"of the task, going on", time.Hour, 200 * time.Millisecond, true, `the timeout of a task$`, true},
		{"of all", 200 * time.Millisecond, time.Hour, true, `^task 1 of 2 \(exec\): had not ended within 200ms, the timeout of all tasks together$`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			o := r.Run(t.Context(), Job{Run: 1, Tasks: r.tasks("sleep 1000", "echo second"), Continue: c.goOn, Timeout: c.job, TaskTimeout: c.task})
			if o.State != Timeout || !regexp.MustCompile(c.reason).MatchString(o.Reason) || o.Exit != 143 {
				t.Errorf("%s, exit %d, because %q", o.State, o.Exit, o.Reason)
			}
			if strings.Contains(r.said(o), "\nsecond\n") != c.second {
				t.Errorf("said:\n%s", r.said(o))
			}
		})
	}
}

// TestNeverBegun is a job that nobody wants any more.
func TestNeverBegun(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("this server is no longer primary"))
	o := r.Run(ctx, Job{Run: 1, Tasks: r.tasks("echo one", "echo two")})
	if o.State != Cancelled || o.Reason != "task 1 of 2 (exec): this server is no longer primary" || strings.Contains(o.Tail, "\none") {
		t.Errorf("%+v", o)
	}
}
