package store

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ReserveSize is how much room is kept back for the small writes that matter
// on a full disk: role, journals, alarms.
const ReserveSize = 16 << 20

// A Reserve is a file that does nothing but take up room, to be given up when
// the disk is full and made again afterwards. The file stays, with no length,
// because making a new one needs an inode.
type Reserve struct{ Path string }

// Make takes up the room. On a disk that has not got it, the room that was
// taken is given back and an error (ErrFull) returned.
func (r Reserve) Make() error {
	f, err := os.OpenFile(r.Path, os.O_CREATE|os.O_RDWR, 0o600)
	if noSpace(err) {
		return fmt.Errorf("reserve: %w: %w", ErrFull, err)
	}
	if err != nil {
		return fmt.Errorf("reserve: %w", err)
	}
	if err = takeUp(f, ReserveSize); noSpace(err) {
		err = errors.Join(ErrFull, err, f.Truncate(0))
	}
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = nil // a file system where room cannot be kept back
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("reserve %s: %w", r.Path, err)
	}
	return nil
}

// takeUp gives f that many bytes of the disk. Signals, which the runtime sends
// itself, may interrupt it.
func takeUp(f *os.File, size int64) error {
	for {
		if err := unix.Fallocate(int(f.Fd()), 0, 0, size); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func noSpace(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

// Release gives the room up.
func (r Reserve) Release() error {
	if err := os.Truncate(r.Path, 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reserve: %w", err)
	}
	return nil
}

// Free returns how many bytes the owner of dir may still write to its disk.
func Free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}
