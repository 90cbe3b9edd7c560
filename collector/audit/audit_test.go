package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A file is a database that has an audit and nothing else.
type file struct{ db *store.DB }

func open(t *testing.T) *file {
	t.Helper()
	schema := store.Schema{App: 1, Migrations: os.DirFS("testdata")}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "audit.db"), schema, store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &file{db}
}

func (f *file) append(ctx context.Context, act Act) (head Head, err error) {
	err = f.db.Update(ctx, func(tx *store.Tx) error {
		head, err = Append(ctx, tx, act)
		return err
	})
	return head, err
}

func (f *file) list(ctx context.Context, after int64, limit int) (acts []Audited, err error) {
	err = f.db.View(ctx, func(tx *store.Tx) error {
		acts, err = List(ctx, tx, after, limit)
		return err
	})
	return acts, err
}

func (f *file) head(ctx context.Context) (head Head, err error) {
	err = f.db.View(ctx, func(tx *store.Tx) error {
		head, err = HeadOf(ctx, tx)
		return err
	})
	return head, err
}

// write runs statements beside the package's own.
func write(t *testing.T, n *file, statements ...string) error {
	t.Helper()
	return n.db.Update(t.Context(), func(tx *store.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(s); err != nil {
				return err
			}
		}
		return nil
	})
}

