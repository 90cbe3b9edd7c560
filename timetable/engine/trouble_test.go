package engine

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
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

// What a crash left open waits like all the rest while it is not known who is
// primary: the twin may have run it meanwhile.
func TestWhatACrashLeftOpenWaitsForTheEndOfAHold(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{
		read(t, "began", admin.Body{"after_crash": "at_least_once"}), read(t, "queued", admin.Body{"schedule": "*/50 * * * *", "overlap": "queue"}),
		read(t, "both", admin.Body{"runs_on": "both", "after_crash": "at_least_once"}),
	}, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return 20 * time.Minute, task.OK }
		s.start()
		later(time.Hour + 5*time.Minute)
		s.kill()
		s.change(func() { s.held = "the twin was not asked" })
		s.start()
		later(5 * time.Minute)
		wantLedger(t, s, "began", "01:00 interrupted down, 01:00 claimed (2)")
		wantLedger(t, s, "queued", "00:50 interrupted down, 00:50 claimed (2), 01:00 claimed")
		wantLedger(t, s, "both", "01:00 interrupted down, 01:00 running (2)")
		if n := s.engine.State().Waiting; n != 3 {
			t.Errorf("%d wait", n)
		}
		s.change(func() { s.held = "" })
		s.engine.Wake()
		later(45 * time.Minute)
		s.stop()
		wantLedger(t, s, "began", "01:00 interrupted down, 01:00 ok (2)")
		wantLedger(t, s, "queued", "00:50 interrupted down, 00:50 ok (2), 01:00 ok, 01:50 interrupted twind stopped, 01:50 claimed (2)")
	})
}

// Who hears of a higher epoch during the hold runs none of it.
func TestAHoldThatEndsWithoutTheRole(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "began", admin.Body{"after_crash": "at_least_once"})}, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return 20 * time.Minute, task.OK }
		s.start()
		later(time.Hour + 5*time.Minute)
		s.kill()
		s.change(func() { s.held = "the twin was not asked" })
		s.start()
		later(time.Minute)
		if _, err := s.db.Seen(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		s.engine.Wake()
		later(time.Minute)
		s.change(func() { s.held = "" })
		s.engine.Wake()
		later(time.Minute)
		s.stop()
		wantLedger(t, s, "began", "01:00 interrupted down, 01:00 missed handed-over (2)")
	})
}

// A run that cannot begin, as the role is gone, nor be given up, as the disk is
// full, is not forgotten: nothing of its timetable would run until twind does
// anew.
func TestTheRoleGoesWhileTheDiskIsFull(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{"overlap": "queue"})}, func(t *testing.T, s *server) {
		s.start()
		later(30 * time.Minute)
		s.change(func() { s.lostAt, s.fullFor = true, 3 })
		later(time.Hour)
		s.change(func() { s.lostAt = false })
		later(time.Hour)
		s.stop()
		wantLedger(t, s, "h", "01:00 missed handed-over, 02:00 ok")
	})
}

// Who waits behind a run is counted once.
func TestWhoWaitsIsCountedOnce(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "q", admin.Body{"overlap": "queue", "must_finish_s": int64(60)})}, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return 90 * time.Minute, task.OK }
		s.start()
		later(2*time.Hour + time.Minute)
		if st := s.engine.State(); len(st.Running) != 1 || st.Waiting != 1 {
			t.Errorf("%d run, %d wait", len(st.Running), st.Waiting)
		}
		s.stop()
	})
}

func TestBackOff(t *testing.T) {
	for _, c := range []struct {
		first   time.Duration
		attempt int
		want    time.Duration
	}{
		{time.Minute, 1, time.Minute},
		{time.Minute, 3, 4 * time.Minute},
		{time.Minute, 20, 6 * time.Hour},
		{24 * time.Hour, 1, 24 * time.Hour}, // what was said, though it is long
		{24 * time.Hour, 18, 24 * time.Hour},
	} {
		if got := backOff(c.first, c.attempt); got != c.want {
			t.Errorf("after attempt %d, %v at first: %v, want %v", c.attempt, c.first, got, c.want)
		}
	}
}

