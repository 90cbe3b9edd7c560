package engine

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// final returns the last attempt at each slot, and complains of a slot that has
// none, or whose last attempt has not ended.
func final(t testing.TB, s *server, tt timetable.Timetable, over record.Span) map[record.Instant]node.Run {
	t.Helper()
	last := map[record.Instant]node.Run{}
	for _, r := range s.runs(tt.ID) {
		if old, ok := last[r.Slot]; ok && (old.Attempt >= r.Attempt || !old.State.Final()) {
			t.Errorf("%s: slot %v: attempt %d is %s behind attempt %d", tt.ID, r.Slot, r.Attempt, r.State, old.Attempt)
		}
		last[r.Slot] = r
	}
	for at := over.From.Time(); ; {
		slot, ok := tt.Schedule.Next(at)
		if !ok || record.At(slot) >= over.To {
			return last
		}
		if r, ok := last[record.At(slot)]; !ok || !r.State.Final() {
			t.Errorf("%s: slot %v has the row %+v", tt.ID, slot, r)
		}
		at = slot
	}
}

// A power cut in front of or behind any step of the ledger: each slot has one
// final row after the restart, and the tasks of what may run once alone began
// once at most.
func TestKilledAtEachStepOfTheLedger(t *testing.T) {
	for _, crash := range []string{"at_most_once", "at_least_once"} {
		for step := 1; ; step++ {
			died := false
			in(t, node.Primary, []timetable.Timetable{
				read(t, "a", admin.Body{"schedule": "*/2 * * * *", "after_crash": crash, "catch_up": "all", "overlap": "queue"}),
				read(t, "b", admin.Body{"schedule": "*/3 * * * *", "after_crash": crash, "catch_up": "all", "overlap": "cancel"}),
			}, func(t *testing.T, s *server) {
				s.took = func(j task.Job) (time.Duration, task.State) { return 132 * time.Second, task.OK }
				from := record.At(time.Now())
				s.start()
				synctest.Wait() // it has seen them: from here on they have a cursor
				s.mu.Lock()
				s.left = step
				s.mu.Unlock()
				later(8 * time.Minute)
				s.mu.Lock()
				died = s.dead
				s.mu.Unlock()
				s.kill()
				s.change(func() { s.took = nil })
				s.start()
				later(11 * time.Minute)
				s.stop()
				for _, tt := range s.list {
					for slot, r := range final(t, s, tt, record.Span{From: from, To: record.At(time.Now())}) {
						began := s.ran[ran{tt.ID, slot}]
						if crash == "at_most_once" && began > 1 {
							t.Errorf("step %d: %s began %d times at %v", step, tt.ID, began, slot)
						}
						if overlapped := r.State == node.RunSkipped || r.Reason == WhyOverlap; crash == "at_least_once" && began == 0 && !overlapped {
							t.Errorf("step %d: %s never began at %v: %s %s", step, tt.ID, slot, r.State, r.Reason)
						}
					}
				}
			})
			if !died {
				if t.Logf("%s: %d steps", crash, step); step < 20 {
					t.Errorf("only %d steps", step)
				}
				break
			}
		}
	}
}

func TestAQuarter(t *testing.T) {
	if draws.Raced {
		t.Skip("the race detector gives up on goroutines that have done so much")
	}
	someDays(t, 92)
}

// someDays of a primary that is stopped, killed, paused, maintained and asleep:
// every slot has its one row, and says why if it did not run.
func someDays(t *testing.T, days int) {
	t.Helper()
	list := []timetable.Timetable{
		read(t, "night", admin.Body{"schedule": "30 2 * * *", "zone": "America/New_York", "tasks": []string{"backup full"}}),
		read(t, "half", admin.Body{"schedule": "0 */12 * * *", "zone": "Australia/Lord_Howe", "overlap": "queue"}),
		read(t, "month", admin.Body{"schedule": "0 0 1 * *", "zone": "Africa/Cairo", "catch_up": "all", "retries": int64(1)}),
		read(t, "often", admin.Body{"schedule": "every 3h", "catch_up": "skip", "calendar": "night"}),
	}
	in(t, node.Primary, list, func(t *testing.T, s *server) {
		n := 0
		s.took = func(job task.Job) (time.Duration, task.State) {
			if n++; n%70 == 0 {
				return 15 * time.Hour, task.Failed // beyond the next slot
			}
			return time.Duration(n%50) * time.Second, task.OK
		}
		from := record.At(time.Now())
		s.calm()
		s.start()
		for day := range days {
			later(24*time.Hour - time.Duration(day)*time.Minute)
			switch {
			case day%31 == 30:
				s.kill()
				later(time.Duration(day) * 10 * time.Minute)
				s.start()
			case day%17 == 16:
				s.stop()
				later(time.Duration(day) * time.Minute)
				s.start()
			case day%23 == 22:
				m := node.Maintenance{On: true, Actor: "ann", Until: record.At(time.Now()).Add(5 * time.Hour)}
				if _, err := s.db.SetMaintenance(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				s.calm()
			case day%29 == 28:
				s.change(func() { s.behind += 90 * time.Minute })
			}
			later(time.Duration(day) * time.Minute)
		}
		later(12 * time.Hour)
		s.stop()
		s.start()
		later(6 * time.Hour)
		s.change(func() { s.took = nil })
		s.stop()
		states := map[string]int{}
		for _, tt := range list {
			for _, r := range final(t, s, tt, record.Span{From: from, To: record.At(s.now()) - 7*record.Hour}) {
				states[fmt.Sprint(r.State, " ", r.Reason)]++
			}
		}
		for _, want := range []string{"ok ", "failed ", "missed down", "missed maintenance", "skipped calendar", "missed clock-step", "skipped overlap"} {
			if states[want] == 0 {
				t.Errorf("none is %q: %v", want, states)
			}
		}
	})
}

// The role moves in order: what the old primary told it had not begun runs on
// the new one, and what it ran does not run again.
func TestHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, read(t, "h", admin.Body{"schedule": "*/10 * * * *"}), read(t, "both", admin.Body{"schedule": "*/10 * * * *", "runs_on": "both"}))
		defer p.close()
		p.a.start()
		p.b.start()
		later(25 * time.Minute)
		p.a.become(node.Secondary, p.next())
		later(6 * time.Minute) // 00:31: nobody is primary at 00:30
		p.tell()
		p.b.change(func() { p.b.twinStopped = true })
		p.b.become(node.Primary, p.next())
		later(15 * time.Minute)
		p.a.stop()
		p.b.stop()
		wantLedger(t, p.a, "h", "00:10 ok, 00:20 ok")
		wantLedger(t, p.b, "h", "00:30 ok, 00:40 ok")
		wantLedger(t, p.a, "both", "00:10 ok, 00:20 ok, 00:30 ok, 00:40 ok")
		wantLedger(t, p.b, "both", "00:10 ok, 00:20 ok, 00:30 ok, 00:40 ok")
	})
}
