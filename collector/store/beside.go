package store

import (
	"database/sql/driver"
	"fmt"
	"net/url"

	"github.com/mattn/go-sqlite3"
)

// Beside is another of our files, which each Update locks together with the one
// that it writes: what it reads there cannot change before its commit. Tables
// of it are read under its name, as node.self; it is never written, for a
// transaction writes one file. A View does not have it.
type Beside struct {
	Name string // letters; a schema name in SQL
	Path string // an existing file; "": none
}

// attach joins the file to a connection. A missing one is not made.
func (b Beside) attach(c *sqlite3.SQLiteConn) error {
	file := uri(b.Path, url.Values{"mode": {"rw"}})
	if _, err := c.Exec("ATTACH ? AS "+b.Name, []driver.Value{file}); err != nil {
		return fmt.Errorf("attach %s: %w", b.Path, err)
	}
	if err := set(c, []string{b.Name + ".synchronous = FULL", b.Name + ".mmap_size = 0"}); err != nil {
		return err
	}
	c.RegisterAuthorizer(b.authorize)
	return nil
}

// authorize lets SQLite compile nothing that would change the file beside. In
// Update's SQL that is a mistake, and better found than written.
func (b Beside) authorize(action int, _, _, database string) int {
	switch action {
	case sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION:
		return sqlite3.SQLITE_OK
	}
	if database == b.Name {
		return sqlite3.SQLITE_DENY
	}
	return sqlite3.SQLITE_OK
}
