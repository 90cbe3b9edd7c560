package engine

import (
	"errors"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// A run that fails in the moment in which the role goes cannot be tried again:
// that must not keep the engine from seeing that the role is gone.
func TestAFailureInTheMomentInWhichTheRoleGoes(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{
		read(t, "h", admin.Body{"retries": int64(2)}), read(t, "long", admin.Body{}), read(t, "both", admin.Body{"runs_on": "both"}),
	}, func(t *testing.T, s *server) {
		s.took = func(j task.Job) (time.Duration, task.State) {
			if j.Timetable == "h" {
				return 10*time.Minute + time.Second/2, task.Failed
			}
			return 30 * time.Minute, task.OK
		}
		s.start()
		later(time.Hour + 10*time.Minute + time.Second/4)
		if _, err := s.db.Seen(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		later(2 * time.Second)
		wantLedger(t, s, "h", "01:00 failed")
		wantLedger(t, s, "long", "01:00 cancelled role")
		later(time.Hour)
		s.stop()
		wantLedger(t, s, "both", "01:00 ok, 02:00 interrupted twind stopped, 02:00 claimed (2)")
	})
}

// An error that does not pass by itself ends the engine, and is told.
func TestAnErrorOfTheLedgerIsTold(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{})}, func(t *testing.T, s *server) {
		s.start()
		later(time.Minute)
		s.change(func() { s.dead = true })
		later(time.Hour)
		select {
		case err := <-s.done:
			if !errors.Is(err, errDead) {
				t.Errorf("ended with %v", err)
			}
		default:
			t.Error("the engine does nothing any more, and says nothing")
			s.cancel()
			<-s.done
		}
	})
}
