package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/feed"
)

// local is the storage of this machine.
type local struct{}

// listAtOnce is how many names of a directory are held at once.
const listAtOnce = 1024

// List implements feed.Library.
func (local) List(ctx context.Context, dir string, each func(fs.FileInfo) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it was only read
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // it was only read
	for {
		names, err := d.ReadDir(listAtOnce)
		for _, n := range names {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			info, err := n.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // gone just now
			}
			if err == nil {
				err = each(info)
			}
			if err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Open implements feed.Library. It does not wait for the other end of a pipe.
func (local) Open(_ context.Context, file string) (feed.File, error) {
	root, err := os.OpenRoot(path.Dir(file))
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // it was only read
	f, err := root.OpenFile(path.Base(file), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename implements feed.Mover. Others may move to that name at the same time, as
// another feed with the same archive: one of them does, whatever is there stays.
func (local) Rename(_ context.Context, from, to string) error {
	for {
		err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case lacking(err):
			return renameByLink(from, to)
		default:
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
		}
	}
}

// lacking tells whether the kernel or the file system cannot do what was asked
// for, to any file.
func lacking(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP)
}

// renameByLink is Rename where the file system cannot refuse to replace a file, as
// NFS: a second name is never given over another's. What dies in between leaves
// both names, which loses nothing.
func renameByLink(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		err = os.Remove(from)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // else it is the only name now
			return errors.Join(err, os.Remove(to))
		}
		return nil
	case lacking(err), errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EMLINK):
		return renameBySight(from, to)
	}
	return err
}

// renameBySight is Rename where a file can have no second name either, or none
// that we may give it. Nobody else must move to the same name at that moment.
func renameBySight(from, to string) error {
	switch _, err := os.Lstat(to); {
	case err == nil:
		return fmt.Errorf("%s: %w", to, fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return os.Rename(from, to)
}

// Remove implements feed.Mover.
func (local) Remove(_ context.Context, file string) error { return os.Remove(file) }

// Create implements feed.Mover.
func (local) Create(_ context.Context, file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// apart tells whether two directories lie on different file systems, or in
// different mounts of one, so that no file can be moved from one to the other.
func apart(a, b string) bool {
	const ask = unix.STATX_BASIC_STATS | unix.STATX_MNT_ID
	var x, y unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, a, 0, ask, &x) != nil || unix.Statx(unix.AT_FDCWD, b, 0, ask, &y) != nil {
		return false // nobody knows
	}
	if x.Dev_major != y.Dev_major || x.Dev_minor != y.Dev_minor {
		return true
	}
	return x.Mask&y.Mask&unix.STATX_MNT_ID != 0 && x.Mnt_id != y.Mnt_id // older kernels do not tell it
}

// Close implements io.Closer.
func (local) Close() error { return nil }
