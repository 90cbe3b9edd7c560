package store

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Full puts ErrFull before an error of the operating system that means it: of
// a disk, a quota or a limit on a file's size.
func Full(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// TakeUp gives a file so many bytes of its disk, or fails with ErrFull. Where
// room cannot be kept back the file has that size all the same. Signals, which
// the runtime sends itself, may interrupt it.
func TakeUp(f *os.File, size int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, 0, size)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EOPNOTSUPP):
			err = f.Truncate(size)
		}
		return Full(err)
	}
}

// Free returns how many bytes the owner of dir may still write to its disk.
func Free(dir string) (int64, error) {
	free, _, err := Space(dir)
	return free, err
}

// Space returns how many bytes the owner of dir may still write to its disk,
// and how many that has in all.
func Space(dir string) (free, all int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, int64(s.Blocks) * s.Bsize, nil
}
