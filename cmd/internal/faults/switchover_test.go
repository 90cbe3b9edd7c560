package faults

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// TestSwitchoverKilled is the quick form of TestRealSwitchoverKilled.
func TestSwitchoverKilled(t *testing.T) {
	t.Parallel()
	killSwitchovers(t, []killing{
		{step: "demote", done: true, giver: true, typedOnGiver: true},
		{step: "promote", typedOnGiver: false, abort: true},
		{step: "promote", typedOnGiver: true, road: there},
	})
}

// A killing is when one of the two dies in a switch-over, or cannot be reached for
// a while by the one that goes through it, and what is done then.
type killing struct {
	step         string
	done         bool    // it was done; else it was begun
	giver        bool    // who dies; else it is the taker
	typedOnGiver bool    // its twind goes through the move; else the taker's does
	abort        bool    // it is ended; else it is gone on with
	road         traffic // that there is to the other server for awayFor; free: somebody dies
}

// awayFor is longer than a server is waited for, and than it may be silent.
const awayFor = 7 * time.Second

func (k killing) String() string {
	when, who, on, then := "begun", "taker", "taker", "resume"
	if k.done {
		when = "done"
	}
	if k.giver {
		who = "giver"
	}
	if k.typedOnGiver {
		on = "giver"
	}
	if k.abort {
		then = "abort"
	}
	what := "the " + who + " dies"
	if k.road != free {
		what = fmt.Sprintf("the road becomes %d", k.road)
	}
	return fmt.Sprintf("%s %s: %s, run on the %s, %s", k.step, when, what, on, then)
}

// slotEvery is the period of the timetable that only the primary runs.
const slotEvery = 2 * time.Second

// A stage is a pair whose role is moved, with a timetable that notes its slots.
type stage struct {
	*twins
	nodes map[*server]*node.DB
	ran   string // file with a line for each run that began
}

func newStage(t *testing.T) *stage {
	t.Helper()
	dir := t.TempDir()
	g := &stage{twins: newTwins(t), nodes: map[*server]*node.DB{}, ran: filepath.Join(dir, "ran")}
	program := filepath.Join(dir, "often")
	if err := os.WriteFile(program, fmt.Appendf(nil, "#!/bin/sh\necho $TWIN_SLOT >>%s\n", g.ran), 0o700); err != nil {
		t.Fatal(err)
	}
	ctl(t, "admin", "timetable", "set", "often", fmt.Sprintf("schedule=every %s", slotEvery), "tasks=exec "+program, "--config", g.a.config)
	for _, s := range []*server{g.a, g.b} {
		g.nodes[s] = s.node(t)
	}
	g.start()
	return g
}

// killSwitchovers moves the role of one pair over and over, and kills one of the
// two each time. Whatever becomes of it, in the end one of them is primary, the
// journals are closed, and each slot was decided once.
func killSwitchovers(t *testing.T, all []killing) {
	t.Helper()
	g := newStage(t)
	for _, k := range all {
		t.Log(k)
		g.kill(k)
		if t.Failed() {
			t.Fatalf("after: %s", k)
		}
	}
	eventually(t, "the last primary runs it", func() bool { return len(starts(t, g.nodes[g.primary()], record.At(time.Now().Add(-slotEvery)))) > 0 })
	g.stop()
	g.eachSlotOnce()
}

// primary returns who has the role, nil if nobody has it now. There are never two.
func (g *stage) primary() (is *server) {
	g.t.Helper()
	for _, s := range []*server{g.a, g.b} {
		if self := g.self(s); self.Role == node.Primary && !self.Superseded() {
			if is != nil {
				g.t.Fatalf("both are primary: %+v, %+v", g.self(g.a), g.self(g.b))
			}
			is = s
		}
	}
	return is
}

