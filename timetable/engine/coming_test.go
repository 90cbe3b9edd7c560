package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable"
)

// The next runs are those of all timetables, several of one where they are, and
// none of one that is paused.
func TestRunsToCome(t *testing.T) {
	list := []timetable.Timetable{
		read(t, "quarter", admin.Body{"schedule": "*/15 * * * *"}), read(t, "never", admin.Body{"schedule": "* * * * *"}),
		read(t, "hour", admin.Body{"schedule": "20 * * * *"}), read(t, "day", admin.Body{"schedule": "0 5 * * *"}),
	}
	list[1].Paused = true
	in(t, node.Primary, list, func(t *testing.T, s *server) {
		s.start()
		defer s.stop()
		for _, c := range []struct {
			after   time.Duration
			quarter string // its new schedule
			want    []string
		}{
			{2 * time.Minute, "", []string{"quarter 00:15", "hour 00:20", "quarter 00:30"}},
			{14 * time.Minute, "", []string{"hour 00:20", "quarter 00:30", "quarter 00:45"}},
			{5 * time.Minute, "", []string{"quarter 00:30", "quarter 00:45", "quarter 01:00"}},
			{time.Minute, "30,50 * * * *", []string{"quarter 00:30", "quarter 00:50", "hour 01:20"}},
		} {
			if c.quarter != "" {
				edited := append([]timetable.Timetable{read(t, "quarter", admin.Body{"schedule": c.quarter})}, list[1:]...)
				s.change(func() { s.list, s.gen = edited, s.gen+1 })
				s.engine.Wake()
			}
			later(c.after)
			var got []string
			for _, d := range s.engine.State().Coming {
				got = append(got, fmt.Sprintf("%s %s", d.Name, d.At.Time().Format("15:04")))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		}
	})
}
