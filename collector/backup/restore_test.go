package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

func (r *rig) plan(t *testing.T, w Wish) Plan {
	t.Helper()
	if w.To == "" {
		w.To = filepath.Join(t.TempDir(), "restored")
	}
	p, err := r.Plan(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (r *rig) build(t *testing.T, w Wish) string {
	t.Helper()
	p := r.plan(t, w)
	if err := r.Build(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return p.To
}

func sum(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

func (r *rig) queue(t *testing.T, key string) {
	t.Helper()
	_, err := r.src.Admin.Change(t.Context(), admin.Author{Actor: "tester", Verb: "test"}, []admin.Edit{{
		Kind: "queue", Key: key, Body: admin.Body{},
	}}, admin.How{})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFullBackupComesBackByteByByte(t *testing.T) {
	r := newRig(t, "cms-a")
	r.hear(t, 20_000)
	full := r.make(t, Full)
	r.hear(t, 10) // which the backup has not
	to := r.build(t, Wish{ID: full.Title()})
	for _, f := range full.Files {
		if got := sum(t, filepath.Join(to, f.Name)); got != f.Sum {
			t.Errorf("%s is %s, not %s", f.Name, got, f.Sum)
		}
	}
	src, err := openSource(t.Context(), to, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, src)
	e, err := src.History.Extent(t.Context(), "pbx")
	if err != nil || e.Records != 20_000 {
		t.Errorf("%+v, %v", e, err)
	}
}

// digests returns what twins compare, of each feed.
func digests(t *testing.T, h *history.DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	feeds, err := h.Extents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name := range feeds {
		slots, err := h.Tallies(t.Context(), name, record.Span{From: 0, To: noon + 100*record.Day}, 5*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = fmt.Sprint(slots)
	}
	return all
}

func TestAFullAndItsIncrementsComeBackEqual(t *testing.T) {
	r := newRig(t, "cms-a")
	r.hear(t, 5000)
	r.queue(t, "sales")
	r.make(t, Full)
	for i, more := range []func(){
		func() { r.hear(t, 500) },
		func() { r.queue(t, "support") },
		func() {
			late := feed.Batch{Records: []record.Record{record.New(noon-30*record.Day, 0, []byte("late"))}}
			if _, err := r.src.History.Commit(t.Context(), []history.Batch{{Feed: "other", Kind: 1, Batch: late}}); err != nil {
				t.Fatal(err)
			}
		},
		func() {
			if _, err := r.src.History.Drop(t.Context(), "pbx", noon+record.Day, true); err != nil {
				t.Fatal(err)
			}
		},
	} {
		more()
		r.make(t, Incremental)
		p := r.plan(t, Wish{})
		if len(p.Chain) != i+2 {
			t.Errorf("a chain of %d", len(p.Chain))
		}
		if err := r.Build(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		back, err := openSource(t.Context(), p.To, store.Use)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(digests(t, r.src.History), digests(t, back.History)); diff != "" {
			t.Errorf("%d: %s", i, diff)
		}
		want, err := r.src.History.Summaries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		have, err := back.History.Summaries(t.Context())
		if diff := cmp.Diff(want, have); diff != "" || err != nil {
			t.Errorf("%d: %v %s", i, err, diff)
		}
		rows, err := r.src.Admin.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		backRows, err := back.Admin.Counts(t.Context())
		if diff := cmp.Diff(rows, backRows); diff != "" || err != nil {
			t.Errorf("%d: %v %s", i, err, diff)
		}
		shut(t, back)
		proves(t, r)
	}
}

func proves(t *testing.T, r *rig) {
	t.Helper()
	p := r.plan(t, Wish{})
	report, err := r.Drill(t.Context(), p, beside)
	if err != nil {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := os.Stat(p.To); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a drill left its scratch")
	}
}

func TestWhatIsInTheWayOfARestore(t *testing.T) {
	r := newRig(t, "cms-a")
	to := filepath.Join(t.TempDir(), "to")
	refused := func(want error, w Wish) {
		t.Helper()
		if w.To == "" {
			w.To = to
		}
		if _, err := r.Plan(t.Context(), w); !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", w, err, want)
		}
		if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%+v: something was made", w)
		}
	}
	refused(ErrNoBackup, Wish{})
	full := r.make(t, Full)
	inc := r.make(t, Incremental)
	refused(ErrNoBackup, Wish{ID: "cms-a-20261121T120000Z-000099-full"})
	refused(ErrNoBackup, Wish{At: full.At - 1})
	refused(ErrForeign, Wish{Server: "another"})
	refused(ErrForeign, Wish{Server: "another", ID: full.Title()})
	refused(ErrThere, Wish{To: t.TempDir()})
	for want, at := range map[string]record.Instant{full.Title(): inc.At - 1, inc.Title(): inc.At} {
		if p := r.plan(t, Wish{At: at}); p.Last().Title() != want {
			t.Errorf("at %s: %s", at, p.Last().Title())
		}
	}
	if p := r.plan(t, Wish{Server: "another", Foreign: true}); p.Last().Title() != inc.Title() {
		t.Errorf("%s", p.Last().Title())
	}
	if err := r.At.Delete(t.Context(), full.Title()); err != nil {
		t.Fatal(err)
	}
	refused(ErrDamaged, Wish{})
}

// What is damaged is not restored, and nothing is left of it.
func TestADamagedBackupIsNotRestored(t *testing.T) {
	r := newRig(t, "cms-a")
	r.hear(t, 1000)
	full := r.make(t, Full)
	path := filepath.Join(r.Work, full.Title(), "history.db.zst")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	write(t, path, text)
	p := r.plan(t, Wish{})
	if err := r.Build(t.Context(), p); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if _, err := os.Stat(p.To); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something is left")
	}
	if _, err := r.Drill(t.Context(), p, beside); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

// A record that had rotted before it was backed up fits every hash of the
// backup: the drill finds it all the same.
func TestADrillFindsARecordThatWasDamagedBefore(t *testing.T) {
	r := newRig(t, "cms-a")
	r.hear(t, 1000)
	err := store.Join(t.Context(), filepath.Join(r.data, history.File), filepath.Join(r.data, node.File), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE main.record SET raw = x'00' WHERE seq = 500`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	full := r.make(t, Full)
	if err := r.Verify(t.Context(), full.Title()); err != nil {
		t.Error(err)
	}
	if _, err := r.Drill(t.Context(), r.plan(t, Wish{}), beside); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

// A drill that has no room to restore in says nothing of the backup.
func TestADrillThatCannotBeMade(t *testing.T) {
	r := newRig(t, "cms-a")
	r.make(t, Full)
	p := r.plan(t, Wish{})
	write(t, p.To, nil)
	if _, err := r.Drill(t.Context(), p, beside); err == nil || errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Drill(ctx, r.plan(t, Wish{}), beside); err == nil || errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestARestoredServerIsHeld(t *testing.T) {
	r := newRig(t, "cms-a")
	r.make(t, Full)
	p := r.plan(t, Wish{})
	if err := r.Build(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := p.Hold(t.Context(), "tester", 7); err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(t.Context(), filepath.Join(p.To, node.File), store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	held, err := n.Held(t.Context())
	if err != nil || held == nil || held.Backup != p.Last().Title() || held.Actor != "tester" {
		t.Errorf("%+v, %v", held, err)
	}
	if self, err := n.Self(t.Context()); err != nil || self.EpochSeen != 7 {
		t.Errorf("%+v, %v", self, err)
	}
	if held, err := r.src.Node.Held(t.Context()); held != nil || err != nil {
		t.Errorf("the server that was backed up: %+v, %v", held, err)
	}
}

// A backup of an older version is brought up to date, and what it was is kept
// with it.
func TestARestoredFileIsCopiedBeforeItIsMigrated(t *testing.T) {
	r := newRig(t, "cms-a")
	r.make(t, Full)
	p := r.plan(t, Wish{})
	older := node.Schema()
	names, err := fs.Glob(older.Migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, name := range names[:len(names)-1] {
		script, err := fs.ReadFile(older.Migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: script}
	}
	older.Migrations = files
	if err := os.Mkdir(p.To, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(p.To, node.File)
	db, err := store.Open(t.Context(), path, older, store.Create)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Hold(t.Context(), "tester", 0); err != nil {
		t.Fatal(err)
	}
	kept, err := store.Kept(path)
	if err != nil || len(kept) != 1 || kept[0].Schema != len(names)-1 {
		t.Fatalf("%v, %v", kept, err)
	}
	if have, _, err := store.Versions(t.Context(), kept[0].Path, older); err != nil || have != kept[0].Schema {
		t.Errorf("the copy has schema %d, %v", have, err)
	}
}
