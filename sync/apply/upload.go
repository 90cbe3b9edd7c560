package apply

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/bundle"
)

// Create begins to take the extent that a path names, of a bundle that was
// offered. One at a time writes to a bundle: ErrBusy.
func (s Spool) Create(path string) (*Upload, error) {
	e, err := bundle.ParseExtent(path)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	d, err := openFolder(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	f, err := d.claim(e.Name)
	if err == nil {
		err = checkExtent(f, e)
	}
	if err != nil {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
		return nil, fmt.Errorf("take a part of bundle %s: %w", e.Name, errors.Join(err, d.Close()))
	}
	return &Upload{folder: d, f: f, e: e}, nil
}

func checkExtent(f *os.File, e bundle.Extent) error {
	size, err := sizeOf(f)
	if err == nil && !e.Fits(size) {
		err = fmt.Errorf("%w: %d bytes at %d of %d", ErrExtent, e.Size, e.At, size)
	}
	return err
}

// claim opens the file of a bundle for nobody else to use until it is closed.
func (d folder) claim(name bundle.Digest) (*os.File, error) {
	f, err := d.open(partName(name), 0)
	if err != nil {
		return nil, err
	}
	mine, err := tryLock(f)
	if err == nil && mine {
		mine, err = d.has(f) // or another has been put in its place since
	}
	if err == nil && !mine {
		err = ErrBusy
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// An Upload writes one extent of a bundle. A write that fails for want of room
// takes the bundle with it, so that what is left of the disk is everybody's.
type Upload struct {
	folder folder
	f      *os.File
	e      bundle.Extent

	mu  sync.Mutex
	err error // the first
}

// WriteAt writes at a place of the extent: ErrExtent if it ends before that.
func (u *Upload) WriteAt(p []byte, at int64) (int, error) {
	if at < 0 || at > u.e.Size-int64(len(p)) {
		return 0, u.failed(fmt.Errorf("%w: %d bytes at %d of %d", ErrExtent, len(p), at, u.e.Size))
	}
	if err := u.failed(nil); err != nil {
		return 0, err
	}
	n, err := u.f.WriteAt(p, u.e.At+at)
	if err != nil {
		err = u.failed(store.Full(err))
	}
	return n, err
}

func (u *Upload) failed(err error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err == nil {
		u.err = err
	}
	return u.err
}

// Close puts what was written on disk. It returns the first error that the
// upload met. Whether the pieces are right is for Offer to say.
func (u *Upload) Close() error {
	err := u.failed(nil)
	if err == nil {
		if err = store.Full(u.f.Sync()); err != nil {
			err = errors.Join(err, u.drop()) // nobody knows any more what of it is on disk
		}
	} else if errors.Is(err, store.ErrFull) {
		err = errors.Join(err, u.drop())
	}
	return errors.Join(err, u.f.Close(), u.folder.Close())
}

// drop removes the bundle, unless another stands in its place by now.
func (u *Upload) drop() error {
	if err := u.folder.lock(context.Background()); err != nil { // some seconds at most
		return err
	}
	ours, err := u.folder.has(u.f)
	if err != nil || !ours {
		return err
	}
	return u.folder.remove(filepath.Base(u.f.Name()))
}

// A Whole is a bundle all of whose bytes have come in.
type Whole struct {
	f    *os.File
	size int64
}

// Open returns a bundle whose bytes have the SHA-256 that is its name, and
// ErrIncomplete for any other. Nobody changes it before it is closed.
func (s Spool) Open(name bundle.Digest) (*Whole, error) {
	d, err := openFolder(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	defer d.Close() //nolint:errcheck // it was opened to read
	f, err := d.claim(name)
	if err != nil {
		return nil, fmt.Errorf("open bundle %s: %w", name, err)
	}
	size, err := prove(f, name)
	if err != nil {
		return nil, fmt.Errorf("open bundle %s: %w", name, errors.Join(err, f.Close()))
	}
	return &Whole{f, size}, nil
}

// prove makes sure that a file is on disk, and what its name says.
func prove(f *os.File, name bundle.Digest) (size int64, err error) {
	if size, err = sizeOf(f); err != nil {
		return 0, err
	}
	if size > bundle.MaxBytes {
		return 0, fmt.Errorf("%w: it has %d bytes", ErrIncomplete, size)
	}
	if err := f.Sync(); err != nil {
		return 0, store.Full(err)
	}
	have, err := sumOf(f, 0, size)
	if err == nil && have != name {
		err = fmt.Errorf("%w: its %d bytes have the SHA-256 %s", ErrIncomplete, size, have)
	}
	return size, err
}

// ReadAt reads from a place of the bundle.
func (w *Whole) ReadAt(p []byte, at int64) (int, error) { return w.f.ReadAt(p, at) }

// Size returns how many bytes it has.
func (w *Whole) Size() int64 { return w.size }

// Close lets others at it again.
func (w *Whole) Close() error { return w.f.Close() }

func sizeOf(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func sumOf(r io.ReaderAt, at, size int64) (bundle.Digest, error) {
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(r, at, size))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return bundle.Digest{}, err
	}
	return bundle.Digest(h.Sum(nil)), nil
}

func copyAll(to *os.File, from io.ReaderAt, size int64) error {
	_, err := io.Copy(io.NewOffsetWriter(to, 0), io.NewSectionReader(from, 0, size))
	return err
}
