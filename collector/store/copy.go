package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"
)

const (
	copyStep  = 4 << 20          // bytes that are copied at once, a few milliseconds
	copyFlush = 2 * copyStep     // bytes after which they are flushed: the disk's queue stays short for those who wait for it
	copyStuck = 10 * time.Second // without any progress
)

// A Copied says how a copy was made.
type Copied struct {
	Pages int
	Whole bool // by VACUUM INTO, because the pages could not be had one by one
}

// Copy writes the file as it is now to path, which must not exist: the same
// pages at the same places, for its owner alone, on disk when this returns nil.
// Its name in the directory is the caller's to flush. Whoever writes to the
// database meanwhile is never kept waiting: the copy reads one snapshot, which
// it holds from beginning to end, so that nothing makes it begin anew; the log
// grows by what is written meanwhile, which it folds in itself at the end, or
// whoever commits next would have to. Where it makes no progress for ten
// seconds it is a Snapshot. Any error leaves nothing at path.
func (db *DB) Copy(ctx context.Context, path string) (Copied, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Copied{}, fmt.Errorf("copy: %w", err)
	}
	return db.copyInto(ctx, f, copyStuck)
}

// copyInto copies to a file that is open and empty, and gives up on that where it
// makes no progress for so long.
func (db *DB) copyInto(ctx context.Context, f *os.File, stuck time.Duration) (Copied, error) {
	path := f.Name()
	done, err := db.copyAndFold(ctx, f, stuck)
	if err == nil {
		err = Full(f.Sync())
	}
	if err = errors.Join(err, f.Close()); err == nil {
		return done, nil
	}
	err = errors.Join(fmt.Errorf("copy: %w", db.explain("", err)), os.Remove(path))
	if !errors.Is(err, errStuck) {
		return Copied{}, err
	}
	return Copied{Whole: true}, db.Snapshot(ctx, path)
}

// errStuck is returned when another process kept the copy from going on.
var errStuck = errors.New("no progress")

// copyAndFold copies, and folds in what the log gathered meanwhile.
func (db *DB) copyAndFold(ctx context.Context, f *os.File, stuck time.Duration) (done Copied, err error) {
	folder, err := connect(uri(db.path, url.Values{"mode": {"rw"}, "_synchronous": {"FULL"}}), "mmap_size = 0", "cell_size_check = ON", "trusted_schema = OFF")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	size, err := pageSize(folder) // it has the file open by then, and begins at once
	if err != nil {
		return done, err
	}
	done, err = db.copyPages(ctx, f, stuck)
	if folded := fold(folder, size); err == nil {
		err = folded
	}
	return done, err
}

// foldRounds is how often a log is folded in that has grown again meanwhile.
const foldRounds = 8

// fold folds the log in until so little is left that a commit may do it. It
// keeps nobody waiting, who reads or writes; where somebody else folds it in,
// that is enough.
func fold(c *sqlite3.SQLiteConn, size int) error {
	for range foldRounds {
		state, err := row(c, "PRAGMA wal_checkpoint(PASSIVE)", 3)
		if err != nil {
			return fmt.Errorf("fold the log in: %w", err)
		}
		busy, pages, folded := state[0], state[1], state[2]
		if busy != 0 || (pages-folded)*int64(size) < checkpointBytes {
			return nil
		}
	}
	return nil
}

func (db *DB) copyPages(ctx context.Context, f *os.File, stuck time.Duration) (done Copied, err error) {
	from, err := connect(uri(db.path, url.Values{"mode": {"ro"}, "_busy_timeout": {"1000"}}), "temp_store = MEMORY", "mmap_size = 0", "trusted_schema = OFF")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	for _, begin := range []string{"BEGIN", "SELECT count(*) FROM sqlite_schema"} { // the snapshot
		if _, err := from.Exec(begin, nil); err != nil {
			return done, err
		}
	}
	var size int
	if size, err = pageSize(from); err != nil {
		return done, err
	}
	// Whoever loses power in here makes the copy again: what is flushed is the
	// whole, at the end.
	to, err := connect(uri(f.Name(), url.Values{"mode": {"rw"}, "_busy_timeout": {"100"}}), "journal_mode = OFF", "synchronous = OFF", "cache_size = -8000", "mmap_size = 0")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	b, err := to.Backup("main", from, "main")
	if err != nil {
		return done, err
	}
	err = stepping{b, f, copyStep / size, stuck}.through(ctx)
	done.Pages = b.PageCount()
	return done, errors.Join(err, b.Finish())
}

// A stepping copies so many pages at a time.
type stepping struct {
	*sqlite3.SQLiteBackup

	f     *os.File
	pages int
	stuck time.Duration
}

// through copies until there are none left.
func (b stepping) through(ctx context.Context) error {
	moved, left := time.Now(), -1
	for unflushed := 0; ; {
		finished, err := b.Step(b.pages)
		if err != nil || finished {
			return err
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if now := b.Remaining(); now != left { // the driver does not tell that it was busy
			moved, left = time.Now(), now
		} else if time.Since(moved) > b.stuck {
			return errStuck
		}
		if unflushed += copyStep; unflushed >= copyFlush {
			unflushed = 0
			if err := unix.Fdatasync(int(b.f.Fd())); err != nil && !errors.Is(err, unix.EINTR) {
				return Full(err)
			}
		}
	}
}

// connect opens one connection, prepared by pragmas.
func connect(dsn string, pragmas ...string) (*sqlite3.SQLiteConn, error) {
	opened, err := (&sqlite3.SQLiteDriver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	c, ok := opened.(*sqlite3.SQLiteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a connection is a %T", opened), opened.Close())
	}
	if err := set(c, pragmas); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func pageSize(c *sqlite3.SQLiteConn) (int, error) {
	size, err := row(c, "PRAGMA page_size", 1)
	if err != nil {
		return 0, err
	}
	if size[0] < 512 {
		return 0, fmt.Errorf("a page size of %d", size[0])
	}
	return int(size[0]), nil
}

// row returns the numbers of the one row that a query tells.
func row(c *sqlite3.SQLiteConn, query string, columns int) ([]int64, error) {
	rows, err := c.Query(query, nil)
	if err != nil {
		return nil, err
	}
	told := make([]driver.Value, columns)
	if err := errors.Join(rows.Next(told), rows.Close()); err != nil {
		return nil, err
	}
	numbers := make([]int64, columns)
	for i, value := range told {
		n, ok := value.(int64)
		if !ok {
			return nil, fmt.Errorf("%s tells a %T", query, value)
		}
		numbers[i] = n
	}
	return numbers, nil
}
