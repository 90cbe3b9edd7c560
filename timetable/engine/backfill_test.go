package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// What either server did with a slot of what goes with the role stands for both.
func TestASlotOfTwoServersIsBackfilled(t *testing.T) {
	at := at(t, "08:00:00")
	own := func(state node.RunState, reason string) node.Run {
		return node.Run{ID: 1, Server: "cms-b", Slot: at, Attempt: 2, Epoch: 4, State: state, Reason: reason}
	}
	theirs := func(state node.RunState, reason string) node.Run {
		return node.Run{ID: 2, Theirs: 7, Server: "cms-a", Slot: at, Attempt: 1, Epoch: 3, State: state, Reason: reason}
	}
	before := theirs(node.RunFailed, "")
	ahead := theirs(node.RunRunning, "")
	ahead.Epoch = 5
	const never, always, failed, all = "never", "always", "failed", "all"
	for name, c := range map[string]struct {
		rows []node.Run
		want string // with which flag it is run
		was  string // the server that tells
	}{
		"of nobody":                       {nil, always, ""},
		"of this one":                     {[]node.Run{own(node.RunOK, "")}, all, "cms-b"},
		"of the twin":                     {[]node.Run{theirs(node.RunOK, "")}, all, "cms-a"},
		"the twin did it twice":           {[]node.Run{before, {Theirs: 8, Server: "cms-a", Slot: at, Attempt: 2, State: node.RunOK}}, all, "cms-a"},
		"failed there":                    {[]node.Run{theirs(node.RunFailed, "")}, failed, "cms-a"},
		"failed there, well here":         {[]node.Run{theirs(node.RunFailed, ""), own(node.RunOK, "")}, all, "cms-b"},
		"ended with the role, well there": {[]node.Run{own(node.RunCancelled, WhyRole), theirs(node.RunOK, "")}, all, "cms-a"},
		"handed over, well there":         {[]node.Run{own(node.RunMissed, WhyHandover), theirs(node.RunOK, "")}, all, "cms-a"},
		"handed over, failed there":       {[]node.Run{own(node.RunMissed, WhyHandover), theirs(node.RunFailed, "")}, failed, "cms-a"},
		"handed over, and no more":        {[]node.Run{own(node.RunMissed, WhyHandover)}, always, "cms-b"},
		"missed there":                    {[]node.Run{theirs(node.RunMissed, WhyDown)}, always, "cms-a"},
		"goes on here":                    {[]node.Run{theirs(node.RunOK, ""), own(node.RunClaimed, "")}, never, "cms-b"},
		"goes on there":                   {[]node.Run{ahead}, never, "cms-a"},
		"left open there":                 {[]node.Run{theirs(node.RunRunning, "")}, failed, "cms-a"},
		"left open there, in doubt":       {[]node.Run{theirs(node.RunRunning, ""), own(node.RunMissed, WhyDoubt)}, always, "cms-b"},
		"failed there, in doubt":          {[]node.Run{theirs(node.RunFailed, ""), own(node.RunMissed, WhyDoubt)}, always, "cms-b"},
		"in doubt until it told":          {[]node.Run{theirs(node.RunOK, ""), own(node.RunMissed, WhyDoubt)}, all, "cms-a"},
	} {
		t.Run(name, func(t *testing.T) {
			slots := pasts{}
			for _, r := range c.rows {
				slots.add(r)
			}
			for flag, b := range map[string]Backfill{never: {}, always: {}, failed: {Failed: true}, all: {All: true}} {
				b.Span = record.Span{From: at, To: at + 1}
				got, err := planBackfill(read(t, "h", admin.Body{}), b, slots, 4)
				if err != nil {
					t.Fatal(err)
				}
				want := c.want == flag || c.want == always || c.want == failed && flag == all
				if flag == never {
					want = c.want == always
				}
				if len(got) == 1 != want {
					t.Errorf("with %s: %+v", flag, got)
				}
				if len(got) == 1 && (got[0].Was.Server != c.was || got[0].Attempt != slots[at].own.Attempt+1) {
					t.Errorf("with %s: %+v, want one of %q", flag, got[0], c.was)
				}
			}
		})
	}
}

// After a switch in order, and back, there is nothing to run again: the slots
// are done, each on the server that was primary.
func TestABackfillLeavesOutWhatTheTwinRan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := []timetable.Timetable{read(t, "h", admin.Body{}), read(t, "both", admin.Body{"runs_on": "both"})}
		p := newPair(t, list...)
		defer p.close()
		p.a.took = func(task.Job) (time.Duration, task.State) { return 0, task.OK }
		from := record.At(time.Now()) + record.Second
		p.a.start()
		later(150 * time.Minute)
		p.b.start()
		move := func(runbook string, from, to *server) {
			t.Helper()
			if err := from.db.Drain(t.Context(), runbook, time.Hour); err != nil {
				t.Error(err)
			}
			from.moved()
			later(time.Second)
			token, err := from.giveAway(runbook)
			if err != nil {
				t.Error(err)
			}
			from.moved()
			p.tell()
			if _, err := to.db.Promote(t.Context(), token, "ann"); err != nil {
				t.Error(err)
			}
			to.moved()
			later(time.Minute)
		}
		backfill := func(s *server, id string) int {
			t.Helper()
			rows, err := s.engine.Backfill(t.Context(), Backfill{Timetable: id, Span: record.Span{From: from, To: from + record.Day}, Failed: true, Actor: "ann"})
			if err != nil {
				t.Error(err)
			}
			return len(rows)
		}
		move("over", p.a, p.b)
		if n := backfill(p.b, "h"); n != 0 {
			t.Errorf("%d slots that cms-a ran are run again", n)
		}
		if n := backfill(p.b, "both"); n == 0 {
			t.Error("of what runs on both cms-b has run none before it began")
		}
		later(time.Hour)
		move("back", p.b, p.a)
		if n := backfill(p.a, "h"); n != 0 {
			t.Errorf("%d slots that cms-b ran are run again", n)
		}
		later(time.Minute)
		p.a.stop()
		p.b.stop()
		wantLedger(t, p.a, "h", "01:00 ok, 02:00 ok")
		wantLedger(t, p.b, "h", "03:00 ok")
	})
}