func (g *stage) self(s *server) node.Self {
	g.t.Helper()
	self, err := g.nodes[s].Self(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	return self
}

func (g *stage) other(s *server) *server {
	if s == g.a {
		return g.b
	}
	return g.a
}

// kill has the role moved, kills one of the two, starts it again, and has the move
// brought to its end.
func (g *stage) kill(k killing) {
	g.t.Helper()
	giver := g.primary()
	taker := g.other(giver)
	victim, runner := taker, taker
	if k.giver {
		victim = giver
	}
	if k.typedOnGiver {
		runner = giver
	}
	eventually(g.t, "the role can be moved", func() bool {
		_, exit, _ := tryCtl(g.t, "switchover", "--dry-run", "--config", runner.config)
		return exit == 0
	})
	m := moving{k, runner, giver, taker, g.lastMove(runner)}
	typed := exec.Command("twinctl", "switchover", "--to", taker.name, "--yes", "--config", runner.config)
	var said strings.Builder
	typed.Stdout, typed.Stderr = &said, &said
	if err := typed.Start(); err != nil {
		g.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = typed.Wait() // the journals tell
	}()
	reached := g.await(m, ended)
	if k.road == free {
		victim.kill()
		victim.start()
	} else {
		way := map[*server]*road{g.a: g.toB, g.b: g.toA}[runner]
		way.become(k.road)
		<-time.After(awayFor)
		way.become(free)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		g.t.Fatalf("%s: twinctl goes on for ever: %s", k, &said)
	}
	g.t.Logf("reached: %v; twinctl ended with %d: %s", reached, typed.ProcessState.ExitCode(), lastLine(said.String()))
	g.well()
	g.bringToAnEnd(m)
}

// A moving is a killing under way.
type moving struct {
	killing
	runner, giver, taker *server
	before               string // the move before this one
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// lastMove returns the number of the last move that a server knows of, "" if none.
func (g *stage) lastMove(s *server) string {
	g.t.Helper()
	b, err := g.nodes[s].Runbook(g.t.Context(), "")
	if err != nil && !errors.Is(err, node.ErrNoRunbook) {
		g.t.Fatal(err)
	}
	return b.ID
}

// await waits until the move has come to where somebody is to die, or is over.
func (g *stage) await(m moving, ended <-chan struct{}) bool {
	g.t.Helper()
	for {
		b, err := g.nodes[m.runner].Runbook(g.t.Context(), "")
		switch {
		case err == nil && b.ID != m.before && g.reached(m, b):
			return true
		case err != nil && !errors.Is(err, node.ErrNoRunbook):
			g.t.Fatal(err)
		}
		select {
		case <-ended:
			return false
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// reached tells whether it has. What was done is noted before the next step; of a
// role that was given away or taken the files tell at once.
func (g *stage) reached(m moving, b node.Runbook) bool {
	g.t.Helper()
	switch {
	case m.step == "demote" && m.done:
		return g.self(m.giver).Role == node.Secondary
	case m.step == "promote" && m.done:
		return g.self(m.taker).Role == node.Primary
	}
	return slices.ContainsFunc(b.Notes, func(n node.RunbookNote) bool {
		return n.Step == m.step && (!m.done || n.State == node.NoteDone)
	})
}

// bringToAnEnd resumes or aborts what is open, until the journals of both are
// closed, and demands that one of the two is primary then and the other knows it.
func (g *stage) bringToAnEnd(m moving) {
	g.t.Helper()
	how := "--resume"
	if m.abort {
		how = "--abort"
	}
	eventually(g.t, "the journals are closed", func() bool {
		if !g.open(g.a) && !g.open(g.b) {
			return true
		}
		_, exit, said := tryCtl(g.t, "switchover", how, "--yes", "--config", m.runner.config)
		g.t.Logf("%s: %d: %s", how, exit, lastLine(said))
		if !slices.Contains([]int{0, 1, 4, 9}, exit) { // done, undone, no longer to be undone, its runner may live
			g.t.Errorf("%s: exit status %d: %s", how, exit, said)
		}
		return g.t.Failed()
	})
	id := g.lastMove(m.runner)
	states := map[node.RunbookState]bool{}
	for _, s := range []*server{g.a, g.b} {
		b, err := g.nodes[s].Runbook(g.t.Context(), id)
		if errors.Is(err, node.ErrNoRunbook) { // it died before it was told of it: nothing came of that
			b.State, err = node.RunbookRolledBack, nil
		}
		if err != nil {
			g.t.Fatal(err)
		}
		states[b.State] = true
	}
	if id == m.before || len(states) != 1 {
		g.t.Errorf("move %s ended as %v", id, slices.Collect(maps.Keys(states)))
	}
	eventually(g.t, "one is primary, and the other knows it", func() bool {
		is := g.primary()
		return is != nil && g.self(g.other(is)).EpochSeen == g.self(is).Epoch
	})
}

func (g *stage) open(s *server) bool {
	g.t.Helper()
	b, err := g.nodes[s].Runbook(g.t.Context(), "")
	if err != nil && !errors.Is(err, node.ErrNoRunbook) {
		g.t.Fatal(err)
	}
	return err == nil && b.State == node.RunbookOpen
}

// eachSlotOnce demands that there is a row for each slot on one of the servers at
// least, and that none of them was run twice.
func (g *stage) eachSlotOnce() {
	g.t.Helper()
	text, err := os.ReadFile(g.ran)
	if err != nil {
		g.t.Fatal(err)
	}
	ran := map[string]int{}
	for slot := range strings.FieldsSeq(string(text)) {
		if ran[slot]++; ran[slot] > 1 {
			g.t.Errorf("slot %s ran %d times", slot, ran[slot])
		}
	}
	told, became := map[record.Instant]bool{}, map[string]int{}
	for _, s := range []*server{g.a, g.b} {
		rows, err := g.nodes[s].Runs(g.t.Context(), node.RunQuery{Server: s.name})
		if err != nil {
			g.t.Fatal(err)
		}
		for _, r := range rows {
			if r.Name == "often" {
				told[r.Slot] = true
				became[strings.TrimSpace(string(r.State)+" "+r.Reason)]++
			}
		}
	}
	slots := slices.Sorted(maps.Keys(told))
	for i, slot := range slots {
		if i > 0 && slot.Sub(slots[i-1]) != slotEvery {
			g.t.Errorf("after the slot of %v comes %v", slots[i-1], slot)
		}
	}
	g.t.Logf("%d slots, %d of them ran: %v", len(slots), len(ran), became)
}
