package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/store"
)

func TestChangeIsOneSetWithItsAudit(t *testing.T) {
	s := open(t, primary)
	done := s.change(t, set("queue", "b", Body{"name": "B"}), set("queue", "a", Body{}))
	want := []Change{{"queue", "a", nil, Body{}}, {"queue", "b", nil, Body{"name": "B"}}}
	if diff := cmp.Diff(want, done.Changes); diff != "" || done.Generation != 1 || done.Rows != 2 {
		t.Errorf("%+v\n%s", done, diff)
	}
	logged, err := s.Set(t.Context(), 1)
	if diff := cmp.Diff(done, logged); err != nil || diff != "" {
		t.Errorf("logged: %v\n%s", err, diff)
	}
	acts, err := s.Audited(t.Context(), 0, 10)
	if err != nil || len(acts) != 1 || acts[0].Actor != "ann" || acts[0].Verb != "admin.set" || acts[0].Target != "2 rows" {
		t.Errorf("audit: %+v, %v", acts, err)
	}
	s.wants(t, map[string]string{"queue/a": `{}`, "queue/b": `{"name":"B"}`})
	if p := s.position(t); p.Generation != 1 || p.Rows != 2 || p.Pending != 2 || p.Head.ID != 1 {
		t.Errorf("%+v", p)
	}
}

func TestAChangeThatChangesNothingMakesNoGeneration(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("user", "ann", Body{"name": "Ann"}))
	done := s.change(t, set("user", "ann", Body{"name": "Ann", "permission": "view", "feeds": []string{}}))
	if done.Generation != 0 || len(done.Changes) != 0 {
		t.Errorf("%+v", done)
	}
	if p := s.position(t); p.Generation != 1 || p.Head.ID != 1 {
		t.Errorf("%+v", p)
	}
}

func TestPreviewIsChangeWithoutTheChange(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("queue", "a", Body{}))
	before := s.position(t)
	edits := []Edit{set("queue", "a", Body{"name": "A"}), set("queue", "b", Body{})}
	seen, err := s.Preview(t.Context(), ann, edits, How{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, s.position(t)); diff != "" {
		t.Errorf("it changed something:\n%s", diff)
	}
	if diff := cmp.Diff(seen.Changes, s.change(t, edits...).Changes); diff != "" || seen.Generation != 2 {
		t.Errorf("previewed %d:\n%s", seen.Generation, diff)
	}
	if _, err := s.Preview(t.Context(), ann, []Edit{del("queue", "x")}, How{}); !errors.Is(err, ErrNoRow) {
		t.Errorf("what is refused: %v", err)
	}
}

func TestOnlyThePrimaryChanges(t *testing.T) {
	s := open(t, secondary)
	edit := []Edit{set("queue", "a", Body{})}
	_, err := s.Change(t.Context(), ann, edit, How{})
	if !errors.Is(err, ErrNotPrimary) || !strings.Contains(err.Error(), "administer on cms-a") {
		t.Errorf("on the secondary: %v", err)
	}
	s.wants(t, map[string]string{})
	emergency := ann
	emergency.OnSecondary = true
	done, err := s.Change(t.Context(), emergency, edit, How{})
	if err != nil || !done.Drift {
		t.Errorf("in an emergency: %+v, %v", done, err)
	}
	if p := s.position(t); p.Pending != 1 {
		t.Errorf("drift is not pending: %+v", p)
	}
	s.standing(t, `role = 'primary'`)
	if done, err = s.Change(t.Context(), emergency, []Edit{set("queue", "b", Body{})}, How{}); err != nil || done.Drift {
		t.Errorf("on the primary: %+v, %v", done, err)
	}
}

