package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/node"
)

// lit returns the keys of what can be done, if that asks for more than nothing.
func (f frame) lit() (keys string) {
	for _, a := range f.acts() {
		if a.why(f.sight()) == "" && a.rung != atOnce {
			keys += a.key
		}
	}
	return keys
}

// TestMoveActs holds that what can be done is what fits how things stand: of the
// doors no other is lit than the one that is open.
func TestMoveActs(t *testing.T) {
	pictures := pictures()
	soon := pictures["move_after"]
	soon.Own.Ready.Checks = []node.ReadyCheck{{Name: "calm", Level: "warning", Compared: "cms-b became primary only 2 seconds ago", Fix: "wait 30 minutes"}}
	soon.memo = &memo{}
	pictures["soon"] = soon
	old := pictures["move_after"]
	old.Own.Ready.Checks = []node.ReadyCheck{{Name: "drill", Level: "warning", Compared: "no backup was ever proven"}}
	old.memo = &memo{}
	pictures["old"] = old
	half := secondary(pictures["move_blocked"])
	half.memo = &memo{}
	half.Twin.Document.Running = false
	pictures["half"] = half
	for name, want := range map[string]string{
		"move_full": "SE", "move_blocked": "", "move_going": "A", "move_undoing": "RA", "move_halted": "RA", "move_after": "BE", "move_just": "", "move_alone": "", "move_deserted": "",
		"move_lost": "", "move_dead": "P", "move_taken": "", "move_promote": "SE", "soon": "SE", "old": "BE", "half": "P",
	} {
		if got := pictures[name].lit(); got != want {
			t.Errorf("%s: %q can be done, want %q", name, got, want)
		}
	}
}

// TestMoveWhyNot holds that each door that is shut says why, and what there is to do.
func TestMoveWhyNot(t *testing.T) {
	pictures := pictures()
	for _, tt := range []struct{ picture, key, want string }{
		{"move_blocked", "S", "not ready: cms-b: drift: twinctl sync --drift overwrite, or adopt"},
		{"move_blocked", "E", "not ready: cms-b: drift: "},
		{"move_dead", "S", "if it is dead, P takes it"},
		{"move_lost", "S", "not ready: cms-b cannot be reached; v shows all"},
		{"move_after", "S", "B, fail back, is the way to it"},
		{"move_just", "B", "is looked at: a moment"},
		{"move_full", "B", "there is no way back"},
		{"move_full", "P", "typed on cms-b, if cms-a is dead"},
		{"move_promote", "P", "cms-b is heard: S"},
	} {
		if got := keyed(pictures[tt.picture], tt.key).message.text; !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s says %q, want %q", tt.picture, tt.key, got, tt.want)
		}
	}
}

// TestPromoteFromHere holds that the role of a primary that is silent is taken by a
// key, after the plan was shown and its name was typed, and not before.
func TestPromoteFromHere(t *testing.T) {
	f := pictures()["move_dead"]
	if hints := render(f, 80, 24, Theme{}); !strings.Contains(hints, " P promote, if cms-b is down ") {
		t.Errorf("the last line does not offer it:\n%s", hints)
	}
	f, w := keyed(f, "P", "x").press("enter")
	if want := []string{"promote", "--primary-is-down", "--dry-run", "--confirm=cms-b", "--reason=x"}; !slices.Equal(w.plan, want) {
		t.Fatalf("the plan is %q, want %q", w.plan, want)
	}
	f = f.plannedSo([]string{"promotion: cms-b -> cms-a"}, exitOK)
	if after, w := keyed(f, "y").press("enter"); w.run != nil || after.asking == nil {
		t.Errorf("a yes is taken for its name: %q", w.run)
	}
	_, w = keyed(f, strings.Split("c m s - b", " ")...).press("enter")
	if want := []string{"promote", "--primary-is-down", "--confirm=cms-b", "--reason=x"}; !slices.Equal(w.run, want) {
		t.Errorf("it does %q, want %q", w.run, want)
	}
}

// TestMovedJustNow holds that a verdict that was found while the role was being moved
// is not told of the role since, and that the last steps are in sight.
func TestMovedJustNow(t *testing.T) {
	f := pictures()["move_just"]
	f.height = 24
	got := render(f.settled(), 80, 24, Theme{})
	if strings.Contains(got, "NOT READY") || strings.Contains(got, "runbook") || !strings.Contains(got, " ? whether the role can be moved is looked at\n") {
		t.Errorf("it tells what was found before the end of the move:\n%s", got)
	}
	if !strings.Contains(got, "+ done     publish") {
		t.Errorf("the last step is out of sight:\n%s", got)
	}
	f.Own.Ready = node.Readiness{Because: []string{node.NotLooked}}
	if got := f.headReady().text; got != "ready ?" {
		t.Errorf("line 1 says %q while it is looked at", got)
	}
}

// TestAboutStepCut holds that what is said of a step is marked where it is cut.
func TestAboutStepCut(t *testing.T) {
	rows := journalRows(moving{}, noMove, night)
	for _, r := range rows {
		lines := aboutStep(rows, r.key(), 60)
		var words []string
		for _, l := range lines {
			words = append(words, strings.Fields(strings.TrimPrefix(l.text(), " why:"))...)
		}
		said := strings.Join(words, " ")
		if whole := said == r.about(); whole == strings.HasSuffix(said, more) {
			t.Errorf("%s: of %q it says %q", r.key(), r.about(), said)
		}
	}
}