// Who cannot start a run, as the disk is full, has ended none either.
func TestARunThatCannotBeClaimedCancelsNone(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{"schedule": "manual", "overlap": "cancel"})}, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return 10 * time.Minute, task.OK }
		s.start()
		later(time.Minute)
		if _, err := s.engine.Start(t.Context(), "h", "ann"); err != nil {
			t.Fatal(err)
		}
		later(time.Minute)
		s.change(func() { s.full = true })
		if _, err := s.engine.Start(t.Context(), "h", "bob"); !errors.Is(err, store.ErrFull) {
			t.Errorf("started: %v", err)
		}
		s.change(func() { s.full = false })
		later(time.Minute)
		if _, err := s.engine.Start(t.Context(), "h", "bob"); err != nil {
			t.Fatal(err)
		}
		later(30 * time.Minute)
		s.stop()
		wantLedger(t, s, "h", "00:01 cancelled overlap, 00:03 ok")
		if r := s.runs("h")[0]; r.Ended.Sub(r.Started).Round(time.Second) != 2*time.Minute {
			t.Errorf("it was cancelled after %v", r.Ended.Sub(r.Started))
		}
	})
}

// A backfill runs nothing on days on which the calendars let nothing run, and
// what waits already goes first.
func TestABackfillKeepsToTheCalendarAndWaitsItsTurn(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{
		read(t, "h", admin.Body{"schedule": "0 5,6,7 * * *", "not_on": "night", "overlap": "allow"}), read(t, "other", admin.Body{"schedule": "30 8 * * *", "overlap": "allow"}),
	}, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return 20 * time.Minute, task.OK }
		s.start()
		from := record.At(time.Now())
		later(time.Hour)
		if _, err := s.db.SetMaintenance(t.Context(), node.Maintenance{On: true, Reason: "disks", Actor: "ann"}); err != nil {
			t.Fatal(err)
		}
		later(7 * time.Hour)
		if _, err := s.db.SetMaintenance(t.Context(), node.Maintenance{Actor: "ann"}); err != nil {
			t.Fatal(err)
		}
		later(20 * time.Minute)
		for range 5 {
			if _, err := s.engine.Start(t.Context(), "other", "ann"); err != nil { // takes every place
				t.Fatal(err)
			}
		}
		later(time.Minute)
		wait, err := s.engine.Start(t.Context(), "other", "bob")
		if err != nil {
			t.Fatal(err)
		}
		later(time.Second)
		rows, err := s.engine.Backfill(t.Context(), Backfill{Timetable: "h", Span: record.Span{From: from, To: from + record.Day}, Actor: "ann"})
		if err != nil || len(rows) != 2 {
			t.Errorf("backfill: %v, %v", rows, err)
		}
		later(time.Hour)
		s.stop()
		if got, err := s.db.Run(t.Context(), wait.ID); err != nil || got.Started > s.runs("h")[2].Started {
			t.Errorf("what waited began at %v, the backfill at %v: %v", got.Started, s.runs("h")[2].Started, err)
		}
		wantLedger(t, s, "h", "05:00 missed maintenance, 06:00 missed maintenance, 06:00 ok (2), 07:00 missed maintenance, 07:00 ok (2)")
	})
}

// A backfill of what ran all along ends: the engine does nothing else meanwhile.
func TestABackfillLooksAtSoManySlots(t *testing.T) {
	tt := read(t, "s", admin.Body{"schedule": "every 1s", "not_on": "night"})
	tt.Open = func(time.Time) bool { return false }
	if _, err := planBackfill(tt, Backfill{Span: record.Span{From: 1, To: 1 << 60}}, nil, 1); !errors.Is(err, ErrStretch) {
		t.Errorf("it looked at all of them: %v", err)
	}
}

// The twin's clock was a year ahead once. What it handed over runs all the same.
func TestHandedOverByATwinWhoseClockWasAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, read(t, "q", admin.Body{"schedule": "*/10 * * * *", "overlap": "queue", "after_crash": "at_most_once"}))
		defer p.close()
		p.a.took = func(task.Job) (time.Duration, task.State) { return 15 * time.Minute, task.OK }
		self, err := p.a.db.Self(t.Context())
		if err == nil {
			err = p.b.db.KeepTwinRuns(t.Context(), self.Server, node.RunPage{Whole: record.At(time.Now()) + 365*record.Day})
		}
		if err != nil {
			t.Fatal(err)
		}
		p.a.start()
		p.b.start()
		later(22 * time.Minute)
		p.a.become(node.Secondary, p.next())
		later(4 * time.Minute)
		p.tell()
		p.b.change(func() { p.b.twinStopped = true })
		p.b.become(node.Primary, p.next())
		later(2 * time.Minute)
		p.a.stop()
		p.b.stop()
		wantLedger(t, p.a, "q", "00:10 cancelled role, 00:20 missed handed-over")
		wantLedger(t, p.b, "q", "00:20 ok")
	})
}

