package store

import (
	"errors"
	"fmt"
	"os"
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
	if err != nil {
		return fmt.Errorf("reserve: %w", Full(err))
	}
	if err = TakeUp(f, ReserveSize); errors.Is(err, ErrFull) {
		err = errors.Join(err, f.Truncate(0))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("reserve %s: %w", r.Path, err)
	}
	return nil
}

// Release gives the room up.
func (r Reserve) Release() error {
	if err := os.Truncate(r.Path, 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reserve: %w", err)
	}
	return nil
}
