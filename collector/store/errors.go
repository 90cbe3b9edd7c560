package store

import (
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// What a caller may branch on. Errors of SQLite are told apart by code, never
// by text.
var (
	// ErrNewerSchema is returned when a newer version of Twin wrote the file.
	ErrNewerSchema = errors.New("written by a newer version")
	// ErrOlderSchema is returned when the file waits for twind to migrate it.
	ErrOlderSchema = errors.New("written by an older version")
	// ErrForeign is returned when the file is not the one it should be.
	ErrForeign = errors.New("not this kind of file")
	// ErrBusy is returned when another process held the file too long.
	ErrBusy = errors.New("database is held by another")
	// ErrFull is returned when the disk or quota is full. Nothing was changed;
	// the same change may be tried again once there is room.
	ErrFull = errors.New("no space left")
	// ErrFailed is returned after a write or flush error, and ever after.
	ErrFailed = errors.New("write failed, database closed")
	// ErrCorrupt is returned when the file's content cannot be right.
	ErrCorrupt = errors.New("database is damaged")
)

// IsIO tells whether err is a failed write, flush or read of the file: after
// it nothing about the file's state is known.
func IsIO(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrIoErr && !isFull(e)
}

func isSQLite(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e)
}

func isBusy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

func isFull(e sqlite3.Error) bool {
	return e.Code == sqlite3.ErrFull || errors.Is(Full(e.SystemErrno), ErrFull)
}

// classify puts our sentinel before an error of SQLite that a caller branches on.
func classify(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case isFull(e):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case isBusy(e):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case e.Code == sqlite3.ErrNotADB:
		return fmt.Errorf("%w: %w", ErrForeign, err)
	case e.Code == sqlite3.ErrCorrupt:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}
