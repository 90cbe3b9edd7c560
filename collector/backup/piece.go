package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/store"
)

// A Place is where a piece belongs.
type Place struct {
	Set, File string // a set's name, and the name of a file as it lies there
	At, Size  int64
}

// Create takes the next piece of a file of a set that was offered.
func (in Incoming) Create(ctx context.Context, p Place) (*Piece, error) {
	if _, err := ParseName(p.Set); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPiece, err)
	}
	held, err := in.take(ctx)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrPiece, p.Set)
	}
	if err != nil {
		return nil, err
	}
	w := &Piece{dir: filepath.Join(in.Dir, comingMark+p.Set), place: p, held: held}
	if err := w.open(in); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return w, nil
}

// A Piece takes its bytes, in any order and from several goroutines at once. It
// counts as come once Close has returned nil.
type Piece struct {
	dir   string
	place Place
	name  string // of the file
	f     *os.File
	held  io.Closer

	mu  sync.Mutex
	n   int64
	err error // the first
}

func (w *Piece) open(in Incoming) error {
	text, err := os.ReadFile(filepath.Join(w.dir, manifestFile))
	if err != nil {
		return fmt.Errorf("%w: %s", ErrPiece, w.place.Set)
	}
	m, _, err := in.read(w.place.Set, text)
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		if f.Stored() == w.place.File {
			return w.openFile(in, f)
		}
	}
	return fmt.Errorf("%w: %s has no %q", ErrPiece, w.place.Set, w.place.File)
}

func (w *Piece) openFile(in Incoming, f File) error {
	name, came, err := cameOf(w.dir, f)
	if err != nil {
		return err
	}
	p := w.place
	if p.At != came || name == f.Stored() || p.Size < 1 || p.Size > LongestPiece || p.Size > f.Packed-p.At {
		return fmt.Errorf("%w: %d bytes at %d of %s, of which %d of %d have come", ErrPiece, p.Size, p.At, p.File, came, f.Packed)
	}
	if err := in.free(p.Size); err != nil {
		return err
	}
	if name == "" {
		name = w.named(0)
	}
	w.name = filepath.Join(w.dir, filepath.Base(name))
	w.f, err = os.OpenFile(w.name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err == nil { // behind what has come there may be what did not come whole
		if err = w.f.Truncate(p.At); err != nil {
			err = errors.Join(err, w.f.Close())
		}
	}
	return store.Full(err)
}

// named is the file's name when so much of it has come.
func (w *Piece) named(came int64) string {
	return filepath.Join(w.dir, w.place.File+cameMark+strconv.FormatInt(came, 10))
}

// WriteAt writes at a place of the piece.
func (w *Piece) WriteAt(p []byte, at int64) (int, error) {
	if at < 0 || at > w.place.Size-int64(len(p)) {
		return 0, w.failed(0, fmt.Errorf("%w: %d bytes at %d of %d", ErrPiece, len(p), at, w.place.Size))
	}
	if err := w.failed(0, nil); err != nil {
		return 0, err
	}
	n, err := w.f.WriteAt(p, w.place.At+at)
	return n, w.failed(int64(n), store.Full(err))
}

// failed counts, notes an error, and returns the first.
func (w *Piece) failed(n int64, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n += n
	if w.err == nil {
		w.err = err
	}
	return w.err
}

// Close puts the piece on disk. One that did not come whole is forgotten:
// ErrIncomplete.
func (w *Piece) Close() error {
	err := w.failed(0, nil)
	if err == nil && w.n != w.place.Size {
		err = fmt.Errorf("%w: %d of %d bytes of a piece", ErrIncomplete, w.n, w.place.Size)
	}
	if err == nil {
		err = store.Full(w.f.Sync())
	}
	if err == nil {
		err = os.Rename(w.name, w.named(w.place.At+w.place.Size))
	} else {
		err = errors.Join(err, w.f.Truncate(w.place.At))
	}
	return errors.Join(err, w.f.Close(), w.held.Close())
}

// Keep gives a set that has come its name, if every byte of it is what its
// manifest, whose hash sum is, says. What is not is removed: ErrDamaged. A set
// that is there already is kept.
func (in Incoming) Keep(ctx context.Context, name, sum string) error {
	if _, err := ParseName(name); err != nil {
		return fmt.Errorf("%w: %w", ErrPiece, err)
	}
	held, err := in.take(ctx)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrIncomplete, name)
	}
	if err != nil {
		return err
	}
	defer held.Close() //nolint:errcheck // it is a lock
	if kept, err := in.kept(ctx, name, sum); kept || err != nil {
		return err
	}
	dir := filepath.Join(in.Dir, comingMark+name)
	err = in.prove(ctx, dir, Set{Manifest: Manifest{Name: name}, Sum: sum})
	if errors.Is(err, ErrDamaged) {
		return errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return err
	}
	if err := os.Rename(dir, filepath.Join(in.Dir, name)); err != nil {
		return err
	}
	return store.FlushDir(in.Dir)
}

// prove holds what has come against its manifest, and gives each file its name.
func (in Incoming) prove(ctx context.Context, dir string, want Set) error {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return fmt.Errorf("%w: %s", ErrIncomplete, want.Name)
	}
	m, sum, err := in.read(want.Name, text)
	if err != nil {
		return err
	}
	if sum != want.Sum {
		return fmt.Errorf("%w: another %s was offered", ErrIncomplete, want.Name)
	}
	for _, f := range m.Files {
		name, came, err := cameOf(dir, f)
		if err == nil && name == "" && f.Packed == 0 {
			name, err = f.Stored(), writeFile(folder(dir), f.Stored(), nil)
		}
		if err == nil && (name == "" || came != f.Packed) {
			err = fmt.Errorf("%w: %d of %d bytes of %s", ErrIncomplete, came, f.Packed, f.Name)
		}
		if err == nil {
			err = proveFile(ctx, filepath.Join(dir, name), f)
		}
		if err == nil {
			err = os.Rename(filepath.Join(dir, name), filepath.Join(dir, f.Stored()))
		}
		if err != nil {
			return err
		}
	}
	there, err := Directory(in.Dir).Files(ctx, filepath.Base(dir))
	if err == nil {
		err = (Set{Manifest: m}).unexpected(there)
	}
	return errors.Join(err, store.FlushDir(dir))
}

func proveFile(ctx context.Context, path string, f File) error {
	in, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	is := newMeter()
	if _, err := io.Copy(is, until(ctx, in)); err != nil {
		return err
	}
	if is.n != f.Packed || hex.EncodeToString(is.Sum(nil)) != f.PackSum {
		return fmt.Errorf("%w: %s does not fit its hash", ErrDamaged, f.Name)
	}
	return nil
}
