package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/store"
)

// What is not, or no longer, a set begins so.
const (
	makingMark  = ".making-"
	goingMark   = ".going-"
	scratchMark = ".scratch-"
)

// A Directory is a destination on a disk of this machine. It is made when it is
// first needed.
type Directory string

// Sets implements Destination. A directory that is not there has none.
func (d Directory) Sets(context.Context) ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list backups: %w", err)
	}
	var names []string
	for _, e := range entries {
		if _, err := ParseName(e.Name()); err == nil && e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Files implements Destination.
func (d Directory) Files(_ context.Context, set string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(string(d), set))
	if err != nil {
		return nil, fmt.Errorf("list a backup: %w", err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

// Open implements Destination.
func (d Directory) Open(_ context.Context, set, file string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(d), set, file))
}

// Put implements Destination: what is made lies beside, is flushed, and gets
// its name last.
func (d Directory) Put(_ context.Context, set string, fill func(Folder) error) (err error) {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("backup directory: %w", err)
	}
	name, err := ParseName(set)
	if err != nil {
		return err
	}
	if err := Sweep(string(d), name.Server); err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(string(d), set)); err == nil {
		return fmt.Errorf("%s %w", set, ErrThere)
	}
	making := filepath.Join(string(d), makingMark+set)
	if err := os.Mkdir(making, 0o700); err != nil {
		return fmt.Errorf("make a backup: %w", store.Full(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(making))
		}
	}()
	if err := fill(folder(making)); err != nil {
		return err
	}
	if err := store.FlushDir(making); err != nil {
		return err
	}
	if err := os.Rename(making, filepath.Join(string(d), set)); err != nil {
		return fmt.Errorf("make a backup: %w", err)
	}
	return store.FlushDir(string(d))
}

// Delete implements Destination. What is left after a crash is no set any more.
func (d Directory) Delete(_ context.Context, set string) error {
	if _, err := ParseName(set); err != nil {
		return err
	}
	going := filepath.Join(string(d), goingMark+set)
	err := os.Rename(filepath.Join(string(d), set), going)
	if err == nil {
		err = store.FlushDir(string(d))
	}
	if err == nil {
		err = os.RemoveAll(going)
	}
	if err != nil {
		return fmt.Errorf("delete a backup: %w", err)
	}
	return store.FlushDir(string(d))
}

// Sweep removes from a directory what a server was making, deleting or
// restoring to scratch there when its process ended: other servers may have
// theirs beside it, and be at it. The server must not be.
func Sweep(dir, server string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if leftBy(server, e.Name()) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what an earlier backup left: %w", err)
	}
	return nil
}

// leftBy tells whether a file is no set, or no longer, and of that server.
func leftBy(server, file string) bool {
	for _, mark := range []string{makingMark, goingMark} {
		if set, ok := strings.CutPrefix(file, mark); ok {
			name, err := ParseName(set)
			return err == nil && name.Server == safeName(server)
		}
	}
	return strings.HasPrefix(file, scratchOf(server))
}

// scratchOf begins the names of a server's scratch directories. No server's
// name has a plus in a file's name.
func scratchOf(server string) string { return scratchMark + safeName(server) + "+" }

// A folder is a directory that is being filled.
type folder string

func (f folder) Create(file string) (io.WriteCloser, error) {
	out, err := os.OpenFile(filepath.Join(string(f), file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, store.Full(err)
	}
	return flushed{out}, nil
}

func (f folder) Open(file string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(f), file))
}

// A flushed file is on disk once it is closed without an error.
type flushed struct{ *os.File }

func (f flushed) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	return n, store.Full(err)
}

func (f flushed) Close() error { return errors.Join(store.Full(f.Sync()), f.File.Close()) }

// Scratch names a directory that Sweep removes if the server leaves it behind.
func Scratch(server string, now time.Time) string {
	return scratchOf(server) + now.UTC().Format("20060102T150405.000000Z")
}
