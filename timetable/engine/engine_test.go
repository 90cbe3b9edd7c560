package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// in runs a test under synctest, with a server of a role and its timetables.
func in(t *testing.T, role node.Role, list []timetable.Timetable, test func(*testing.T, *server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, "cms-a", role)
		defer func() {
			if err := s.db.Close(); err != nil {
				t.Error(err)
			}
		}()
		s.list = list
		test(t, s)
	})
}

// ledger writes down what became of the slots of a timetable: "00:15 ok, 00:30 skipped overlap".
func ledger(s *server, id string) string {
	var all []string
	for _, r := range s.runs(id) {
		text := r.Slot.Time().Format("15:04 ") + string(r.State)
		if r.Reason != "" {
			text += " " + r.Reason
		}
		if r.Attempt > 1 {
			text += fmt.Sprintf(" (%d)", r.Attempt)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func wantLedger(t *testing.T, s *server, id, want string) {
	t.Helper()
	if got := ledger(s, id); got != want {
		t.Errorf("ledger of %s:\n%s, want\n%s", id, got, want)
	}
}

func TestARunAtEachSlot(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{
		read(t, "quarter", admin.Body{"schedule": "*/15 * * * *"}),
		read(t, "there", admin.Body{"schedule": "*/15 * * * *", "runs_on": "secondary"}),
		read(t, "night", admin.Body{"schedule": "*/15 * * * *", "not_on": "night"}),
	}, func(t *testing.T, s *server) {
		s.start()
		later(50 * time.Minute)
		s.stop()
		wantLedger(t, s, "quarter", "00:15 ok, 00:30 ok, 00:45 ok")
		wantLedger(t, s, "there", "")
		wantLedger(t, s, "night", "00:15 skipped calendar, 00:30 skipped calendar, 00:45 skipped calendar")
		for _, r := range s.runs("quarter") {
			if late := r.Started.Sub(r.Slot); late < 0 || late > time.Millisecond || r.Trigger != BySchedule || r.Epoch != 1 {
				t.Errorf("run %+v", r)
			}
		}
	})
}

func TestOverlaps(t *testing.T) {
	long := func(task.Job) (time.Duration, task.State) { return 20 * time.Minute, task.OK }
	for overlap, want := range map[string]string{
		"skip":   "00:15 ok, 00:30 skipped overlap, 00:45 ok, 01:00 skipped overlap",
		"queue":  "00:15 ok, 00:30 ok, 00:45 interrupted twind stopped, 00:45 claimed (2), 01:00 claimed",
		"cancel": "00:15 cancelled overlap, 00:30 cancelled overlap, 00:45 cancelled overlap, 01:00 interrupted twind stopped, 01:00 claimed (2)",
		"allow":  "00:15 ok, 00:30 ok, 00:45 ok, 01:00 interrupted twind stopped, 01:00 claimed (2)",
	} {
		t.Run(overlap, func(t *testing.T) {
			in(t, node.Primary, []timetable.Timetable{read(t, "q", admin.Body{"schedule": "*/15 * * * *", "overlap": overlap})}, func(t *testing.T, s *server) {
				s.change(func() { s.took = long })
				s.start()
				later(74*time.Minute + 30*time.Second)
				s.stop()
				wantLedger(t, s, "q", want)
			})
		})
	}
}

func TestAtMostFiveAtOnce(t *testing.T) {
	var list []timetable.Timetable
	for i := range 8 {
		list = append(list, read(t, fmt.Sprint("t", i), admin.Body{"schedule": "0 1 * * *"}))
	}
	in(t, node.Primary, list, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return 10 * time.Minute, task.OK }
		s.start()
		later(time.Hour + time.Minute)
		if st := s.engine.State(); len(st.Running) != 5 || st.Waiting != 3 || st.Armed != 8 {
			t.Errorf("%d run and %d wait of %d", len(st.Running), st.Waiting, st.Armed)
		}
		later(20 * time.Minute)
		s.stop()
		for _, tt := range list {
			wantLedger(t, s, tt.ID, "01:00 ok")
		}
	})
}

