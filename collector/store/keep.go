package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	keptMark   = ".pre-v"   // and the schema that came after what the copy holds
	keepingEnd = ".keeping" // a copy that is being made
	keptCopies = 2          // of a file; older ones help nobody go back
)

// A Before is a copy of a file as it was before its schema changed.
type Before struct {
	Path   string
	Schema int // that it holds: one less than its name says
}

// Versions returns the schema that a file has and the one that this version
// gives it. A file that is not there, or has nothing in it, has schema 0.
// Nothing is written. ErrNewerSchema: have is above want, and both are told all
// the same. ErrForeign: it is another kind of file.
func Versions(ctx context.Context, path string, schema Schema) (have, want int, err error) {
	if want, err = schema.version(); err != nil {
		return 0, 0, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return 0, want, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read schema version: %w", err)
	}
	from := pool(path, url.Values{"mode": {"ro"}, "_txlock": {"deferred"}}, readerSetup, 1)
	have, app, err := fileVersion(ctx, from)
	switch {
	case err != nil:
	case app != schema.App && (app != 0 || have != 0):
		err = foreign(app, schema)
	case have > want:
		err = newer(have, want)
	}
	if err = errors.Join(err, from.Close()); err != nil {
		err = fmt.Errorf("%s: %w", path, classify(err))
	}
	return have, want, err
}

// Keep copies a file that Open would migrate, as it is now, to a file beside it
// whose name says which schema comes: admin.db.pre-v4 holds schema 3. The copy
// is a database of its own, on disk by that name when this returns nil, in the
// place of an older one of that name. kept is its path, "" where no migration
// comes or nothing is there to lose. Writers wait meanwhile. After an error,
// such as ErrFull, nothing was made or changed.
func Keep(ctx context.Context, path string, schema Schema) (kept string, err error) {
	have, want, err := Versions(ctx, path, schema)
	if err != nil || have == 0 || have >= want {
		return "", err
	}
	schema.Beside = Beside{}
	db := connected(path, schema)
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Update(ctx, func(tx *Tx) error {
		var now int // another opener may have been quicker
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now); err != nil || now >= want {
			return err
		}
		kept = path + keptMark + strconv.Itoa(now+1)
		return db.keep(ctx, kept)
	})
	if err != nil {
		return "", fmt.Errorf("copy %s before its schema changes from %d to %d: %w", path, have, want, err)
	}
	return kept, nil
}

// keep makes the copy, gives it its name last, and flushes that.
func (db *DB) keep(ctx context.Context, to string) error {
	keeping := db.path + keepingEnd
	if err := discard(keeping); err != nil { // of one who died at it
		return err
	}
	if err := db.Snapshot(ctx, keeping); err != nil {
		return err
	}
	if err := os.Rename(keeping, to); err != nil {
		return errors.Join(err, discard(keeping))
	}
	return FlushDir(filepath.Dir(to))
}

// Kept returns the copies that Keep made of the file at path and that are still
// there, the newest schema first.
func Kept(path string) ([]Before, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("copies of %s: %w", path, err)
	}
	var found []Before
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+keptMark)
		next, err := strconv.Atoi(text)
		if ok && err == nil && next > 1 && strconv.Itoa(next) == text && e.Type().IsRegular() {
			found = append(found, Before{filepath.Join(filepath.Dir(path), e.Name()), next - 1})
		}
	}
	slices.SortFunc(found, func(a, b Before) int { return cmp.Compare(b.Schema, a.Schema) })
	return found, nil
}

// Thin removes the copies of the file at path but for those of its last two
// migrations.
func Thin(path string) error {
	kept, err := Kept(path)
	for _, b := range kept[min(len(kept), keptCopies):] {
		err = errors.Join(err, os.Remove(b.Path))
	}
	return err
}
