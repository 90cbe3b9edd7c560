package engine

import (
	"context"
	"errors"
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

// drain has the role of a server be moved, or no longer.
func (s *server) drain(t *testing.T, on bool) {
	t.Helper()
	err := s.db.Refill(t.Context(), "r")
	if on {
		err = s.db.Drain(t.Context(), "r", 24*time.Hour)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.moved()
	synctest.Wait()
}

// While the role is moved nothing that needs it starts, and what runs anywhere
// does. Where the role stays, all of it runs late, whatever becomes of slots
// that were missed otherwise.
func TestDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strict := admin.Body{"schedule": "*/10 * * * *", "catch_up": "skip", "grace_s": int64(60)}
		p := newPair(t, read(t, "h", strict), read(t, "both", admin.Body{"schedule": "*/10 * * * *", "runs_on": "both"}))
		defer p.close()
		p.a.took = func(task.Job) (time.Duration, task.State) { return 5 * time.Minute, task.OK }
		p.a.start()
		later(12 * time.Minute)
		if _, err := p.a.engine.Start(t.Context(), "both", "ann"); !errors.Is(err, ErrOverlap) {
			t.Errorf("%v", err)
		}
		p.a.drain(t, true)
		later(2 * time.Minute)
		if _, err := p.a.engine.Start(t.Context(), "h", "ann"); !errors.Is(err, node.ErrDraining) {
			t.Errorf("%v", err)
		}
		if _, err := p.a.engine.Probe(t.Context(), "ann"); !errors.Is(err, node.ErrDraining) {
			t.Errorf("%v", err)
		}
		later(27 * time.Minute) // 00:41
		wantLedger(t, p.a, "h", "00:10 ok")
		wantLedger(t, p.a, "both", "00:10 ok, 00:20 ok, 00:30 ok, 00:40 running")
		p.a.drain(t, false)
		later(16 * time.Minute) // one after another
		p.a.stop()
		wantLedger(t, p.a, "h", "00:10 ok, 00:20 ok, 00:30 ok, 00:40 ok, 00:50 skipped overlap")
	})
}

// A run that was claimed and had not begun when the role began to be moved waits
// with it, and is not too late by that.
func TestClaimedAndDrained(t *testing.T) {
	list := []timetable.Timetable{read(t, "h", admin.Body{"grace_s": int64(60), "overlap": "queue"})}
	in(t, node.Primary, list, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return time.Minute, task.OK }
		asked := make(chan string)
		s.ready = func(context.Context, []task.Task) string { return <-asked }
		s.start()
		later(time.Hour + time.Second)
		s.drain(t, true)
		asked <- ""
		later(20 * time.Minute)
		wantLedger(t, s, "h", "01:00 claimed")
		s.drain(t, false)
		later(2 * time.Minute)
		wantLedger(t, s, "h", "01:00 ok")
		s.stop()
	})
}

// giveAway gives the role away by the engine.
func (s *server) giveAway(runbook string) (token node.Token, err error) {
	s.t.Helper()
	self, err := s.db.Self(s.t.Context())
	if err != nil {
		return token, err
	}
	err = s.engine.GiveAway(s.t.Context(), func(ctx context.Context, at record.Instant, claims []node.Claim, drop []int64) (err error) {
		token, err = s.db.Demote(ctx, node.Demotion{
			Runbook: runbook, Epoch: self.Epoch, Actor: "ann", At: at, Claims: claims, Drop: drop, Reason: WhyHandover,
		})
		return err
	})
	return token, err
}