// The role cannot change between the guard and the commit.
func TestTheGuardHoldsUntilTheCommit(t *testing.T) {
	s := open(t, primary)
	other := make(chan error, 1)
	s.guard = func(ctx context.Context, tx *store.Tx) (Standing, error) {
		go func() {
			other <- s.node.Update(ctx, func(*store.Tx) error {
				if _, err := s.Row(ctx, Name{"queue", "a"}); err != nil {
					return fmt.Errorf("node.db could be written before the commit: %w", err)
				}
				return nil
			})
		}()
		return guard(ctx, tx)
	}
	s.change(t, set("queue", "a", Body{}))
	if err := <-other; err != nil {
		t.Error(err)
	}
}

// TestAnAuthorMayBeAskedOfEachChange holds that nothing is left of a set of which
// one change is refused, whichever way it comes.
func TestAnAuthorMayBeAskedOfEachChange(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("queue", "a", Body{}))
	before := s.position(t)
	no := errors.New("not hers")
	by := ann
	by.Allow = func(c Change) error {
		if c.Kind == "user" || c.Before != nil && c.After == nil {
			return no
		}
		return nil
	}
	edits := []Edit{set("queue", "b", Body{}), set("user", "eve", Body{"permission": "admin"})}
	if _, err := s.Change(t.Context(), by, edits, How{}); !errors.Is(err, no) || !strings.Contains(err.Error(), "user/eve") {
		t.Errorf("a change: %v", err)
	}
	if _, err := s.Preview(t.Context(), by, edits, How{}); !errors.Is(err, no) {
		t.Errorf("a preview: %v", err)
	}
	if _, err := s.Undo(t.Context(), by, 1); !errors.Is(err, no) {
		t.Errorf("what is taken back: %v", err)
	}
	if diff := cmp.Diff(before, s.position(t)); diff != "" {
		t.Errorf("it changed something:\n%s", diff)
	}
	if done, err := s.Change(t.Context(), by, edits[:1], How{}); err != nil || done.Rows != 1 {
		t.Errorf("what is hers: %+v, %v", done, err)
	}
}

func TestChangeIsAllOrNothing(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("queue", "a", Body{}), set("agent", "1", Body{"aliases": []string{"PJSIP/1"}}))
	before, position := s.all(t), s.position(t)
	other := Row{"queue", "a", Body{"name": "x"}}.Hash()
	for name, c := range map[string]struct {
		edit Edit
		want error
		text string
	}{
		"unknown kind":      {set("quue", "a", Body{}), ErrNoKind, "did you mean queue?"},
		"unknown row":       {del("queue", "x"), ErrNoRow, "queue/x"},
		"not valid":         {set("queue", "a", Body{"name": "\x1b[2J"}), ErrInvalid, `\x1b`},
		"no such reference": {set("queue-group", "g", Body{"queues": []string{"a", "x"}}), ErrInvalid, "queues: no such row: queue/x"},
		"not as seen":       {Edit{Kind: "queue", Key: "a", Body: Body{"name": "y"}, Old: &other}, ErrConflict, "queue/a"},
		"seen as missing":   {Edit{Kind: "queue", Key: "a", Body: Body{"name": "y"}, Old: &Hash{}}, ErrConflict, "queue/a"},
		"claimed":           {set("agent", "2", Body{"aliases": []string{"SIP/2", "PJSIP/1"}}), ErrInvalid, `aliases "PJSIP/1" is agent/1's already`},
		"named twice":       {set("queue", "new", Body{}), ErrInvalid, "named twice"},
		"a type unknown":    {set("queue", "a", Body{"name": 1.5}), ErrInvalid, "holds a float64"},
		"too large":         {set("agent", "1", Body{"aliases": hugeList()}), ErrInvalid, "want at most 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Change(t.Context(), ann, []Edit{set("queue", "new", Body{}), c.edit}, How{})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v", err)
			}
			s.wants(t, before)
			if diff := cmp.Diff(position, s.position(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClaimsMayMoveWithinAChange(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("agent", "1", Body{"aliases": []string{"a"}}), set("agent", "2", Body{"aliases": []string{"b"}}))
	s.change(t, set("agent", "1", Body{"aliases": []string{"b"}}), set("agent", "2", Body{"aliases": []string{"a"}}))
	s.change(t, del("agent", "1"))
	s.change(t, set("agent", "2", Body{"aliases": []string{"a", "b"}}))
}

// A key is one person's, whatever is written behind it.
func TestAKeyIsOneUsers(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("user", "ann", Body{"keys": []string{key1}}))
	other := withoutComment(key1) + " bob@elsewhere"
	_, err := s.Change(t.Context(), ann, []Edit{set("user", "bob", Body{"keys": []string{other}})}, How{})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "is user/ann's already") {
		t.Errorf("%v", err)
	}
	s.change(t, set("user", "ann", Body{"keys": []string{other}}))
}

