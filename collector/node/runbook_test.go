package node

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/record"
)

func runbook(id, runner string) Runbook {
	return Runbook{
		ID: id, Intent: IntentSwitchover, Giver: "cms-a", Taker: "cms-b", Actor: "ann", Reason: "patches",
		Options: json.RawMessage(`{}`), Runner: runner, Result: json.RawMessage(`{"gap_ms":12}`),
	}
}

func TestOneRunbookAtATimeAndOneRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := initialized(t)
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		refused := func(err, want error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		must(n.OpenRunbook(ctx, runbook("r", "cms-a")))
		must(n.OpenRunbook(ctx, runbook("r", "cms-a"))) // it asks again
		refused(n.OpenRunbook(ctx, runbook("r", "cms-b")), ErrRunbook)
		refused(n.OpenRunbook(ctx, runbook("s", "cms-b")), ErrRunbook)
		must(n.NoteRunbook(ctx, "r", "cms-a", RunbookNote{Seq: 1, Step: "drain", State: NoteBegun, At: 7}, RunbookNote{Seq: 2, Step: "drain", State: NoteDone, At: 8}))
		must(n.NoteRunbook(ctx, "r", "cms-a", RunbookNote{Seq: 2, Step: "drain", State: NoteFailed, At: 9}))
		refused(n.NoteRunbook(ctx, "r", "cms-b"), ErrRunbook)
		refused(n.NoteRunbook(ctx, "s", "cms-a"), ErrNoRunbook)

		time.Sleep(RunnerLost)
		must(n.NoteRunbook(ctx, "r", "cms-a")) // it lives
		time.Sleep(RunnerLost)
		refused(n.OpenRunbook(ctx, runbook("r", "cms-b")), ErrRunbook)
		time.Sleep(time.Second)
		refused(n.OpenRunbook(ctx, runbook("s", "cms-b")), ErrHalted)
		must(n.OpenRunbook(ctx, runbook("r", "cms-b"))) // who was its runner is dead
		refused(n.NoteRunbook(ctx, "r", "cms-a"), ErrRunbook)

		done := runbook("r", "cms-b")
		done.State = RunbookDone
		must(n.EndRunbook(ctx, done))
		must(n.EndRunbook(ctx, done))
		refused(n.NoteRunbook(ctx, "r", "cms-b"), ErrNoRunbook)
		refused(n.OpenRunbook(ctx, runbook("r", "cms-b")), ErrRunbook)
		must(n.OpenRunbook(ctx, runbook("s", "cms-b")))

		got, err := n.Runbook(ctx, "r")
		if err != nil || got.State != RunbookDone || got.Ended == 0 || len(got.Notes) != 2 || got.Notes[1].State != NoteDone || string(got.Result) != `{"gap_ms":12}` {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := n.Runbook(ctx, ""); err != nil || got.ID != "s" {
			t.Errorf("the open one: %+v, %v", got, err)
		}
		if all, err := n.Runbooks(ctx, 10); err != nil || len(all) != 2 || all[0].ID != "s" {
			t.Errorf("%+v, %v", all, err)
		}
		_, err = n.Runbook(ctx, "x")
		refused(err, ErrNoRunbook)
	})
}

// A late word that nothing came of it is not believed where the role is gone: it
// would leave nobody primary, and nothing to resume.
func TestWhatGaveTheRoleAwayIsNotRolledBackByAWord(t *testing.T) {
	w := newTwins(t)
	for _, n := range []*DB{w.a, w.b} {
		if err := n.OpenRunbook(t.Context(), runbook("r", "cms-b")); err != nil {
			t.Fatal(err)
		}
	}
	token := w.demote(t)
	over := runbook("r", "cms-b")
	over.State = RunbookRolledBack
	if err := w.a.EndRunbook(t.Context(), over); !errors.Is(err, ErrRunbook) {
		t.Errorf("given: %v", err)
	}
	if err := w.b.VoidToken(t.Context(), token, "ann"); err != nil {
		t.Fatal(err)
	}
	if err := w.b.EndRunbook(t.Context(), over); err != nil {
		t.Errorf("void: %v", err)
	}
	if err := w.a.EndRunbook(t.Context(), over); !errors.Is(err, ErrRunbook) {
		t.Errorf("not taken back: %v", err)
	}
	if _, err := w.a.TakeBack(t.Context(), token.ID, "ann"); err != nil {
		t.Fatal(err)
	}
	if err := w.a.EndRunbook(t.Context(), over); err != nil {
		t.Errorf("taken back: %v", err)
	}
}

// The twin writes in the journal too.
func TestAJournalHasBounds(t *testing.T) {
	n := initialized(t)
	long := strings.Repeat("x", maxDocuments+1)
	for name, spoil := range map[string]func(*Runbook){
		"an id in colour":   func(r *Runbook) { r.ID = "\x1b[31m" },
		"no actor":          func(r *Runbook) { r.Actor = "" },
		"no such intent":    func(r *Runbook) { r.Intent = "coup" },
		"a long reason":     func(r *Runbook) { r.Reason = long },
		"no JSON":           func(r *Runbook) { r.Options = json.RawMessage("{") },
		"very many options": func(r *Runbook) { r.Options = json.RawMessage(`"` + long + `"`) },
	} {
		bad := runbook("r", "cms-a")
		spoil(&bad)
		if err := n.OpenRunbook(t.Context(), bad); err == nil {
			t.Error(name)
		}
	}
	if err := n.OpenRunbook(t.Context(), runbook("r", "cms-a")); err != nil {
		t.Fatal(err)
	}
	for name, note := range map[string]RunbookNote{
		"no number":         {Step: "drain", State: NoteDone},
		"a vast number":     {Seq: maxNotes + 1, Step: "drain", State: NoteDone},
		"no step":           {Seq: 1, State: NoteDone},
		"a step in colour":  {Seq: 1, Step: "\x1b[0m", State: NoteDone},
		"a state of nobody": {Seq: 1, Step: "drain", State: "x"},
	} {
		if err := n.NoteRunbook(t.Context(), "r", "cms-a", note); err == nil {
			t.Error(name)
		}
	}
	if err := n.NoteRunbook(t.Context(), "r", "cms-a", RunbookNote{Seq: 1, Step: "drain", State: NoteTold, Text: long, At: record.Instant(1)}); err != nil {
		t.Fatal(err)
	}
	if got, err := n.Runbook(t.Context(), "r"); err != nil || len(got.Notes) != 1 || len(got.Notes[0].Text) > maxNoteText {
		t.Errorf("%v, %v", len(got.Notes), err)
	}
}
