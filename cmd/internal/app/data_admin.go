package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// ErrNoAdmin is returned when admin.db is gone.
var ErrNoAdmin = errors.New("the administration data is missing")

// openAdmin opens admin.db. A server that was made by a version without one
// gets it from twind at its start; node.db remembers that, so that one which
// was lost is not taken for one that never was.
func openAdmin(ctx context.Context, dir string, n *node.DB, mode store.Mode) (*admin.DB, error) {
	path := filepath.Join(dir, admin.File)
	made, err := n.Administered(ctx)
	if err != nil {
		return nil, err
	}
	_, statErr := os.Stat(path)
	missing := errors.Is(statErr, fs.ErrNotExist)
	switch {
	case missing && made:
		return nil, lost(ctx, n, fmt.Errorf("%s: %w", path, ErrNoAdmin), "--empty-admin")
	case missing && mode == store.Use:
		return nil, fmt.Errorf("%s: %w: it has no administration data yet: start twind once", dir, store.ErrOlderSchema)
	case !made && mode == store.Migrate:
		mode = store.Create
	}
	a, err := admin.Open(ctx, path, mode, adminOptions(dir))
	if err != nil {
		return nil, err
	}
	if made || mode == store.Use {
		return a, nil
	}
	if err := n.SetAdministered(ctx); err != nil && !errors.Is(err, node.ErrNotInitialized) { // Init notes it
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func adminOptions(dir string) admin.Options {
	return admin.Options{NodePath: filepath.Join(dir, node.File), Guard: standing}
}

// superseded is the role of a primary that is node.Self.Superseded.
const superseded = "superseded"

// standing tells admin.db who may change it, from node.db beside it.
func standing(ctx context.Context, tx *store.Tx) (admin.Standing, error) {
	self, pair, err := node.SelfBeside(ctx, tx)
	if err != nil {
		return admin.Standing{}, err
	}
	s := admin.Standing{Server: self.Name, Role: string(self.Role), Epoch: self.EpochSeen, Moving: self.Drains(record.At(tx.Now))}
	if self.Superseded() {
		s.Role = superseded
	}
	if pair != nil {
		s.Pair, s.Twin = pair.Pair, pair.Name
	}
	return s, nil
}

// NewAdmin makes empty administration data for a server that has lost its own.
// It refuses where there is some, or where twind runs.
func NewAdmin(ctx context.Context, dir string) error {
	return anew(dir, admin.File, "empty administration data", func(path string) (io.Closer, error) {
		return admin.Open(ctx, path, store.Create, adminOptions(dir))
	})
}
