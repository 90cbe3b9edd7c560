package faults

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// stubborn is the job whose program heeds no SIGTERM, nor does its child.
const stubborn = "stubborn"

// A job is a timetable of one slot, soon, whose program has a child and runs on.
type job struct {
	t    *testing.T
	s    *server
	name string
	pids string // file with the pids of all that it started
}

func newJob(t *testing.T, s *server, name string, fields ...string) *job {
	t.Helper()
	dir := t.TempDir()
	j := &job{t, s, name, filepath.Join(dir, "pids")}
	program := filepath.Join(dir, name)
	text := fmt.Sprintf("#!/bin/sh\nsleep 1000 &\necho $$ $! >>%s\nwait\n", j.pids)
	if name == stubborn {
		text = strings.Replace(text, "\n", "\ntrap '' TERM\n", 1)
	}
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(4 * time.Second).UTC().Format(time.RFC3339)
	if !slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "schedule=") }) {
		fields = append(fields, "schedule=at "+at)
	}
	ctl(t, append([]string{"admin", "timetable", "set", name, "tasks=exec " + program, "--config", s.config}, fields...)...)
	return j
}

// began tells how often the program did.
func (j *job) began() int { return len(j.started()) / 2 }

func (j *job) started() []string {
	text, err := os.ReadFile(j.pids)
	if err != nil && !os.IsNotExist(err) {
		j.t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// left returns the processes of it that there are.
func (j *job) left() (all []string) {
	for _, word := range j.started() {
		pid, err := strconv.Atoi(word)
		if err != nil {
			j.t.Fatal(err)
		}
		if syscall.Kill(pid, 0) == nil {
			all = append(all, word)
		}
	}
	return all
}

// rows writes the ledger of it: "interrupted down, running (2)".
func (j *job) rows() string {
	j.t.Helper()
	var doc struct {
		Runs []struct {
			State, Reason string
			Attempt       int
		}
	}
	text := ctl(j.t, "run", "list", "--timetable", j.name, "--json", "--config", j.s.config)
	if err := json.Unmarshal(text, &doc); err != nil {
		j.t.Fatal(err)
	}
	var all []string
	for _, r := range doc.Runs {
		row := strings.TrimSpace(r.State + " " + r.Reason)
		if r.Attempt > 1 {
			row += fmt.Sprintf(" (%d)", r.Attempt)
		}
		all = append(all, row)
	}
	return strings.Join(all, ", ")
}

func (j *job) becomes(want string) {
	j.t.Helper()
	eventually(j.t, j.name+" to be: "+want, func() bool { return j.rows() == want })
}

// TestKillWhileATimetableRuns demands that nothing is left of what ran when
// twind was killed, and that it is run again if, and only if, it may be.
func TestKillWhileATimetableRuns(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.start()
	once := newJob(t, s, "once") // exec is nothing that may be run twice
	twice := newJob(t, s, "twice", "after_crash=at_least_once")
	stays := newJob(t, s, stubborn, "after_crash=at_least_once")
	eventually(t, "all to run", func() bool { return once.began() == 1 && twice.began() == 1 && stays.began() == 1 })
	s.kill()
	eventually(t, "nothing to be left", func() bool { return len(once.left())+len(twice.left())+len(stays.left()) == 0 })
	s.start()
	eventually(t, "two of them to run again", func() bool { return twice.began() == 2 && stays.began() == 2 })
	once.becomes("interrupted down")
	twice.becomes("interrupted down, running (2)")
	s.stop()
	if left := append(twice.left(), stays.left()...); len(left) > 0 {
		t.Errorf("an orderly end leaves %v", left)
	}
	twice.becomes("interrupted down, interrupted twind stopped (2), claimed (3)")
	if once.began() != 1 {
		t.Errorf("what may not be run twice began %d times", once.began())
	}
}

// TestRoleLostEndsWhatOnlyThePrimaryRuns demands that it is ended within a
// second of a higher epoch, and that what runs on both goes on.
func TestRoleLostEndsWhatOnlyThePrimaryRuns(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.start()
	primary, both := newJob(t, s, "primary"), newJob(t, s, "both", "runs_on=both")
	eventually(t, "both to run", func() bool { return primary.began() == 1 && both.began() == 1 })
	n, err := node.Open(t.Context(), filepath.Join(s.data, node.File), store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if raised, err := n.Seen(t.Context(), 8); err != nil || !raised {
		t.Fatal(raised, err)
	}
	heard := time.Now()
	eventually(t, "the one to be ended", func() bool { return len(primary.left()) == 0 })
	if took := time.Since(heard); took > time.Second {
		t.Errorf("it took %s", took)
	}
	primary.becomes("cancelled role")
	if rows := both.rows(); rows != "running" || len(both.left()) != 2 {
		t.Errorf("what runs on both: %s, processes %v", rows, both.left())
	}
	s.stop()
}

// TestAskedToRun asks twind for what people may ask of timetables.
func TestAskedToRun(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := newJob(t, s, "long", "schedule=manual")
	ctl(t, "admin", "timetable", "set", "quick", "schedule=every 1s", "tasks=exec /bin/true", "runs_on=secondary", "--config", s.config)
	s.start()
	n, err := node.Open(t.Context(), filepath.Join(s.data, node.File), store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ask := func(verb string, args, answer any, exit int) string {
		t.Helper()
		text, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		a, err := n.Ask(t.Context(), node.Request{Verb: verb, Args: text, Actor: "ann"}, nil)
		if err != nil || a.Exit != exit {
			t.Fatalf("%s: %+v: %v", verb, a, err)
		}
		if answer != nil {
			if err := json.Unmarshal([]byte(a.Text), answer); err != nil {
				t.Fatal(err)
			}
		}
		return a.Text
	}
	key := func(name string) string {
		var row struct{ Key string }
		if err := json.Unmarshal(ctl(t, "admin", "timetable", "show", name, "--json", "--config", s.config), &row); err != nil {
			t.Fatal(err)
		}
		return row.Key
	}
	var run app.RunAnswer
	ask(app.RunTimetable, app.RunArgs{ID: key("long")}, &run, 0)
	eventually(t, "it to run", func() bool { return long.began() == 1 })
	ask(app.RunTimetable, app.RunArgs{ID: key("long")}, nil, 9)
	ask(app.RunTimetable, app.RunArgs{ID: "aaaaaaaaaaaaaaaa"}, nil, 2)
	if said := ask(app.RunTimetable, app.RunArgs{ID: key("quick")}, nil, 4); !strings.Contains(said, "it runs on secondary") {
		t.Error(said)
	}
	ask(app.CancelRun, app.CancelArgs(run), nil, 0)
	long.becomes("cancelled by ann")
	if left := long.left(); len(left) > 0 {
		t.Errorf("a cancelled run leaves %v", left)
	}
	ask(app.CancelRun, app.CancelArgs(run), nil, 4)
	ask(app.CancelRun, app.CancelArgs{Run: 99}, nil, 2)
	ctl(t, "admin", "timetable", "set", "quick", "runs_on=primary", "--config", s.config)
	now := node.Moment(record.At(time.Now()))
	minute := app.BackfillArgs{ID: key("quick"), From: now - node.Moment(10*record.Second), To: now - node.Moment(5*record.Second)}
	var fill app.BackfillAnswer
	eventually(t, "slots of before to be claimed", func() bool { // the edit counts a moment later
		a, err := n.Ask(t.Context(), node.Request{Verb: app.BackfillTimetable, Args: asJSON(t, minute), Actor: "ann"}, nil)
		return err == nil && a.Exit == 0 && json.Unmarshal([]byte(a.Text), &fill) == nil
	})
	if len(fill.Runs) < 4 || len(fill.Runs) > 6 {
		t.Errorf("backfill ran %v", fill.Runs)
	}
	ask(app.BackfillTimetable, app.BackfillArgs{ID: key("quick"), From: now, To: now}, nil, 2)
	if !s.audited(app.CancelRun) || !s.audited(app.BackfillTimetable) || !s.audited(app.RunTimetable) {
		t.Error("what was asked for is not in the audit")
	}
	s.stop()
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