// A timetable that is made while the disk is full has slots from then on: what
// passes while twind is down afterwards is made up for.
func TestATimetableThatIsMadeWhileTheDiskIsFull(t *testing.T) {
	in(t, node.Primary, nil, func(t *testing.T, s *server) {
		s.start()
		later(10 * time.Minute)
		s.change(func() { s.full = true })
		list := []timetable.Timetable{read(t, "new", admin.Body{})}
		s.change(func() { s.list, s.gen = list, 1 })
		s.engine.Wake()
		later(5 * time.Minute)
		s.change(func() { s.full = false })
		later(5 * time.Minute)
		s.kill()
		later(time.Hour)
		s.start()
		later(time.Minute)
		s.stop()
		wantLedger(t, s, "new", "01:00 ok")
	})
}

// A deletion that is undone while a run goes on begins no other beside it.
func TestADeletionThatIsUndone(t *testing.T) {
	list := []timetable.Timetable{read(t, "h", admin.Body{"schedule": "*/20 * * * *"})}
	in(t, node.Primary, list, func(t *testing.T, s *server) {
		s.took = func(task.Job) (time.Duration, task.State) { return 25 * time.Minute, task.OK }
		s.start()
		later(30 * time.Minute)
		s.change(func() { s.list, s.gen = nil, 1 })
		later(2 * time.Second)
		s.change(func() { s.list, s.gen = list, 2 })
		later(25 * time.Minute)
		if n := s.engine.State().Timetables; n != 1 {
			t.Errorf("%d timetables", n)
		}
		later(15 * time.Minute)
		s.stop()
		wantLedger(t, s, "h", "00:20 ok, 00:40 skipped overlap, 01:00 interrupted twind stopped, 01:00 claimed (2)")
	})
}

// The machine's clock runs two hours ahead when it starts, and is set right
// then: what was taken for missed meanwhile is still to come.
func TestItStartsWithAClockThatIsAhead(t *testing.T) {
	for again, want := range map[bool]string{
		false: "01:00 ok, 02:00 missed down, 03:00 missed down, 03:00 ok (2), 04:00 ok, 05:00 ok",
		true:  "01:00 ok, 02:00 missed down, 03:00 missed down, 03:00 ok (2), 04:00 ok, 05:00 ok",
	} {
		in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{})}, func(t *testing.T, s *server) {
			s.start()
			later(90 * time.Minute)
			s.kill()
			later(31 * time.Minute)
			s.change(func() { s.behind = 2 * time.Hour })
			s.start() // at 02:01, and it reads 04:01
			later(time.Minute)
			s.change(func() { s.behind = 0 })
			later(time.Minute)
			if again { // and is down at 03:00
				s.kill()
				later(time.Hour)
				s.start()
				later(2*time.Hour - time.Minute)
			} else {
				later(3*time.Hour - time.Minute)
			}
			s.stop()
			wantLedger(t, s, "h", want)
		})
	}
}

// Who asks for a run before the ledger could be read waits: nobody knows yet
// which timetables there are.
func TestWhoAsksBeforeItBeganWaits(t *testing.T) {
	in(t, node.Primary, []timetable.Timetable{read(t, "h", admin.Body{"schedule": "manual"})}, func(t *testing.T, s *server) {
		s.change(func() { s.busy = true })
		s.start()
		later(time.Minute)
		started := make(chan error, 1)
		go func() {
			_, err := s.engine.Start(t.Context(), "h", "ann")
			started <- err
		}()
		later(3 * time.Second)
		s.change(func() { s.busy = false })
		later(3 * time.Second)
		if err := <-started; err != nil {
			t.Error(err)
		}
		s.stop()
		wantLedger(t, s, "h", "00:01 ok")
	})
}
