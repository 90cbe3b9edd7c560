package node

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// marry pairs a server with one of that name.
func marry(t *testing.T, n *DB, server, name string) {
	t.Helper()
	err := n.SetPair(t.Context(), func(self Self, _ *Pair) (Pairing, error) {
		p := Pair{Pair: "P", Server: server, Name: name, Address: "twin@b:22", PublicKey: "k", HostKey: "h"}
		return Pairing{Pair: p, Epoch: self.Epoch, Seen: self.EpochSeen, Act: Act{Actor: "ann", Verb: "pair.accept"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func changes(t *testing.T, n *DB, after int64, limit int) RunPage {
	t.Helper()
	page, err := n.RunChanges(t.Context(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func keepRuns(t *testing.T, n *DB, page RunPage) RunsTold {
	t.Helper()
	if err := n.KeepTwinRuns(t.Context(), "A", page); err != nil {
		t.Fatal(err)
	}
	told, err := n.RunsTold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// allRuns returns the runs of one server as its twin should see them.
func allRuns(t *testing.T, n *DB, server string) []Run {
	t.Helper()
	runs, err := n.Runs(t.Context(), RunQuery{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

var asTold = cmpopts.IgnoreFields(Run{}, "ID", "Theirs", "Output")

func TestTheTwinIsToldPageByPage(t *testing.T) {
	a, self := ledgerOf(t, Primary)
	b, _ := ledgerOf(t, Secondary)
	marry(t, b, "A", "cms-a")
	for hour := range 5 {
		claimOne(t, a, self.Epoch, hourly(hour, RunClaimed))
	}
	told := RunsTold{}
	for _, want := range []struct {
		rows  int
		whole bool
	}{{2, false}, {2, false}, {1, true}, {0, true}} {
		page := changes(t, a, told.Through, 2)
		if told = keepRuns(t, b, page); len(page.Rows) != want.rows || (told.Whole != 0) != want.whole {
			t.Errorf("%d rows, up to %+v, want %+v", len(page.Rows), told, want)
		}
	}
	if err := a.StartRun(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	exit := 7
	if err := a.EndRun(t.Context(), 3, RunEnd{State: RunFailed, Reason: "exit", Exit: &exit, Tail: strings.Repeat("x", 600) + "end"}); err != nil {
		t.Fatal(err)
	}
	page := changes(t, a, told.Through, 2)
	if len(page.Rows) != 1 || len(page.Rows[0].Tail) != toldTail || !strings.HasSuffix(page.Rows[0].Tail, "xend") {
		t.Errorf("the change: %+v", page)
	}
	keepRuns(t, b, page)
	own := allRuns(t, a, "cms-a")
	own[2].Tail = page.Rows[0].Tail
	theirs := allRuns(t, b, "cms-a")
	if diff := cmp.Diff(own, theirs, asTold); diff != "" {
		t.Error(diff)
	}
	if theirs[2].Theirs != 3 || theirs[2].Output != "" {
		t.Errorf("as told: %+v", theirs[2])
	}
	last, err := b.TwinCursors(t.Context())
	if err != nil || last["tt-1"] != slot0+4*record.Hour {
		t.Errorf("last slots %v, %v", last, err)
	}
	if cursors, err := b.RunCursors(t.Context()); err != nil || len(cursors) != 0 {
		t.Errorf("own cursors %v, %v", cursors, err)
	}
}

// What the twin told is its own: nothing here starts, ends or tells it.
func TestWhatTheTwinToldIsNotRunHere(t *testing.T) {
	a, self := ledgerOf(t, Primary)
	b, _ := ledgerOf(t, Secondary)
	claimOne(t, a, self.Epoch, hourly(1, RunClaimed))
	page := changes(t, a, 0, 10)
	if told := keepRuns(t, b, page); told != (RunsTold{}) || len(allRuns(t, b, "")) != 0 {
		t.Errorf("while alone: %+v", told)
	}
	marry(t, b, "A", "cms-a")
	keepRuns(t, b, page)
	row := allRuns(t, b, "cms-a")[0]
	if err := b.StartRun(t.Context(), row.ID); err == nil || !strings.Contains(err.Error(), "of cms-a") {
		t.Errorf("started: %v", err)
	}
	if err := b.EndRun(t.Context(), row.ID, RunEnd{State: RunOK}); err == nil {
		t.Error("ended")
	}
	if open, err := b.UnendedRuns(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("unended here: %v, %v", open, err)
	}
	if page := changes(t, b, 0, 10); len(page.Rows) != 0 {
		t.Errorf("told back: %v", page.Rows)
	}
	marry(t, b, "another", "cms-c")
	if told := keepRuns(t, b, page); told != (RunsTold{}) {
		t.Errorf("of another: %+v", told)
	}
	if told, err := b.RunsTold(t.Context()); err != nil || told != (RunsTold{}) {
		t.Errorf("with another twin: %+v, %v", told, err)
	}
	if len(allRuns(t, b, "cms-a")) != 1 {
		t.Error("what the lost twin had run was forgotten")
	}
}

// A server whose file is an old one again is told of by what it has now.
func TestAnOlderStateOfTheTwinTellsAnew(t *testing.T) {
	a, self := ledgerOf(t, Primary)
	b, _ := ledgerOf(t, Secondary)
	marry(t, b, "A", "cms-a")
	claimOne(t, a, self.Epoch, hourly(1, RunClaimed))
	before := changes(t, a, 0, 10)
	claimOne(t, a, self.Epoch, hourly(2, RunClaimed))
	told := keepRuns(t, b, changes(t, a, 0, 10))
	err := a.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM run WHERE id = 2`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page := changes(t, a, told.Through, 10)
	if !page.Anew || len(page.Rows) != 1 || page.Through != before.Through {
		t.Fatalf("%+v", page)
	}
	if told = keepRuns(t, b, page); told.Through != before.Through {
		t.Errorf("up to %d, want %d", told.Through, before.Through)
	}
	// The slot that it has forgotten, it decides upon once more.
	claimOne(t, a, self.Epoch, hourly(2, RunMissed))
	keepRuns(t, b, changes(t, a, told.Through, 10))
	if got := allRuns(t, b, "cms-a"); len(got) != 2 || got[0].State != RunMissed {
		t.Errorf("%+v", got)
	}
}

// Pages may be lost, come twice and in any order: once the last has come, what
// stands here is what stands there.
func TestPagesComeInAnyOrder(t *testing.T) {
	a, self := ledgerOf(t, Primary)
	b, _ := ledgerOf(t, Secondary)
	marry(t, b, "A", "cms-a")
	have := func() int64 { return keepRuns(t, b, RunPage{}).Through }
	cases := 0
	rapid.Check(t, func(rt *rapid.T) {
		cases++
		timetable := fmt.Sprint("tt-", cases)
		var late []RunPage
		ids := []int64{0}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			id := rapid.SampledFrom(ids).Draw(rt, "run")
			switch rapid.IntRange(0, 4).Draw(rt, "step") {
			case 0:
				c := hourly(len(ids), RunClaimed)
				c.Timetable = timetable
				ids = append(ids, claimOne(t, a, self.Epoch, c).ID)
			case 1:
				_ = a.StartRun(t.Context(), id) // of what may not start nothing is written
			case 2:
				_ = a.EndRun(t.Context(), id, RunEnd{State: RunFailed})
			case 3:
				late = append(late, changes(t, a, have(), rapid.IntRange(1, 3).Draw(rt, "limit")))
			case 4:
				if len(late) > 0 {
					keepRuns(t, b, rapid.SampledFrom(late).Draw(rt, "page"))
				}
			}
		}
		for page := (RunPage{}); page.Whole == 0; {
			page = changes(t, a, have(), 2)
			keepRuns(t, b, page)
		}
		of := func(n *DB) []Run {
			runs, err := n.Runs(t.Context(), RunQuery{Timetables: []string{timetable}})
			if err != nil {
				rt.Fatal(err)
			}
			return runs
		}
		if diff := cmp.Diff(of(a), of(b), asTold); diff != "" {
			rt.Fatal(diff)
		}
	})
}