func TestRandomKeys(t *testing.T) {
	s := open(t, primary)
	done := s.change(t, set("report", "", Body{"title": "Daily", "question": "queue"}), set("report", "", Body{"title": "Weekly", "question": "queue"}))
	if len(done.Changes) != 2 || len(done.Changes[0].Key) != 16 {
		t.Fatalf("%+v", done)
	}
	row, err := s.Find(t.Context(), "report", "Weekly")
	if err != nil || row.Body.Text("title") != "Weekly" {
		t.Errorf("%+v, %v", row, err)
	}
	if again, err := s.Find(t.Context(), "report", row.Key); err != nil || again.Key != row.Key {
		t.Errorf("by its key: %+v, %v", again, err)
	}
	if _, err := s.Find(t.Context(), "report", "Weekli"); !errors.Is(err, ErrNoRow) || !strings.Contains(err.Error(), "did you mean Weekly?") {
		t.Errorf("nearly: %v", err)
	}
	if _, err := s.Change(t.Context(), ann, []Edit{set("report", "", Body{"title": "Daily", "question": "agent"})}, How{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("the same title: %v", err)
	}
}

func TestReferencesAreKept(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("queue", "a", Body{}), set("queue", "b", Body{}), set("queue-group", "g", Body{"queues": []string{"a", "b"}}),
		set("threshold", "t", Body{"measure": "waiting", "queue": "a"}), set("calendar", "c", Body{}),
		set("threshold", "u", Body{"measure": "waiting", "calendar": "c"}), set("user", "bob", Body{"queue_groups": []string{"g"}}))
	_, err := s.Change(t.Context(), ann, []Edit{del("queue", "a")}, How{})
	var used *Referenced
	if !errors.As(err, &used) || !errors.Is(err, ErrReferenced) {
		t.Fatalf("%v", err)
	}
	want := []Use{
		{Name{"queue-group", "g"}, "queues", Name{"queue", "a"}},
		{Name{"threshold", "t"}, "queue", Name{"queue", "a"}},
	}
	if diff := cmp.Diff(want, used.Uses); diff != "" {
		t.Error(diff)
	}
	// What lets go in the same change is not in the way.
	s.change(t, del("queue", "a"), set("queue-group", "g", Body{"queues": []string{"b"}}), set("threshold", "t", Body{"measure": "waiting", "queue": "b"}))
	done, err := s.Change(t.Context(), ann, []Edit{del("queue", "b"), del("calendar", "c")}, How{Cascade: true})
	if err != nil {
		t.Fatal(err)
	}
	changes := []Change{
		{"calendar", "c", Body{}, nil},
		{"queue", "b", Body{}, nil},
		{"queue-group", "g", Body{"queues": []string{"b"}}, Body{}},
		{"threshold", "t", Body{"measure": "waiting", "queue": "b"}, nil},
		{"threshold", "u", Body{"calendar": "c", "measure": "waiting"}, Body{"measure": "waiting"}},
	}
	if diff := cmp.Diff(changes, done.Changes); diff != "" {
		t.Error(diff)
	}
	// Whoever may see one group must not come to see all.
	if _, err := s.Change(t.Context(), ann, []Edit{del("queue-group", "g")}, How{Cascade: true}); !errors.Is(err, ErrReferenced) {
		t.Errorf("the group that a user is held to: %v", err)
	}
}