func act(t *testing.T, n *file, count int) {
	t.Helper()
	for i := range count {
		if _, err := n.append(t.Context(), Act{Actor: "ann", Verb: "pair.check", Target: fmt.Sprint(i), Detail: map[string]int{"i": i}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAuditIsReadAsWritten(t *testing.T) {
	n := open(t)
	if head, err := Verify(t.Context(), n.db); err != nil || head != (Head{}) {
		t.Errorf("an empty audit: %+v, %v", head, err)
	}
	act(t, n, 3)
	if _, err := n.append(t.Context(), Act{Actor: "bob", Verb: "feed.pause"}); err != nil {
		t.Fatal(err)
	}
	acts, err := n.list(t.Context(), 1, 2)
	if err != nil || len(acts) != 2 || acts[0].ID != 2 || acts[1].ID != 3 {
		t.Fatalf("after 1, two of them: %+v, %v", acts, err)
	}
	if a := acts[0]; a.Actor != "ann" || a.Verb != "pair.check" || a.Target != "1" || string(a.Detail) != `{"i":1}` || a.At == 0 {
		t.Errorf("%+v", a)
	}
	head, err := n.head(t.Context())
	if err != nil || head.ID != 4 {
		t.Fatalf("head %+v, %v", head, err)
	}
	if got, err := Verify(t.Context(), n.db); err != nil || got != head {
		t.Errorf("verify: %+v, %v; the head is %+v", got, err, head)
	}
	last, err := n.list(t.Context(), 3, 10)
	if err != nil || len(last) != 1 || string(last[0].Detail) != "{}" {
		t.Errorf("without detail: %+v, %v", last, err)
	}
}

func TestAuditIsOnlyAddedTo(t *testing.T) {
	n := open(t)
	act(t, n, 2)
	for _, s := range []string{
		`UPDATE audit SET actor = 'nobody' WHERE id = 1`,
		`DELETE FROM audit WHERE id = 2`,
		`INSERT INTO audit SELECT 9, at, actor, verb, target, detail, prev, hash FROM audit WHERE id = 1`,
		`INSERT INTO audit SELECT NULL, at, actor, verb, target, detail, prev, hash FROM audit WHERE id = 1`,
		`INSERT OR REPLACE INTO audit SELECT 2, at, 'nobody', verb, target, detail, prev, hash FROM audit WHERE id = 2`,
	} {
		if err := write(t, n, s); err == nil || !strings.Contains(err.Error(), "the audit is only added to") {
			t.Errorf("%s: %v", s, err)
		}
	}
	if _, err := Verify(t.Context(), n.db); err != nil {
		t.Error(err)
	}
}

// Whoever owns the file can take the triggers off. The hashes tell.
func TestAuditVerifyFindsTheFirstThatIsBroken(t *testing.T) {
	for name, c := range map[string]struct {
		harm  string
		first int64
	}{
		"actor":       {`UPDATE audit SET actor = 'nobody' WHERE id = 3`, 3},
		"time":        {`UPDATE audit SET at = at + 1 WHERE id = 3`, 3},
		"verb":        {`UPDATE audit SET verb = 'x' WHERE id = 3`, 3},
		"target":      {`UPDATE audit SET target = 'x' WHERE id = 3`, 3},
		"detail":      {`UPDATE audit SET detail = '{}' WHERE id = 3`, 3},
		"moved text":  {`UPDATE audit SET actor = 'annp', verb = 'air.check' WHERE id = 3`, 3},
		"hash":        {`UPDATE audit SET hash = zeroblob(32) WHERE id = 3`, 3},
		"short hash":  {`UPDATE audit SET hash = zeroblob(31) WHERE id = 3`, 3},
		"left out":    {`DELETE FROM audit WHERE id = 3`, 3},
		"first gone":  {`DELETE FROM audit WHERE id = 1`, 1},
		"in between":  {`UPDATE audit SET id = id + 10 WHERE id > 2`, 3},
		"other order": {`UPDATE audit SET id = 9 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 4; UPDATE audit SET id = 4 WHERE id = 9`, 3},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t)
			act(t, n, 6)
			if err := write(t, n, `DROP TRIGGER audit_unchanged`, `DROP TRIGGER audit_kept`, c.harm); err != nil {
				t.Fatal(err)
			}
			_, err := Verify(t.Context(), n.db)
			var broken *Broken
			if !errors.As(err, &broken) || broken.ID != c.first || !strings.Contains(err.Error(), fmt.Sprintf("broken at %d: ", c.first)) {
				t.Errorf("verify: %v, want the first at %d", err, c.first)
			}
		})
	}
}

func TestAuditOfManyAtOnceIsOneChain(t *testing.T) {
	n := open(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				if _, err := n.append(t.Context(), Act{Verb: "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if head, err := Verify(t.Context(), n.db); err != nil || head.ID != 80 {
		t.Errorf("head %+v, %v", head, err)
	}
}

// Different acts never have the same hash, wherever the texts are cut.
func TestHashTellsActsApart(t *testing.T) {
	text := rapid.StringMatching(`[ab]{0,3}`)
	acts := rapid.Custom(func(t *rapid.T) Audited {
		return Audited{
			ID: rapid.Int64Range(1, 2).Draw(t, "id"), At: record.Instant(rapid.Int64Range(0, 1).Draw(t, "at")),
			Actor: text.Draw(t, "actor"), Verb: text.Draw(t, "verb"), Target: text.Draw(t, "target"), Detail: []byte(text.Draw(t, "detail")),
			Prev: Hash{rapid.Byte().Draw(t, "prev")},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := acts.Draw(t, "a"), acts.Draw(t, "b")
		same := a.ID == b.ID && a.At == b.At && a.Actor == b.Actor && a.Verb == b.Verb && a.Target == b.Target &&
			string(a.Detail) == string(b.Detail) && a.Prev == b.Prev
		if (a.hash() == b.hash()) != same {
			t.Errorf("%+v and %+v", a, b)
		}
	})
}

func TestHashAsText(t *testing.T) {
	want := Audited{ID: 1}.hash()
	text, err := want.MarshalText()
	if err != nil || len(text) != 64 || string(text) != want.String() {
		t.Fatalf("%q, %v", text, err)
	}
	var got Hash
	if err := got.UnmarshalText(text); err != nil || got != want {
		t.Errorf("read back %v, %v", got, err)
	}
	for _, bad := range []string{"", "ab", string(text) + "00", strings.Repeat("g", 64)} {
		if err := got.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
