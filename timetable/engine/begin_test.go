package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// A timetable that was made while twind was down has slots from then on. Nothing
// of before is made up for, nor what another role had to run.
func TestATimetableThatIsMadeWhileTwindIsDown(t *testing.T) {
	const down = 3*time.Hour + 30*time.Minute
	for name, c := range map[string]struct {
		body admin.Body
		made time.Duration // behind the beginning of the role; 0: it is not known
		want string
	}{
		"all":                 {admin.Body{"catch_up": "all"}, 90 * time.Minute, "02:00 ok, 03:00 ok, 04:00 ok"},
		"latest":              {admin.Body{}, 90 * time.Minute, "02:00 missed down, 03:00 ok, 04:00 ok"},
		"none":                {admin.Body{"catch_up": "skip"}, 90 * time.Minute, "02:00 missed down, 03:00 missed down, 04:00 ok"},
		"one slot":            {admin.Body{"schedule": "at 2000-01-01T03:00"}, 150 * time.Minute, "03:00 ok"},
		"paused":              {admin.Body{"catch_up": "all", "paused": true}, 150 * time.Minute, "03:00 skipped paused, 04:00 skipped paused"},
		"not known":           {admin.Body{"catch_up": "all"}, 0, "04:00 ok"},
		"before the role":     {admin.Body{"catch_up": "all"}, -time.Hour, "04:00 ok"},
		"both, before a role": {admin.Body{"catch_up": "all", "runs_on": "both"}, -time.Minute, "00:00 ok, 01:00 ok, 02:00 ok, 03:00 ok, 04:00 ok"},
		"by a clock ahead":    {admin.Body{"catch_up": "all"}, down + time.Hour, "04:00 ok"},
		"long ago":            {admin.Body{"catch_up": "skip", "schedule": "0 0 1 1 *", "runs_on": "both"}, -400 * 24 * time.Hour, "00:00 missed down"},
		"of the other role":   {admin.Body{"runs_on": "secondary"}, 90 * time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, node.Primary, []timetable.Timetable{read(t, "new", c.body)}, func(t *testing.T, s *server) {
				if c.made != 0 {
					s.made = map[string]record.Instant{"new": record.At(time.Now().Add(c.made))}
				}
				later(down)
				s.start()
				later(time.Minute)
				s.kill() // from when on is in the ledger by now
				s.made = nil
				later(29 * time.Minute)
				s.start()
				later(time.Minute)
				s.stop()
				wantLedger(t, s, "new", c.want)
			})
		})
	}
}

// The first timetable of a primary with a twin is its own from the first: what
// the twin told of others says nothing of it.
func TestTheFirstTimetableIsMadeWhileTwindIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, read(t, "new", admin.Body{"catch_up": "all"}))
		defer p.close()
		p.a.made = map[string]record.Instant{"new": record.At(time.Now().Add(90 * time.Minute))}
		later(150 * time.Minute)
		p.tell()
		p.a.start()
		later(time.Minute)
		p.a.stop()
		wantLedger(t, p.a, "new", "02:00 ok")
	})
}