func TestWhatPassedWhileItWasDown(t *testing.T) {
	for catchUp, want := range map[string]string{
		"skip":   "01:00 ok, 02:00 missed down, 03:00 missed down, 04:00 missed down, 05:00 ok",
		"latest": "01:00 ok, 02:00 missed down, 03:00 missed down, 04:00 ok, 05:00 ok",
		"all":    "01:00 ok, 02:00 ok, 03:00 ok, 04:00 ok, 05:00 ok",
	} {
		t.Run(catchUp, func(t *testing.T) {
			in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{"catch_up": catchUp, "spacing_s": int64(60)})}, func(t *testing.T, s *server) {
				s.start()
				later(90 * time.Minute)
				s.kill()
				later(3 * time.Hour)
				s.start()
				later(time.Hour)
				s.stop()
				wantLedger(t, s, "h", want)
				if catchUp == "all" {
					runs := s.runs("h")
					if apart := runs[3].Started.Sub(runs[2].Started); apart != time.Minute {
						t.Errorf("made up for %v apart", apart)
					}
				}
			})
		})
	}
}

func TestRetriesAndThePauseBehindThem(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{
		read(t, "h", admin.Body{"retries": int64(2), "retry_delay_s": int64(60), "pause_after": int64(2), "must_finish_s": int64(600)}),
	}, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return time.Second, task.Failed }
		s.start()
		later(90 * time.Minute)
		if owed := s.engine.State().Owed; len(owed) != 1 || owed[0].By.Sub(owed[0].Slot) != 10*time.Minute {
			t.Errorf("owed %+v", owed)
		}
		later(2 * time.Hour)
		s.stop()
		wantLedger(t, s, "h", "01:00 failed, 01:00 failed (2), 01:00 failed (3), 02:00 failed, 02:00 failed (2), 02:00 failed (3), 03:00 skipped paused")
		if got := s.runs("h"); got[1].Started.Sub(got[0].Ended) != time.Minute || got[2].Started.Sub(got[1].Ended) != 2*time.Minute {
			t.Errorf("tried again after %v and %v", got[1].Started.Sub(got[0].Ended), got[2].Started.Sub(got[1].Ended))
		}
		if got := fmt.Sprint(s.paused); got != "[h: it failed 2 times in a row]" {
			t.Errorf("paused %s", got)
		}
	})
}

func TestMaintenanceAndAHold(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{"catch_up": "skip"}), read(t, "both", admin.Body{"runs_on": "both"})}, func(t *testing.T, s *server) {
		s.change(func() { s.held = "the twin was not asked" })
		s.start()
		later(150 * time.Minute)
		if st := s.engine.State(); st.Held != 1 {
			t.Errorf("%d held", st.Held)
		}
		s.change(func() { s.held = "" })
		s.engine.Wake()
		later(time.Second)
		if _, err := s.db.SetMaintenance(t.Context(), node.Maintenance{On: true, Reason: "disks", Actor: "ann"}); err != nil {
			t.Fatal(err)
		}
		later(time.Hour)
		if _, err := s.engine.Start(t.Context(), "h", "ann"); !errors.Is(err, ErrMaintenance) {
			t.Errorf("started: %v", err)
		}
		if _, err := s.db.SetMaintenance(t.Context(), node.Maintenance{Actor: "ann"}); err != nil {
			t.Fatal(err)
		}
		later(time.Hour)
		s.stop()
		wantLedger(t, s, "h", "01:00 missed held, 02:00 ok, 03:00 missed maintenance, 04:00 ok")
		wantLedger(t, s, "both", "01:00 ok, 02:00 ok, 03:00 missed maintenance, 04:00 ok")
	})
}

func TestTheClockIsSet(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{"catch_up": "skip"})}, func(t *testing.T, s *server) {
		s.start()
		later(90 * time.Minute)
		s.change(func() { s.behind = 4 * time.Hour }) // it is 05:30 all of a sudden
		later(time.Minute)
		if st := s.engine.State(); st.Step != 4*time.Hour {
			t.Errorf("stepped by %v", st.Step)
		}
		s.change(func() { s.behind = 0 }) // and it was wrong: 01:31 again
		later(2 * time.Hour)
		s.stop()
		wantLedger(t, s, "h", "01:00 ok, 02:00 missed clock-step, 02:00 ok (2), 03:00 missed clock-step, 03:00 ok (2), 04:00 missed clock-step, 05:00 missed clock-step")
	})
}

