package task

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const settleInterval = 20 * time.Millisecond

// lockNumber is the file that a keeper is given besides the three of every
// program: while it is open somewhere, the keeper's program is not gone.
const lockNumber = 3

// Settle waits until nothing runs any more that a Runner of this directory has
// started, also one of an earlier twind that was killed: what that ran is
// being ended then. Call it before what was interrupted is tried again, while
// no job runs. It ends with the cause of ctx if that ends first. What was
// killed while an output was shortened left half of one: that is removed.
func (r Runner) Settle(ctx context.Context) error {
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return err
	}
	f, err := r.lockFile()
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // and with it the lock
	tick := time.NewTicker(settleInterval)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return r.tidy()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("tasks of an earlier twind still run: %w", context.Cause(ctx))
		}
	}
}

// tidy removes outputs that never took the place of another.
func (r Runner) tidy() error {
	half, err := filepath.Glob(filepath.Join(r.Dir, "*"+unfinished))
	for _, path := range half {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

func (r Runner) lockFile() (*os.File, error) {
	return os.OpenFile(filepath.Join(r.Dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
}

// shared returns the file that a keeper holds; nil if there is none: where
// nothing can be written, a task runs all the same.
func (r Runner) shared() []*os.File {
	f, err := r.lockFile()
	if err != nil {
		return nil
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil {
		_ = f.Close()
		return nil
	}
	return []*os.File{f}
}