// The role is given away in one turn: what goes on stands in its way, what is
// due or waits goes with it.
func TestGiveAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, read(t, "h", admin.Body{"schedule": "*/10 * * * *", "after_crash": "at_least_once", "on_promotion": "skip"}),
			read(t, "once", admin.Body{"schedule": "*/10 * * * *", "after_crash": "at_most_once", "overlap": "queue"}))
		defer p.close()
		for _, s := range p.both() {
			s.took = func(job task.Job) (time.Duration, task.State) {
				if job.Timetable == ProbeKey {
					return 0, task.OK
				}
				return 25 * time.Minute, task.OK
			}
			s.start()
		}
		later(31 * time.Minute)
		p.a.drain(t, true)
		if _, err := p.a.giveAway("r"); !errors.Is(err, ErrGoesOn) || !strings.Contains(err.Error(), "once (run ") {
			t.Errorf("%v", err)
		}
		if _, err := p.b.giveAway("r"); !errors.Is(err, node.ErrRole) {
			t.Errorf("%v", err)
		}
		if n, err := p.a.engine.CancelRole(t.Context(), true, "ann"); n != 1 || err != nil { // h alone may run twice
			t.Errorf("%d: %v", n, err)
		}
		later(20 * time.Minute) // 00:51
		token, err := p.a.giveAway("r")
		if err != nil {
			t.Fatal(err)
		}
		p.a.moved()
		p.tell()
		wantLedger(t, p.a, "h", "00:10 cancelled role, 00:20 skipped overlap, 00:30 skipped overlap, 00:40 missed handed-over, 00:50 missed handed-over")
		wantLedger(t, p.a, "once", "00:10 ok, 00:20 missed handed-over, 00:30 skipped overlap, 00:40 missed handed-over, 00:50 missed handed-over")
		later(12 * time.Minute) // nobody is primary at 01:00
		if _, err := p.b.db.Promote(t.Context(), token, "ann"); err != nil {
			t.Fatal(err)
		}
		p.b.moved()
		later(time.Minute)
		if run, err := p.b.engine.Probe(t.Context(), "ann"); err != nil || run.State != node.RunOK || run.Epoch != 2 || run.Trigger != BySwitch {
			t.Errorf("%+v: %v", run, err)
		}
		if n, err := p.b.engine.CancelRole(t.Context(), false, "ann"); n != 2 || err != nil {
			t.Errorf("%d: %v", n, err)
		}
		later(time.Second)
		wantLedger(t, p.b, "h", "00:10 cancelled by ann, 00:40 running, 00:50 claimed, 01:00 claimed")
		wantLedger(t, p.b, "once", "00:20 cancelled by ann, 00:40 running, 00:50 claimed, 01:00 claimed")
		p.a.stop()
		p.b.stop()
	})
}

// What ends with the role, of what may run twice, is run again by whoever gets it.
func TestRepeatedByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, read(t, "h", admin.Body{"schedule": "*/10 * * * *", "after_crash": "at_least_once", "on_promotion": "skip"}))
		defer p.close()
		p.a.took = func(task.Job) (time.Duration, task.State) { return 25 * time.Minute, task.OK }
		p.a.start()
		p.b.start()
		later(11 * time.Minute)
		if n, err := p.a.engine.CancelRole(t.Context(), true, "ann"); n != 1 || err != nil {
			t.Errorf("%d: %v", n, err)
		}
		later(time.Second)
		p.a.drain(t, true)
		token, err := p.a.giveAway("r")
		if err != nil {
			t.Fatal(err)
		}
		p.tell()
		if _, err := p.b.db.Promote(t.Context(), token, "ann"); err != nil {
			t.Fatal(err)
		}
		p.b.moved()
		later(time.Minute)
		wantLedger(t, p.a, "h", "00:10 cancelled role")
		wantLedger(t, p.b, "h", "00:10 ok")
		p.a.stop()
		p.b.stop()
	})
}

// Where this server stood still between the decision and the first task, the
// tasks do not begin; the slot runs once it may, or whoever has the role by then
// runs it.
func TestStoodStillBeforeTheFirstTask(t *testing.T) {
	for held, want := range map[string]string{"stood still": "01:00 cancelled held, 01:00 ok (2)", "": "01:00 ok"} {
		list := []timetable.Timetable{read(t, "h", admin.Body{"after_crash": "at_most_once"})}
		in(t, node.Primary, list, func(t *testing.T, s *server) {
			s.onStart = func() { s.held = held }
			s.start()
			later(time.Hour + time.Minute)
			s.change(func() { s.onStart, s.held = nil, "" })
			s.engine.Wake()
			later(time.Minute)
			s.stop()
			wantLedger(t, s, "h", want)
			if n := s.ran[ran{"h", record.At(time.Now().Truncate(time.Hour))}]; n != 1 {
				t.Errorf("%q: it began %d times", held, n)
			}
		})
	}
}
