package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/bundle"
)

const (
	suffixPart = ".part"     // of a bundle that comes in
	suffixNew  = ".part.new" // of one that is being copied
	lockPause  = 10 * time.Millisecond
	lockWait   = 5 * time.Second // nobody holds the folder longer than it takes to read a few bundles
)

// A folder is the open directory of a spool. Files are opened in it by name,
// never by path: nobody can put another directory in its place meanwhile.
type folder struct{ *os.File }

// openFolder opens the directory; fs.ErrNotExist if there is none, ErrOdd if
// it is something else, somebody else's, or open to others.
func openFolder(dir string) (folder, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
		return folder{}, fmt.Errorf("%w: %w", ErrOdd, err)
	}
	if err != nil {
		return folder{}, err
	}
	if err := owned(f, unix.S_IFDIR, 0o077); err != nil {
		return folder{}, errors.Join(err, f.Close())
	}
	return folder{f}, nil
}

// makeFolder makes the directory if there is none, and opens it.
func makeFolder(dir string) (folder, error) {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = store.FlushDir(filepath.Dir(dir))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return folder{}, store.Full(err)
	}
	return openFolder(dir)
}

// owned demands that an open file is of a type, ours, and lacks permissions.
func owned(f *os.File, kind, without uint32) error {
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	switch {
	case s.Mode&unix.S_IFMT != kind:
		return fmt.Errorf("%w: %s is of another type", ErrOdd, f.Name())
	case int(s.Uid) != os.Geteuid():
		return fmt.Errorf("%w: %s belongs to user %d", ErrOdd, f.Name(), s.Uid)
	case s.Mode&without != 0:
		return fmt.Errorf("%w: %s is open to others (mode %o)", ErrOdd, f.Name(), s.Mode&0o7777)
	case kind == unix.S_IFREG && s.Nlink > 1:
		return fmt.Errorf("%w: %s has other names", ErrOdd, f.Name())
	}
	return nil
}

// open opens a file for reading and writing; flags may make it. fs.ErrNotExist
// if there is none, ErrOdd if it is not a plain file of our own.
func (d folder) open(name string, flags int) (*os.File, error) {
	path := filepath.Join(d.Name(), name)
	for {
		// O_NONBLOCK, so that a pipe in its place is opened, and refused.
		fd, err := unix.Openat(int(d.Fd()), name, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|flags, 0o600)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ELOOP), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ENXIO):
			return nil, fmt.Errorf("%w: %s: %w", ErrOdd, path, err)
		case err != nil:
			return nil, store.Full(&fs.PathError{Op: "open", Path: path, Err: err})
		}
		f := os.NewFile(uintptr(fd), path)
		if err := owned(f, unix.S_IFREG, 0o177); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return f, nil
	}
}

// remove removes a file; it is no error that there is none.
func (d folder) remove(name string) error {
	err := unix.Unlinkat(int(d.Fd()), name, 0)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return &fs.PathError{Op: "remove", Path: filepath.Join(d.Name(), name), Err: err}
	}
	return nil
}

// has reports whether an open file is the one that has its name there.
func (d folder) has(f *os.File) (bool, error) {
	var open, there unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &open)
	if err == nil {
		err = unix.Fstatat(int(d.Fd()), filepath.Base(f.Name()), &there, unix.AT_SYMLINK_NOFOLLOW)
	}
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return open.Dev == there.Dev && open.Ino == there.Ino, nil
}

// lock waits for the folder, which whoever makes or removes files holds for a
// short time; ErrBusy after some seconds. Closing it, or dying, gives it back.
func (d folder) lock(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, lockWait, fmt.Errorf("%w: %s", ErrBusy, d.Name()))
	defer cancel()
	for {
		if ok, err := tryLock(d.File); ok || err != nil {
			return err
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// tryLock reports whether nobody else holds a file.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return true, nil
}

// names returns what there is, in no order.
func (d folder) names() ([]string, error) {
	if _, err := d.Seek(0, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", d.Name(), err)
	}
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", d.Name(), err)
	}
	return names, nil
}

// parts returns the names of the files that are bundles by their names, and of
// the copies that a crash left behind.
func (d folder) parts() (parts, copies []string, err error) {
	names, err := d.names()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		var sum bundle.Digest
		base, suffix, _ := strings.Cut(name, ".")
		if sum.UnmarshalText([]byte(base)) != nil {
			continue
		}
		switch "." + suffix {
		case suffixPart:
			parts = append(parts, name)
		case suffixNew:
			copies = append(copies, name)
		}
	}
	return parts, copies, nil
}
