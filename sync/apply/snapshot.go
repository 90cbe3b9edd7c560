package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/store"
)

// Snapshots is how many are kept of admin.db as it was before a bundle.
const Snapshots = 3

// snapshotNew is one that is being made.
const snapshotNew = "admin.db.new"

func snapshotName(generation int64) string { return fmt.Sprintf("admin-%d.db", generation) }

// isSnapshot reports whether a file of that name is one of ours.
func isSnapshot(name string) bool {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(name, "admin-"), ".db")
	n, err := strconv.ParseInt(digits, 10, 64)
	return ok && err == nil && name == snapshotName(n)
}

// hold takes the right to apply, which one has at a time: ErrBusy after some
// seconds. It goes with the folder of snapshots, and is given back by closing
// it, or dying.
func (h Handler) hold(ctx context.Context) (folder, error) {
	d, err := makeFolder(filepath.Join(h.Dir, snapshotDir))
	if err != nil {
		return folder{}, fmt.Errorf("snapshots: %w", err)
	}
	if err := d.lock(ctx); err != nil {
		return folder{}, errors.Join(fmt.Errorf("another bundle is being applied: %w", err), d.Close())
	}
	return d, nil
}

// settled waits until nothing is being applied: ErrBusy.
func (h Handler) settled(ctx context.Context) error {
	d, err := openFolder(filepath.Join(h.Dir, snapshotDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing ever was
	}
	if err != nil {
		return fmt.Errorf("snapshots: %w", err)
	}
	defer d.Close() //nolint:errcheck // it was opened to read
	if err := d.lock(ctx); err != nil {
		return fmt.Errorf("a bundle is being applied: %w", err)
	}
	return nil
}

// snapshot keeps admin.db as it is at a generation. It is on disk, or nothing
// is changed. There are Snapshots at most, whenever this ends or is ended.
func (d folder) snapshot(ctx context.Context, db *admin.DB, generation int64) error {
	if err := d.discard(snapshotNew); err != nil { // a crash left it
		return err
	}
	if err := db.Snapshot(ctx, filepath.Join(d.Name(), snapshotNew)); err != nil {
		return errors.Join(err, d.discard(snapshotNew))
	}
	name := snapshotName(generation)
	err := d.prune(name)
	if err == nil {
		err = d.removeLogs(name) // of one that had that name, and was looked at: a log is not told apart from this one's
	}
	if err == nil {
		err = unix.Renameat(int(d.Fd()), snapshotNew, int(d.Fd()), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep snapshot %s: %w", name, store.Full(err)), d.discard(snapshotNew))
	}
	return store.Full(d.Sync())
}

// prune makes room for one more snapshot of that name: the oldest go.
func (d folder) prune(name string) error {
	names, err := d.names()
	if err != nil {
		return err
	}
	type aged struct {
		name string
		at   int64 // ns since 1970
	}
	var old []aged
	for _, n := range names {
		if !isSnapshot(n) || n == name {
			continue
		}
		var s unix.Stat_t
		if err := unix.Fstatat(int(d.Fd()), n, &s, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
		old = append(old, aged{n, s.Mtim.Nano()})
	}
	slices.SortFunc(old, func(a, b aged) int { return cmp.Compare(b.at, a.at) })
	for i, s := range old {
		if i < Snapshots-1 {
			continue
		}
		if err := d.discard(s.name); err != nil {
			return err
		}
	}
	return nil
}

// discard removes a database with what lies beside it.
func (d folder) discard(name string) error {
	return errors.Join(d.removeLogs(name), d.remove(name))
}

// removeLogs removes what SQLite leaves beside a database that it was killed
// over, or that somebody opened.
func (d folder) removeLogs(name string) error {
	return errors.Join(d.remove(name+"-journal"), d.remove(name+"-wal"), d.remove(name+"-shm"))
}
