package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
)

var (
	// ErrRunning is returned when another twind has the data directory.
	ErrRunning = errors.New("twind is running already")
	// ErrSyncing is returned when another process pushes from it.
	ErrSyncing = errors.New("a sync is under way already")
	// ErrBackingUp is returned when another process makes, deletes or proves
	// its backups.
	ErrBackingUp = errors.New("a backup is under way already")
)

// The files whose locks say who does what nobody else may do meanwhile. The
// kernel gives a lock up however its process ends.
const (
	lockName   = "twind.lock"  // runs on the data directory
	syncName   = "sync.lock"   // pushes administration data from it
	backupName = "backup.lock" // makes, deletes or proves its backups
)

// lock takes the data directory for this process; closing what it returns
// gives it up. If another has it the error is ErrRunning and names its pid.
func lock(data string) (io.Closer, error) { return take(data, lockName, ErrRunning) }

// LockSync takes the right to push from the data directory, as lock does. If
// another has it the error is ErrSyncing.
func LockSync(data string) (io.Closer, error) { return take(data, syncName, ErrSyncing) }

// LockBackup takes the right to make, delete and prove backups of the data
// directory, as lock does. If another has it the error is ErrBackingUp.
func LockBackup(data string) (io.Closer, error) { return take(data, backupName, ErrBackingUp) }

// LockIdle takes the data directory for this process in the place of twind, as
// lock does: ErrRunning.
func LockIdle(data string) (io.Closer, error) { return lock(data) }

func take(data, name string, taken error) (io.Closer, error) {
	path := filepath.Join(data, name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", data, node.ErrNotInitialized)
	}
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	if err == nil {
		return f, nil
	}
	f.Close() //nolint:errcheck // nothing was written
	if pid := holder(path); pid != 0 {
		return nil, cli.Fail(cli.Busy, fmt.Errorf("%w on %s, as process %d", taken, data, pid), "")
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// Running returns the process id of the twind that has the data directory, 0
// if none has. It must not be called by that twind itself: a process that
// closes the lock's file loses the lock.
func Running(data string) int { return holder(filepath.Join(data, lockName)) }

// Syncing tells whether somebody pushes from the data directory. Whoever does it
// must not call this, as with Running: twinctl sync does it, never twind.
func Syncing(data string) bool { return holder(filepath.Join(data, syncName)) != 0 }

func holder(path string) int {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close() //nolint:errcheck // only read
	l := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &l); err != nil || l.Type == unix.F_UNLCK {
		return 0
	}
	return int(l.Pid)
}