func TestAUsersThingsMove(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("user", "ann", Body{}), set("user", "bob", Body{}),
		set("report", "r", Body{"title": "R", "question": "queue", "owner": "ann"}),
		set("timetable", "t", Body{"name": "T", "schedule": "@daily", "tasks": []string{"backup"}, "owner": "ann"}))
	for _, how := range []How{{}, {Cascade: true}, {OwnerTo: "nobody"}, {OwnerTo: "ann"}} {
		if _, err := s.Change(t.Context(), ann, []Edit{del("user", "ann")}, how); !errors.Is(err, ErrReferenced) && !errors.Is(err, ErrNoRow) {
			t.Errorf("%+v: %v", how, err)
		}
	}
	if _, err := s.Change(t.Context(), ann, []Edit{del("user", "ann")}, How{OwnerTo: "bob"}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []Name{{"report", "r"}, {"timetable", "t"}} {
		if row, err := s.Row(t.Context(), n); err != nil || row.Body.Text("owner") != "bob" {
			t.Errorf("%s: %+v, %v", n, row, err)
		}
	}
}

func TestUndoTakesASetBack(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("queue", "a", Body{"name": "A"}), set("queue", "b", Body{}))
	before := s.all(t)
	s.change(t, set("queue", "a", Body{"name": "X"}), del("queue", "b"), set("queue", "c", Body{}))
	done, err := s.Undo(t.Context(), ann, 2)
	if err != nil || done.Undoes != 2 || done.Generation != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	s.wants(t, before)
	s.change(t, set("queue", "a", Body{"name": "later"}))
	_, err = s.Undo(t.Context(), ann, 3)
	var conflict *Conflict
	if !errors.As(err, &conflict) || !cmp.Equal(conflict.Rows, []Name{{"queue", "a"}}) {
		t.Errorf("changed since: %v", err)
	}
	if _, err := s.Undo(t.Context(), ann, 99); !errors.Is(err, ErrNoGeneration) {
		t.Errorf("no such: %v", err)
	}
	changes, err := s.Between(t.Context(), 1, 4)
	if diff := cmp.Diff([]Change{{"queue", "a", Body{"name": "A"}, Body{"name": "later"}}}, changes); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	sets, err := s.Log(t.Context(), 0, 2)
	if err != nil || len(sets) != 2 || sets[0].Generation != 4 || sets[1].Undoes != 2 {
		t.Errorf("%+v, %v", sets, err)
	}
}

func TestTheLogIsOnlyAddedTo(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("queue", "a", Body{}))
	for _, q := range []string{
		`UPDATE change_set SET actor = 'x'`, `DELETE FROM change_set`, `UPDATE change SET after = NULL`, `DELETE FROM change`,
		`INSERT OR REPLACE INTO change_set SELECT generation, at, 'x', place, verb, undoes, drift, rows, digest FROM change_set`,
		`INSERT OR REPLACE INTO change SELECT generation, n, kind, key, before, NULL FROM change`,
		`UPDATE audit SET actor = 'x'`, `DELETE FROM audit`,
		`INSERT OR REPLACE INTO audit SELECT id, at, 'x', verb, target, detail, prev, hash FROM audit`,
	} {
		if err := s.run(t, q); err == nil || !strings.Contains(err.Error(), "only added to") {
			t.Errorf("%s: %v", q, err)
		}
	}
}

func hugeList() []string {
	list := make([]string, 300)
	for i := range list {
		list[i] = strings.Repeat(string(rune('a'+i%26)), 200) + strings.Repeat("x", i%50) + string(rune('0'+i%10)) + string(rune('A'+i/26))
	}
	return list
}
