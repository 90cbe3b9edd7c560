package backup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A rig is a server with a place for its backups.
type rig struct {
	Keeper
	data  string
	src   Source
	texts int
}

func newRig(t testing.TB, name string) *rig {
	t.Helper()
	r := &rig{data: t.TempDir()}
	place := filepath.Join(t.TempDir(), "backups")
	r.Keeper = Keeper{At: Directory(place), Work: place}
	r.open(t, store.Create)
	if err := r.src.Node.Init(t.Context(), name, node.Primary); err != nil {
		t.Fatal(err)
	}
	if _, err := r.src.History.Start(t.Context(), "pbx"); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) open(t testing.TB, mode store.Mode) {
	t.Helper()
	var err error
	r.src, err = openSource(t.Context(), r.data, mode)
	if err != nil {
		t.Fatal(err)
	}
	opened := r.src
	t.Cleanup(func() { shut(t, opened) })
	r.src.Version, r.src.Actor = "test", "tester"
}

func shut(t testing.TB, src Source) {
	t.Helper()
	if err := errors.Join(src.History.Close(), src.Admin.Close(), src.Node.Close()); err != nil {
		t.Error(err)
	}
}

func openSource(ctx context.Context, dir string, mode store.Mode) (src Source, err error) {
	if src.Node, err = node.Open(ctx, filepath.Join(dir, node.File), mode); err != nil {
		return src, err
	}
	if src.Admin, err = admin.Open(ctx, filepath.Join(dir, admin.File), mode, beside(dir)); err != nil {
		return src, err
	}
	src.History, err = history.Open(ctx, filepath.Join(dir, history.File), mode)
	return src, err
}

// beside says who may change administration data: anybody, in these tests.
func beside(dir string) admin.Options {
	return admin.Options{
		NodePath: filepath.Join(dir, node.File),
		Guard: func(ctx context.Context, tx *store.Tx) (admin.Standing, error) {
			self, _, err := node.SelfBeside(ctx, tx)
			return admin.Standing{Server: self.Name, Role: string(self.Role), Epoch: self.EpochSeen}, err
		},
	}
}

// hear stores so many records, and each a millisecond after the one before.
func (r *rig) hear(t testing.TB, n int) {
	t.Helper()
	b := feed.Batch{}
	for range n {
		r.texts++
		at := noon + record.Instant(r.texts)*1000
		b.Records = append(b.Records, record.New(at, 0, fmt.Appendf(nil, "record %d says something that is nearly the same each time", r.texts)))
	}
	if _, err := r.src.History.Commit(context.Background(), []history.Batch{{Feed: "pbx", Kind: 1, Batch: b}}); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) make(t testing.TB, kind Kind) Set {
	t.Helper()
	s, err := r.Make(context.Background(), kind, r.src)
	if err != nil {
		t.Fatal(err)
	}
	b := node.Backup{Name: s.Title(), Number: s.Number, Kind: string(s.Kind), At: s.At, Bytes: s.Bytes(), Place: "here"}
	if err := r.src.Node.NoteBackup(context.Background(), b, "tester"); err != nil {
		t.Fatal(err)
	}
	return s
}
