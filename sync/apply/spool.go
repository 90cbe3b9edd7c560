// Package apply is the secondary's side of a sync: it tells where this server
// stands, takes what comes in into a Spool until it is whole, and applies it.
package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/bundle"
)

// Why the spool does not do what it was asked for. A manifest or a path that
// cannot be is bundle.ErrBundle; a disk or quota that is full is store.ErrFull;
// a bundle that nobody has offered is fs.ErrNotExist.
var (
	// ErrExtent: not of this bundle, or written to beyond its end.
	ErrExtent = errors.New("outside of what was offered")
	// ErrOdd: what lies in the spool's place is not its own: a link, a pipe,
	// somebody else's, open to others. It is neither followed nor removed.
	ErrOdd = errors.New("not of the spool's making")
	// ErrBusy: somebody else is at it.
	ErrBusy = errors.New("in use")
	// ErrIncomplete: the bytes are not, or not all, those of the bundle's name.
	ErrIncomplete = errors.New("bundle is not complete")
)

// Limits of a spool.
const (
	MaxBundles = 2
	MaxAge     = 7 * 24 * time.Hour // since something was last written of a bundle
)

// A Spool is a folder with a file of its full size for each bundle that comes
// in, NAME.part. It remembers nothing else: which pieces are there is read
// from the file, so a spool survives any crash, and any number of processes
// may use one. The folder's parent must be there.
type Spool struct {
	Dir   string // 0700; made with the first bundle
	Spare int64  // bytes of its disk that a new bundle leaves to others
}

func partName(name bundle.Digest) string { return name.String() + suffixPart }

// Offer makes room for a bundle, if it is not there yet, and returns which of
// its pieces are missing, in order: those whose bytes do not verify. The others
// are on disk to stay. The room is taken at once: store.ErrFull comes before
// the first byte is sent. Bundles older than MaxAge are removed, and if there
// are still MaxBundles the oldest that nobody writes to is; now is for that.
//
// Whoever still writes to the bundle, such as the session of a link that was
// cut, writes to it in vain from here on.
func (s Spool) Offer(ctx context.Context, m bundle.Manifest, now time.Time) (missing []int, err error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	d, err := makeFolder(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	defer d.Close() //nolint:errcheck // it was opened to read
	if missing, err = s.offer(ctx, d, m, now); err != nil {
		return nil, fmt.Errorf("offer bundle %s: %w", m.Name, err)
	}
	return missing, nil
}

func (s Spool) offer(ctx context.Context, d folder, m bundle.Manifest, now time.Time) ([]int, error) {
	if err := d.lock(ctx); err != nil {
		return nil, err
	}
	if _, err := d.sweep(now); err != nil {
		return nil, err
	}
	name := partName(m.Name)
	f, err := d.open(name, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return s.begin(d, m)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was synced where it matters
	size, err := sizeOf(f)
	if err != nil {
		return nil, err
	}
	if size != m.Size { // a crash came between its making and its size, or somebody lied
		if err := d.remove(name); err != nil {
			return nil, err
		}
		return s.begin(d, m)
	}
	free, err := tryLock(f)
	if err != nil {
		return nil, err
	}
	if !free {
		return s.takeOver(ctx, d, f, m)
	}
	return missingOf(ctx, f, m)
}

// begin makes the file of a bundle: nothing, or all of its size.
func (s Spool) begin(d folder, m bundle.Manifest) ([]int, error) {
	if err := d.evict(); err != nil {
		return nil, err
	}
	f, err := s.create(d, partName(m.Name), m.Size)
	if err != nil {
		return nil, err
	}
	missing := make([]int, len(m.Pieces))
	for i := range missing {
		missing[i] = i
	}
	return missing, errors.Join(f.Close(), d.Sync())
}

// create makes a file of a size, on a disk that has that room.
func (s Spool) create(d folder, name string, size int64) (*os.File, error) {
	free, err := store.Free(s.Dir)
	if err != nil {
		return nil, err
	}
	if free-s.Spare < size {
		return nil, fmt.Errorf("%w: %d bytes are free, %d of them not for this", store.ErrFull, free, s.Spare)
	}
	f, err := d.open(name, unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return nil, err
	}
	err = store.TakeUp(f, size)
	if err == nil {
		err = store.Full(f.Sync())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), d.remove(name))
	}
	return f, nil
}

// takeOver puts a copy in the place of a file that somebody still writes to.
func (s Spool) takeOver(ctx context.Context, d folder, old *os.File, m bundle.Manifest) (missing []int, err error) {
	name := m.Name.String() + suffixNew
	f, err := s.create(d, name, m.Size)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was synced
	if err = copyAll(f, old, m.Size); err == nil {
		missing, err = missingOf(ctx, f, m)
	}
	if err == nil {
		err = unix.Renameat(int(d.Fd()), name, int(d.Fd()), partName(m.Name))
	}
	if err != nil {
		return nil, errors.Join(store.Full(err), d.remove(name))
	}
	return missing, d.Sync()
}

// missingOf makes sure that what is there is on disk, and only then looks
// which pieces are right.
func missingOf(ctx context.Context, f *os.File, m bundle.Manifest) ([]int, error) {
	if err := f.Sync(); err != nil {
		return nil, store.Full(err)
	}
	missing, err := m.Missing(f)
	return missing, errors.Join(err, ctx.Err())
}

// Remove removes a bundle; it is no error that there is none.
func (s Spool) Remove(ctx context.Context, name bundle.Digest) error {
	return s.within(ctx, "remove bundle "+name.String(), func(d folder) error {
		return errors.Join(d.remove(partName(name)), d.Sync())
	})
}

// Clear removes all bundles that nobody is at.
func (s Spool) Clear(ctx context.Context) error {
	return s.within(ctx, "clear", func(d folder) error {
		parts, _, err := d.parts()
		if len(parts) == 0 {
			return err
		}
		for _, name := range parts {
			_, failed := d.removeIf(name, func(os.FileInfo) bool { return true })
			err = errors.Join(err, failed)
		}
		return errors.Join(err, d.Sync())
	})
}

// Sweep removes the bundles that are older than MaxAge, and what a crash left
// behind, and returns how many they were. What is ErrOdd stays, and is told.
func (s Spool) Sweep(ctx context.Context, now time.Time) (removed int, err error) {
	err = s.within(ctx, "sweep", func(d folder) error {
		removed, err = d.sweep(now)
		return err
	})
	return removed, err
}

// within does something while nobody else makes or removes files. A spool
// without a folder is empty.
func (s Spool) within(ctx context.Context, what string, do func(folder) error) error {
	d, err := openFolder(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		defer d.Close() //nolint:errcheck // it was opened to read
		err = d.lock(ctx)
	}
	if err == nil {
		err = do(d)
	}
	if err != nil {
		return fmt.Errorf("spool: %s: %w", what, err)
	}
	return nil
}
