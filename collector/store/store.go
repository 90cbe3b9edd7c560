// Package store is SQLite as we use it: files whose durability was read back
// before the first write, one writer, short transactions with one Now each, and
// embedded numbered migrations. It is the only door to the driver.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
)

// A Schema says what a file holds.
type Schema struct {
	App        int32 // SQLite's application_id: which of our files it is
	PageSize   int   // of a file that is made new
	Migrations fs.FS // migrations/NNNN_name.sql, without holes
	Beside     Beside
}

// A Mode is what the opener may do to the file.
type Mode int

// The modes. Only twind at its start, init and restore may migrate.
const (
	Use     Mode = iota // an existing file of exactly this schema
	Migrate             // an existing file, brought up to this schema if it is older
	Create              // as Migrate; made if it does not exist
)

const (
	readers     = 4
	busyTimeout = 5 * time.Second // how long one waits for another who holds the file
)

// DB is one open file. Its methods may be called by any number of goroutines.
type DB struct {
	path   string
	writer *sql.DB // one connection
	reader *sql.DB // read-only connections
	failed atomic.Pointer[error]
	now    func() time.Time
}

// Open opens the file at path, proves that it is as durable as we promise, and
// brings its schema up to date where mode allows. A file of a newer schema is
// refused before anything is written (ErrNewerSchema).
func Open(ctx context.Context, path string, schema Schema, mode Mode) (*DB, error) {
	if err := ensure(path, mode); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := connected(path, schema)
	if err := db.prepare(ctx, schema, mode); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, classify(err)), db.Close())
	}
	return db, nil
}

// connected has the connections of a file, none of which is made yet.
func connected(path string, schema Schema) *DB {
	return &DB{
		path: path, now: time.Now,
		writer: pool(path, url.Values{"mode": {"rwc"}, "_txlock": {"immediate"}}, writerSetup(schema), 1),
		reader: pool(path, url.Values{"mode": {"ro"}, "_txlock": {"deferred"}}, readerSetup, readers),
	}
}

// ensure makes the file where mode allows, for its owner alone: SQLite gives
// the log beside it the same rights. It makes the file without opening it,
// because closing it would give up the locks that this process has on it.
func ensure(path string, mode Mode) error {
	_, err := os.Stat(path)
	if mode != Create || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = syscall.Mknod(path, syscall.S_IFREG|0o600, 0)
	if err != nil && !errors.Is(err, fs.ErrExist) { // another may have been first
		return &fs.PathError{Op: "create", Path: path, Err: err}
	}
	return nil
}

// By has the file take its Now from a clock, as it does from the machine's; only
// before anything else is done with it.
func (db *DB) By(clock func() time.Time) { db.now = clock }

// Close closes all connections; the last one folds the write-ahead log into the file.
func (db *DB) Close() error {
	return errors.Join(db.reader.Close(), db.writer.Close())
}

// Path returns the file's path.
func (db *DB) Path() string { return db.path }

func (db *DB) prepare(ctx context.Context, schema Schema, mode Mode) error {
	if err := db.examine(ctx, schema, mode); err != nil {
		return err
	}
	if err := db.prove(ctx); err != nil {
		return err
	}
	if mode == Use {
		return nil
	}
	return db.migrate(ctx, schema)
}

// pool makes a pool of at most n connections, each prepared by setup. The
// connector stands in for a registered driver, which would be a global.
func pool(path string, access url.Values, setup func(*sqlite3.SQLiteConn) error, n int) *sql.DB {
	maps.Copy(access, url.Values{
		"_busy_timeout":    {strconv.FormatInt(busyTimeout.Milliseconds(), 10)},
		"_foreign_keys":    {"1"},
		"_synchronous":     {"FULL"},
		"_stmt_cache_size": {"64"},
	})
	drv := &sqlite3.SQLiteDriver{ConnectHook: setup}
	db := sql.OpenDB(connector{drv, uri(path, access)})
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db
}

func uri(path string, access url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: access.Encode()}).String()
}

type connector struct {
	drv *sqlite3.SQLiteDriver
	dsn string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.drv.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.drv }
