package engine

import (
	"context"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// What cannot run is skipped and says why; to find out takes its time, and a
// place.
func TestReady(t *testing.T) {
	list := []timetable.Timetable{read(t, "quarter", admin.Body{"schedule": "*/15 * * * *"})}
	in(t, node.Primary, list, func(t *testing.T, s *server) {
		asked := 0
		s.ready = func(_ context.Context, tasks []task.Task) string {
			if len(tasks) != 1 {
				t.Errorf("asked of %v", tasks)
			}
			<-time.After(time.Minute)
			if asked++; asked == 2 {
				return "the disk is gone"
			}
			return ""
		}
		s.start()
		later(15*time.Minute + 30*time.Second)
		if st := s.engine.State(); st.Waiting != 1 || len(st.Running) != 0 || st.Coming[0].Name != "quarter" {
			t.Errorf("while it is asked: %+v", st)
		}
		later(30 * time.Minute)
		s.stop()
		wantLedger(t, s, "quarter", "00:15 ok, 00:30 skipped precondition: the disk is gone, 00:45 claimed")
		s.start() // the last one was being asked: it is asked again
		later(2 * time.Minute)
		s.stop()
		wantLedger(t, s, "quarter", "00:15 ok, 00:30 skipped precondition: the disk is gone, 00:45 ok")
	})
}

// What is decided while a run is asked goes before the answer.
func TestReadyIsOvertaken(t *testing.T) {
	list := []timetable.Timetable{read(t, "quarter", admin.Body{"schedule": "*/15 * * * *", "overlap": "queue"})}
	for name, c := range map[string]struct {
		meanwhile func(*server)
		want      string
	}{
		"cancelled": {func(s *server) {
			if err := s.engine.Cancel(s.t.Context(), s.runs("quarter")[0].ID, "ann"); err != nil {
				s.t.Error(err)
			}
		}, "00:15 cancelled by ann"},
		"role lost": {func(s *server) {
			if _, err := s.db.Seen(s.t.Context(), 7); err != nil {
				s.t.Error(err)
			}
			s.change(func() { s.known = nil })
			s.engine.Wake()
		}, "00:15 missed handed-over"},
		"deleted": {func(s *server) {
			s.change(func() { s.list, s.gen = nil, s.gen+1 })
			s.engine.Wake()
		}, "00:15 cancelled deleted"},
	} {
		in(t, node.Primary, list, func(t *testing.T, s *server) {
			s.ready = func(context.Context, []task.Task) string {
				<-time.After(time.Minute)
				return "no"
			}
			s.start()
			later(15*time.Minute + 30*time.Second)
			c.meanwhile(s)
			later(2 * time.Minute)
			s.stop()
			if got := ledger(s, "quarter"); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		})
	}
}
