package tui

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
)

// noted is a journal: each of these is "STEP STATE TEXT", half a second after
// the one before, the last one two seconds ago.
func noted(lines ...string) []node.RunbookNote {
	var all []node.RunbookNote
	for i, l := range lines {
		part := strings.SplitN(l, " ", 3)
		at := night.Add(-2*time.Second - time.Duration(len(lines)-1-i)*500*time.Millisecond)
		all = append(all, node.RunbookNote{Seq: int64(i + 1), Step: part[0], State: node.NoteState(part[1]), Text: part[2], At: record.At(at)})
	}
	return all
}

// openMove is a move that goes on.
func openMove(notes ...string) node.Runbook {
	return node.Runbook{
		ID: "ABCDEF", Intent: node.IntentSwitchover, Giver: "cms-a", Taker: "cms-b", Actor: "ann", Reason: "new disks", Runner: "cms-a",
		Started: record.At(night.Add(-8 * time.Second)), Beat: record.At(night.Add(-time.Second)), State: node.RunbookOpen, Result: []byte("{}"), Notes: noted(notes...),
	}
}

// untilWait are the steps up to the one that waits.
func untilWait() []string {
	return []string{
		"check done 31 checks are ok", "hooks begun ", "hooks done ", "drain begun ", "drain done ", "sync begun ", "sync done generation 12 was sent", "wait begun ",
	}
}

// overMove is a move that went well.
func overMove() node.Runbook {
	b := openMove(append(untilWait(), "wait done ", "demote begun ", "demote done cut-over at 02:59:58", "carry begun ", "carry done ", "promote begun ", "promote done ",
		"verify begun ", "verify done ", "probe begun ", "probe done run 41", "publish begun ", "publish done ")...)
	gap := 48.2
	b.State, b.Ended = node.RunbookDone, record.At(night.Add(-2*time.Second))
	b.Result, _ = json.Marshal(switchover.Result{
		Outcome: switchover.OutcomeDone, Primary: "cms-b", From: "cms-a", To: "cms-b", Was: 7, Epoch: 8, CutOver: record.At(night.Add(-2 * time.Second)), GapMS: &gap, TookMS: 1310,
		Override: []string{"calm"},
	})
	return b
}

// backMove is one that was undone.
func backMove() node.Runbook {
	b := openMove("check done 31 checks are ok", "hooks begun ", "hooks failed pre_switch of cms-b: exit status 3: not in business hours", "hooks undone ")
	b.ID, b.State, b.Intent = "GHIJKL", node.RunbookRolledBack, node.IntentFailback
	b.Started, b.Ended = record.At(night.Add(-3*time.Hour)), record.At(night.Add(-3*time.Hour))
	b.Result, _ = json.Marshal(switchover.Result{Outcome: switchover.OutcomeRolledBack, Text: "rolled back: cms-a is primary still, epoch 7: hooks: pre_switch of cms-b: exit status 3: not in business hours", TookMS: 412})
	return b
}

func moveWhile(m moving, is node.Readiness, path ...string) frame {
	f := on("Switch", m)
	f.Own.OwnsFrom = before(40 * time.Hour)
	f.Own.Ready = is
	return f.took(f.placeID(), known{data: m, looked: night}).opened(m, path...)
}

// opened opens what was looked at further.
func (f frame) opened(m moving, path ...string) frame {
	for _, key := range path {
		f = f.moved(f.browse().open(key))
		f = f.took(f.placeID(), known{data: m, looked: night})
	}
	return f
}

func isReady() node.Readiness {
	return node.Readiness{Switchover: true, Promote: true, Because: []string{}, At: before(12 * time.Second)}
}

// isBlocked is a server that cannot give its role away.
func isBlocked() node.Readiness {
	return node.Readiness{Promote: true, Because: []string{"x"}, At: before(12 * time.Second), Checks: []node.ReadyCheck{
		{Name: "drift", Side: "cms-b", Level: "blocker", Compared: "1 row was edited on it, which is secondary", Fix: "twinctl sync --drift overwrite, or adopt"},
		{Name: "feeds", Side: "cms-b", Level: "blocker", Compared: "feed pbx is down: tls://pbx.example:5039: no answer within 10s", Fix: "twinctl feed test pbx, on cms-b"},
		{Name: "timetables-run", Side: "cms-b", Level: "warning", Compared: "1 that only a primary runs can run on neither: night: no program /opt/night", Fix: "twinctl timetable show night"},
		{Name: "drill", Side: "cms-a", Level: "warning", Compared: "no backup was ever proven", Fix: "twinctl backup drill"},
	}}
}

