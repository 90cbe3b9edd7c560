package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/twinctl/twin/collector/store"
)

// A file is one that is to be there whole, or not at all.
type file struct {
	path     string
	text     string
	mode     fs.FileMode
	uid, gid int // -1 leaves it as it is made
}

// create leaves alone what is there: fs.ErrExist.
func (f file) create() error {
	return f.place(func(temporary string) error { return os.Link(temporary, f.path) })
}

// replace takes the place of what is there.
func (f file) replace() error {
	return f.place(func(temporary string) error { return os.Rename(temporary, f.path) })
}

func (f file) place(put func(temporary string) error) (err error) {
	dir := filepath.Dir(f.path)
	t, err := os.CreateTemp(dir, ".twin-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	defer func() {
		if gone := os.Remove(t.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	_, err = t.WriteString(f.text)
	err = errors.Join(err, t.Chown(f.uid, f.gid), t.Chmod(f.mode), t.Sync(), t.Close())
	if err == nil {
		err = put(t.Name())
	}
	if err == nil {
		err = store.FlushDir(dir)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

// makeDir makes a directory that is not there, with whoever is to own it; what
// is above it, for all to pass.
func makeDir(dir string, mode fs.FileMode, uid, gid int) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := give(dir, mode, uid, gid); err != nil {
		return err
	}
	return store.FlushDir(filepath.Dir(dir))
}

// give gives a directory away. It does so by what it has opened, which is never
// a link: whoever may write to the parent could put one in its place.
func give(dir string, mode fs.FileMode, uid, gid int) error {
	d, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	return errors.Join(d.Chown(uid, gid), d.Chmod(mode), d.Close())
}
