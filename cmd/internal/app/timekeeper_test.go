package app

import (
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// What is wrong with timetables is told, each until it is right.
func TestTimetableAlarms(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	s.timekeeper.tasks.twinctl = "" // nothing can run here
	edits(t, s.data.Admin,
		admin.Edit{Kind: "user", Key: "bob", Body: admin.Body{}},
		admin.Edit{Kind: "timetable", Body: admin.Body{"name": "never", "schedule": "0 0 31 2 *", "tasks": []string{"check"}}},
		admin.Edit{Kind: "timetable", Body: admin.Body{"name": "his", "schedule": "@yearly", "tasks": []string{"sync"}, "owner": "bob"}},
		admin.Edit{Kind: "timetable", Body: admin.Body{"name": "late", "schedule": "every 1s", "tasks": []string{"check"}, "must_finish_s": int64(1)}},
		admin.Edit{Kind: "timetable", Body: admin.Body{"name": "tired", "schedule": "@yearly", "tasks": []string{"check"}, "paused": true, "pause_reason": "it failed 3 times in a row"}},
	)
	await.Run(t, s.timekeeper.run)
	codes := func() (all []string) {
		var cs concerns
		s.timekeeper.alarms(&cs, time.Now())
		for _, c := range cs {
			all = append(all, c.code+" "+c.of)
		}
		slices.Sort(all)
		return all
	}
	want := []string{"timetable_failed late", "timetable_late late", "timetable_problem his", "timetable_problem tired", "timetable_unreadable never"}
	await.Until(t, "each is told", func() bool { return slices.Equal(codes(), want) })
	d := s.timekeeper.describe()
	if d.Total != 3 || d.Unreadable != 1 || d.Armed != 3 || d.Paused != 1 || d.Next == nil || d.Next.Timetable != "late" {
		t.Errorf("%+v", d)
	}
	w := httptest.NewRecorder()
	s.metrics.handler(s).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	for _, line := range []string{`twin_timetables{state="armed"} 3`, `twin_timetables{state="unreadable"} 1`, `twin_runs_total{state="skipped"} `, "twin_runs_running 0"} {
		if !strings.Contains(w.Body.String(), line) {
			t.Errorf("no metric %s", line)
		}
	}
	rows, err := s.data.Node.Runs(t.Context(), node.RunQuery{States: []node.RunState{node.RunSkipped}})
	if err != nil || len(rows) == 0 || rows[0].Reason != "precondition: twinctl is neither beside twind nor in PATH" {
		t.Errorf("%+v: %v", rows, err)
	}
	list, err := s.data.Admin.Rows(t.Context(), "timetable", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range list {
		edits(t, s.data.Admin, admin.Edit{Kind: row.Kind, Key: row.Key})
	}
	await.Until(t, "nothing is told", func() bool { return len(codes()) == 0 && s.timekeeper.describe() == nil })
}

// A timetable that pauses itself is changed as if a person did it.
func TestTimetablePausesItself(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	edits(t, s.data.Admin, admin.Edit{Kind: "timetable", Body: admin.Body{"name": "a", "schedule": "@daily", "tasks": []string{"check"}}})
	list, err := Timetables(t.Context(), s.data.Admin, sound)
	if err != nil {
		t.Fatal(err)
	}
	id := list.Timetables[0].ID
	if err := s.timekeeper.pause(t.Context(), timetable.Timetable{ID: id}, "it failed 3 times in a row"); err != nil {
		t.Fatal(err)
	}
	row, err := s.data.Admin.Row(t.Context(), admin.Name{Kind: "timetable", Key: id})
	if err != nil || !row.Body.Bool("paused") || row.Body.Text("pause_reason") != "it failed 3 times in a row" {
		t.Errorf("%+v: %v", row, err)
	}
	log, err := s.data.Admin.Log(t.Context(), 0, 1)
	if err != nil || log[0].Actor != byItself || log[0].Verb != "timetable.pause" {
		t.Errorf("%+v: %v", log, err)
	}
}

// Outputs are removed by their names below data/runs, and nothing else is.
func TestRemoveOutputs(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	if err := s.timekeeper.remove([]string{"1.log"}); err != nil {
		t.Errorf("no folder: %v", err)
	}
	runs := filepath.Join(s.data.Dir, runsDir)
	if err := os.Mkdir(runs, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"1.log", "2.log"} {
		if err := os.WriteFile(filepath.Join(runs, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.timekeeper.remove([]string{"1.log", "3.log"}); err != nil {
		t.Error(err)
	}
	if err := s.timekeeper.remove([]string{"../node.db"}); err == nil {
		t.Error("what lies elsewhere was removed")
	}
	left, err := os.ReadDir(runs)
	if err != nil || len(left) != 1 || left[0].Name() != "2.log" {
		t.Errorf("%v: %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(s.data.Dir, node.File)); err != nil {
		t.Error(err)
	}
}

// Only the last attempt at a slot tells whether a timetable failed, and a
// restart changes nothing of that.
func TestLastFailed(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	l := newBookedLedger(data.Node)
	slot := record.At(time.Now()) / record.Second * record.Second
	claim := func(slot record.Instant, attempt int) int64 {
		t.Helper()
		rows, err := l.ClaimRuns(t.Context(), 1, []node.Claim{{Timetable: "a", Name: "a", Slot: slot, Attempt: attempt, Trigger: "schedule", State: node.RunClaimed}})
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		return rows[0].ID
	}
	why := ""
	end := func(id int64, state node.RunState, failed int) {
		t.Helper()
		if state != node.RunSkipped {
			if err := l.StartRun(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.EndRun(t.Context(), id, node.RunEnd{State: state, Reason: why}); err != nil {
			t.Fatal(err)
		}
		if got := l.lastFailed(); len(got) != failed {
			t.Errorf("run %d %s: failed last are %v", id, state, got)
		}
	}
	first := claim(slot, 1)
	again := claim(slot, 2) // it is tried again, which is noted first
	end(first, node.RunFailed, 0)
	end(again, node.RunFailed, 1)
	end(claim(slot+record.Second, 1), node.RunSkipped, 1)
	next := newBookedLedger(data.Node)
	if err := next.begin(t.Context()); err != nil || len(next.lastFailed()) != 1 || next.lastFailed()["a"].ID != again {
		t.Errorf("after a restart %v: %v", next.lastFailed(), err)
	}
	end(claim(slot+2*record.Second, 1), node.RunOK, 0)
	next = newBookedLedger(data.Node)
	if err := next.begin(t.Context()); err != nil || len(next.lastFailed()) != 0 {
		t.Errorf("after a restart %v: %v", next.lastFailed(), err)
	}
	why = "precondition: sync: this server has no twin"
	end(claim(slot+3*record.Second, 1), node.RunSkipped, 0)
	why = "precondition: backup: backup.directory: twind cannot write there"
	lacking := claim(slot+4*record.Second, 1)
	end(lacking, node.RunSkipped, 1)
	next = newBookedLedger(data.Node)
	if err := next.begin(t.Context()); err != nil || next.lastFailed()["a"].ID != lacking {
		t.Errorf("after a restart %v: %v", next.lastFailed(), err)
	}
	if c := l.counts(); c[node.RunFailed] != 2 || c[node.RunOK] != 1 || c[node.RunSkipped] != 3 {
		t.Errorf("%v", c)
	}
}

// twind knows no verbs of twinctl, and still what no task may say.
func TestSound(t *testing.T) {
	for text, wrong := range map[string]bool{
		"report queue --by day": false, "sync --drift keep": false, "exec /bin/true": false, "history-verify": true,
		"exec true": true, "export --follow --feed a": true, "report queue --into out.csv": true,
	} {
		one, err := task.Parse(text)
		if err == nil {
			err = sound(one)
		}
		if (err != nil) != wrong {
			t.Errorf("%s: %v", text, err)
		}
	}
}