// turnedTo is the frame with the knob "see" turned.
func turnedTo(f frame, see string, m moving, path ...string) frame {
	f.memo = &memo{} // another frame that is made of the same has its own
	f = f.moved(newBrowse().turn("see", see))
	return f.took(f.placeID(), known{data: m, looked: night}).opened(m, path...)
}

func movePictures() map[string]frame {
	over, back := overMove(), backMove()
	stuck := openMove(append(untilWait(), "wait done ", "demote begun ", "demote done cut-over at 02:59:58", "carry begun ",
		"carry failed cms-b does not answer: dial tcp 10.0.0.12:22: no route to host")...)
	stuck.Beat, stuck.Started = record.At(night.Add(-4*time.Minute)), record.At(night.Add(-5*time.Minute))
	hurt := openMove("check done 31 checks are ok", "hooks begun ", "hooks failed pre_switch of cms-b: exit status 3: not in business hours")
	promoted := overMove()
	promoted.Intent, promoted.Notes = node.IntentPromote, noted("look done nobody reaches cms-a", "take begun ", "take done ", "verify begun ")
	waiting := moving{book: openMove(untilWait()...), waits: "wait: run 12 of long since 02:12:00 goes on"}
	ready, past := moveWhile(moving{}, isReady()), moving{past: []node.Runbook{over, back}}

	after := moveWhile(moving{book: over}, isReady())
	after = secondary(after)
	after.Own.OwnsUntil, after.Own.Since, after.Own.Epoch = before(2*time.Second), night.Add(-2*time.Second), 8
	after.Twin.Document.OwnsFrom, after.Twin.Document.Since, after.Twin.Document.Epoch = before(2*time.Second), night.Add(-2*time.Second), 8
	just := after // what was found in mid-move is there still
	just.Own.Ready = node.Readiness{Because: []string{"x"}, At: before(3 * time.Second), Checks: []node.ReadyCheck{{Name: "runbook", Level: "blocker", Compared: "a switchover, begun by ann, is under way"}}}
	just.memo, after.Own.Ready.At = &memo{}, before(time.Second)
	just = just.took(just.placeID(), known{data: moving{book: over}, looked: night})
	after = after.took(after.placeID(), known{data: moving{book: over}, looked: night})

	alone := framed(pairs()["alone"])
	alone.width, alone.height, alone.at = 80, 24, ready.at
	lost := framed(pairs()["unreachable"])
	lost.width, lost.height, lost.at = 80, 24, ready.at
	lost = lost.took(lost.placeID(), known{data: moving{}, looked: night})
	dead, taken := secondary(lost), secondary(lost)
	dead.memo, taken.memo = &memo{}, &memo{}
	taken.Own.Role, taken.Own.Epoch = node.Primary, 8 // by a promotion: what the twin told was before it
	doubt := keyed(dead, append(append([]string{"P"}, strings.Split("its rack burns", "")...), "enter")...)
	asked := keyed(ready, "S", "n", "e", "w", "enter", "enter")
	return map[string]frame{
		"move_full":      ready,
		"move_blocked":   moveWhile(moving{book: back}, isBlocked()),
		"move_going":     moveWhile(waiting, isReady()),
		"move_undoing":   moveWhile(moving{book: hurt}, isReady()),
		"move_halted":    moveWhile(moving{book: stuck}, isBlocked()),
		"move_after":     after,
		"move_just":      just,
		"move_promoting": moveWhile(moving{book: withState(promoted, node.RunbookOpen)}, isReady()),
		"move_alone":     alone.took(alone.placeID(), known{data: moving{}, looked: night}),
		"move_lost":      lost,
		"move_dead":      dead,
		"move_taken":     taken,
		"move_deserted":  deserted(moveWhile(waiting, isReady()), waiting),
		"move_failing":   failing(ready),
		"move_hostile":   moveWhile(moving{book: hostileMove(), waits: "wait: " + evil}, hostileReady()),
		"move_step":      moveWhile(waiting, isReady(), "wait"),
		"move_return":    moveWhile(waiting, isReady(), returnRow),
		"move_question":  keyed(ready, "S"),
		"move_plan":      asked.plannedSo([]string{"switch-over: cms-a (primary, epoch 7) -> cms-b", "", "31 checks are ok", "ready: nothing was changed"}, exitOK),
		"move_abort":     keyed(moveWhile(waiting, isReady()), "A"),
		"move_promote":   keyed(secondary(ready), "P"),
		"move_doubt":     doubt.plannedSo([]string{"cms-b: it gives no answer: dial tcp 10.0.0.12:22: no route to host; it was said to be down: its rack burns", "", "promotion: cms-b -> cms-a", ""}, exitOK),
		"checks_full":    turnedTo(moveWhile(moving{}, isBlocked()), seeChecks, moving{}),
		"checks_empty":   turnedTo(ready, seeChecks, moving{}),
		"check_one":      turnedTo(moveWhile(moving{}, isBlocked()), seeChecks, moving{}, "feeds\x00cms-b"),
		"moves_full":     turnedTo(ready, seeMoves, past),
		"moves_empty":    turnedTo(ready, seeMoves, moving{}),
		"moves_hostile":  turnedTo(ready, seeMoves, moving{past: []node.Runbook{hostileMove()}}),
		"moved_one":      turnedTo(ready, seeMoves, moving{book: over}, over.ID),
		"moved_back":     turnedTo(ready, seeMoves, moving{book: back}, back.ID),
		"moved_hostile":  turnedTo(ready, seeMoves, moving{book: hostileMove()}, evil),
	}
}