// TestWhoAsksIsAnsweredByWhatStandsNow demands that what a person changed a
// moment ago counts: a timetable that was just made starts, and behind a
// maintenance that just began none does.
func TestWhoAsksIsAnsweredByWhatStandsNow(t *testing.T) {
	in(t, node.Primary, nil, func(t *testing.T, s *server) {
		s.start()
		later(time.Second)
		s.change(func() { s.list, s.gen = append(s.list, read(t, "h", admin.Body{"schedule": "manual"})), s.gen+1 })
		if _, err := s.engine.Start(t.Context(), "h", "ann"); err != nil {
			t.Error(err)
		}
		later(time.Second)
		if _, err := s.db.SetMaintenance(t.Context(), node.Maintenance{On: true, Reason: "disks", Actor: "ann"}); err != nil {
			t.Fatal(err)
		}
		s.change(func() {})
		if _, err := s.engine.Start(t.Context(), "h", "ann"); !errors.Is(err, ErrMaintenance) {
			t.Errorf("started: %v", err)
		}
		s.stop()
	})
}

func TestPeopleStartAndCancel(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{
		read(t, "h", admin.Body{"schedule": "manual"}), read(t, "there", admin.Body{"runs_on": "secondary"}),
	}, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return time.Hour, task.OK }
		s.start()
		later(time.Minute)
		run, err := s.engine.Start(t.Context(), "h", "ann")
		if err != nil || run.Actor != "ann" || run.Trigger != ByPerson {
			t.Fatalf("started %+v: %v", run, err)
		}
		later(time.Minute)
		if _, err := s.engine.Start(t.Context(), "h", "bob"); !errors.Is(err, ErrOverlap) {
			t.Errorf("started twice: %v", err)
		}
		if _, err := s.engine.Start(t.Context(), "there", "bob"); !errors.Is(err, ErrNotHere) {
			t.Errorf("started there: %v", err)
		}
		if _, err := s.engine.Start(t.Context(), "none", "bob"); !errors.Is(err, ErrNoTimetable) {
			t.Errorf("started none: %v", err)
		}
		if err := s.engine.Cancel(t.Context(), run.ID, "bob"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := s.engine.Cancel(t.Context(), run.ID, "bob"); !errors.Is(err, ErrNotRunning) {
			t.Errorf("cancelled twice: %v", err)
		}
		s.stop()
		wantLedger(t, s, "h", "00:01 cancelled by bob")
	})
}

func TestBackfill(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{})}, func(t *testing.T, s *server) {
		s.took = func(j task.Job) (time.Duration, task.State) {
			if j.Slot.Hour() == 2 && time.Now().Hour() < 4 {
				return 0, task.Failed
			}
			return 0, task.OK
		}
		s.start()
		from := record.At(time.Now()) + record.Second
		later(4 * time.Hour)
		b := Backfill{Timetable: "h", Span: record.Span{From: from, To: from + record.Day}, Actor: "ann"}
		if rows, err := s.engine.Backfill(t.Context(), b); err != nil || len(rows) != 0 {
			t.Errorf("backfill of nothing: %v, %v", rows, err)
		}
		b.Failed = true
		if rows, err := s.engine.Backfill(t.Context(), b); err != nil || len(rows) != 1 {
			t.Errorf("backfill: %v, %v", rows, err)
		}
		later(time.Minute)
		s.stop()
		wantLedger(t, s, "h", "01:00 ok, 02:00 failed, 02:00 ok (2), 03:00 ok, 04:00 ok")
	})
}

func TestEdits(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{}), read(t, "gone", admin.Body{})}, func(t *testing.T, s *server) {
		s.start()
		later(90 * time.Minute)
		list := []timetable.Timetable{read(t, "h", admin.Body{"schedule": "*/20 * * * *"}), read(t, "new", admin.Body{})}
		s.change(func() { s.list = list })
		s.change(func() { s.gen++ })
		later(time.Hour)
		s.stop()
		wantLedger(t, s, "h", "01:00 ok, 01:40 ok, 02:00 ok, 02:20 ok")
		wantLedger(t, s, "gone", "01:00 ok")
		wantLedger(t, s, "new", "02:00 ok")
	})
}

// Who hears of a higher epoch cancels within a second.
func TestARoleThatIsLost(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{
		read(t, "h", admin.Body{}), read(t, "both", admin.Body{"runs_on": "both"}), read(t, "queued", admin.Body{"schedule": "*/20 * * * *", "overlap": "queue"}),
	}, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return 45 * time.Minute, task.OK }
		s.start()
		later(time.Hour + 10*time.Minute)
		if _, err := s.db.Seen(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		later(time.Second)
		synctest.Wait()
		wantLedger(t, s, "h", "01:00 cancelled role")
		wantLedger(t, s, "both", "01:00 running")
		later(2 * time.Hour)
		s.stop()
		wantLedger(t, s, "h", "01:00 cancelled role")
		wantLedger(t, s, "queued", "00:20 ok, 00:40 cancelled role, 01:00 skipped overlap")
	})
}
