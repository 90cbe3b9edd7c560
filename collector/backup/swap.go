package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// SwapFile is the journal of a swap, in the data directory. While it is there
// the files are neither the old nor the new ones, and nobody may use them.
const SwapFile = "restore.swap"

// A Swap puts restored files in the place of a server's own, which are kept.
type Swap struct {
	Data string `json:"-"`
	From string `json:"from"` // what was restored, on the disk of the data
	Keep string `json:"keep"` // where the old files go, in Data
}

// Run does it, or finishes one that was cut off. twind must not run. Each step
// can be done again: what is moved already stays where it is. The journal is
// written before the first and removed after the last.
func (s Swap) Run() error {
	if err := s.journal(); err != nil {
		return fmt.Errorf("swap: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(s.Data, s.Keep), 0o700); err != nil {
		return fmt.Errorf("swap: %w", err)
	}
	for _, name := range []string{history.File, admin.File, node.File} {
		restored := filepath.Join(s.From, name)
		if _, err := os.Lstat(restored); errors.Is(err, fs.ErrNotExist) {
			continue // it is in its place already
		}
		if err := s.putAway(name); err != nil {
			return fmt.Errorf("swap: %w", err)
		}
		if err := errors.Join(store.FlushDir(filepath.Join(s.Data, s.Keep)), store.FlushDir(s.Data)); err != nil {
			return fmt.Errorf("swap: %w", err)
		}
		if err := moveCopies(restored, s.Data); err != nil {
			return fmt.Errorf("swap: %w", err)
		}
		if err := move(restored, filepath.Join(s.Data, name)); err != nil {
			return fmt.Errorf("swap: %w", err)
		}
		if err := errors.Join(store.FlushDir(s.Data), store.FlushDir(s.From)); err != nil {
			return fmt.Errorf("swap: %w", err)
		}
	}
	err := os.RemoveAll(s.From) // twin.toml and known_hosts, which stay as they are
	if err == nil {
		err = os.Remove(filepath.Join(s.Data, SwapFile))
	}
	if err = errors.Join(err, store.FlushDir(s.Data)); err != nil {
		return fmt.Errorf("swap: %w", err)
	}
	return nil
}

// putAway keeps an old file with what is beside it, and goes last itself: while
// it is there, so may be copies of it from before its schema changed. Once it is
// gone, those that are there are of the restored one.
func (s Swap) putAway(name string) error {
	old, keep := filepath.Join(s.Data, name), filepath.Join(s.Data, s.Keep)
	if _, err := os.Lstat(old); err == nil {
		if err := moveCopies(old, keep); err != nil {
			return err
		}
	}
	for _, end := range []string{"-wal", "-shm", ""} {
		if err := move(old+end, filepath.Join(keep, name+end)); err != nil {
			return err
		}
	}
	return nil
}

// moveCopies moves the copies of a file from before its schema changed.
func moveCopies(path, dir string) error {
	kept, err := store.Kept(path)
	for _, b := range kept {
		err = errors.Join(err, move(b.Path, filepath.Join(dir, filepath.Base(b.Path))))
	}
	return err
}

func (s Swap) journal() error {
	if _, err := Swapping(s.Data); !errors.Is(err, fs.ErrNotExist) {
		return err // it is there
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	beside := filepath.Join(s.Data, makingMark+SwapFile)
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := folder(s.Data).Create(makingMark + SwapFile)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err = errors.Join(err, out.Close()); err == nil {
		err = os.Rename(beside, filepath.Join(s.Data, SwapFile))
	}
	return errors.Join(err, store.FlushDir(s.Data))
}

// Swapping returns the swap that was cut off in a data directory. Without one
// the error is fs.ErrNotExist.
func Swapping(data string) (Swap, error) {
	s := Swap{Data: data}
	text, err := os.ReadFile(filepath.Join(data, SwapFile))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", SwapFile, err)
	}
	return s, nil
}

// move moves a file, if it is there.
func move(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