// deserted is the frame when the twind of this server has died in the move.
func deserted(f frame, m moving) frame {
	f.Own.Running = false
	return f.took(f.placeID(), known{data: m, looked: night})
}

func withState(b node.Runbook, is node.RunbookState) node.Runbook {
	b.State = is
	return b
}

// hostileMove is foreign text wherever a twin can write it.
func hostileMove() node.Runbook {
	b := openMove("check done x")
	b.Intent, b.Giver, b.Taker, b.Actor, b.Reason, b.Runner, b.ID = node.Intent(evil), evil, evil, evil, evil, evil, evil
	b.Notes = append(b.Notes, node.RunbookNote{Step: "wait", State: node.NoteState(evil), Text: evil}, node.RunbookNote{Step: evil, State: node.NoteTold, Text: evil},
		node.RunbookNote{Step: "sync", State: node.NoteTold, Text: evil})
	b.Result = []byte(`{"outcome":"done","primary":"\u001b[2J"`)
	return b
}

func hostileReady() node.Readiness {
	return node.Readiness{Because: []string{evil}, Checks: []node.ReadyCheck{{Name: evil, Side: evil, Level: evil, Compared: evil, Fix: evil}}}
}

// TestMoveSeeks holds that the step at work is in sight, until somebody chooses
// another one.
func TestMoveSeeks(t *testing.T) {
	f := pictures()["move_going"]
	f.height = 14
	if f = f.settled(); f.spot().row != "wait" {
		t.Fatalf("the step in sight is %q, not the one at work", f.spot().row)
	}
	m := moving{book: openMove(append(untilWait(), "wait done ", "demote begun ")...)}
	if got := f.took(f.placeID(), known{data: m, looked: night}).spot().row; got != "demote" {
		t.Errorf("the step in sight is %q, when another one is at work", got)
	}
	f = keyed(f, "k")
	if got := f.took(f.placeID(), known{data: m, looked: night}).spot().row; got != "sync" {
		t.Errorf("who chose a step is taken away from it, to %q", got)
	}
}

// TestMoveReadBack holds that what the twin told before a move has ended is not
// taken for what is so since.
func TestMoveReadBack(t *testing.T) {
	f := pictures()["move_after"]
	f.Twin = &Told{At: night, Document: document("cms-b", node.Secondary)}
	f = f.took(f.placeID(), known{data: moving{book: overMove()}, looked: night})
	if got := render(f, 80, 24, Theme{}); !strings.Contains(got, "cms-b  PRIMARY, epoch 8") || !strings.Contains(got, "B fail back") {
		t.Errorf("the twin is shown as it was before:\n%s", got)
	}
	f.Twin = &Told{At: night, Document: document("cms-b", node.Secondary)}
	f.Twin.Document.Epoch = 9
	f = f.took(f.placeID(), known{data: moving{book: overMove()}, looked: night})
	if got := render(f, 80, 24, Theme{}); !strings.Contains(got, "cms-b  SECONDARY") {
		t.Errorf("what the twin told since is not shown:\n%s", got)
	}
}

// TestEndWhileFollowed holds that a move that was begun here can be ended here,
// and that what is said of the one is not taken for the other.
func TestEndWhileFollowed(t *testing.T) {
	f := pictures()["move_going"]
	f.job = &job{serial: 7, name: "make cms-b primary", args: []string{"switchover"}}
	f, w := keyed(f, "A").press("y")
	if len(w.run) != 2 || w.run[1] != "--abort" {
		t.Fatalf("it does %q", w.run)
	}
	m := model{frame: f, work: idle()}
	old := &transcript{job: 7}
	old.end(130)
	if m = after(m, listened{old}); m.job.ended {
		t.Error("the end of the line before is taken for its own")
	}
	if again, _ := keyed(f, "c").press("c"); !strings.Contains(again.message.text, "one thing at a time") {
		t.Errorf("beside it something else is begun: %q", again.message.text)
	}
}
