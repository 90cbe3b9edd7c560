package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// A dataFile is one of the databases of a data directory.
type dataFile struct {
	name   string
	schema store.Schema
	kept   bool // it is copied before its schema changes
}

// dataFiles lists them. The history is not copied: it may be most of what is on
// the disk, and comes back from the twin or a backup.
func dataFiles() []dataFile {
	return []dataFile{
		{node.File, node.Schema(), true},
		{admin.File, admin.Schema(), true},
		{history.File, history.Schema(), false},
	}
}

// keepBefore copies what is about to be migrated in a data directory, all of it
// before any of it is changed. It refuses where a file is newer than this
// program, or the disk has no room; then nothing was changed.
func keepBefore(ctx context.Context, dir string) error {
	files, need, err := awaiting(ctx, dir)
	if err == nil && len(files) > 0 {
		var free int64
		free, err = store.Free(dir)
		if err == nil && free < need {
			err = fmt.Errorf("%s: %w: to copy %s and change their schema takes %d KiB, and %d are free", dir, store.ErrFull, together(files), need>>10, free>>10)
		}
	}
	if err == nil {
		err = copyEach(ctx, dir, files)
	}
	if errors.Is(err, store.ErrFull) {
		return cli.Fail(cli.Refused, fmt.Errorf("%w: nothing was changed", err), "make room there, and start twind again")
	}
	return err
}

// awaiting returns the files that are to be copied before they are migrated,
// and how many bytes all that takes.
func awaiting(ctx context.Context, dir string) (files []dataFile, need int64, err error) {
	for _, f := range dataFiles() {
		path := filepath.Join(dir, f.name)
		have, want, err := store.Versions(ctx, path, f.schema)
		if err != nil {
			return nil, 0, err
		}
		if f.kept && have > 0 && have < want {
			files = append(files, f)
			need += 2 * (fileSize(path) + fileSize(path+"-wal")) // the copy, and what the migration writes
		}
	}
	return files, need, nil
}

// copyEach copies the files beside themselves, all or none.
func copyEach(ctx context.Context, dir string, files []dataFile) (err error) {
	var made []string
	defer func() {
		if err != nil {
			for _, path := range made {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, f := range files {
		kept, err := store.Keep(ctx, filepath.Join(dir, f.name), f.schema)
		if err != nil {
			return err
		}
		if kept != "" {
			made = append(made, kept)
		}
	}
	for _, f := range files {
		if err := store.Thin(filepath.Join(dir, f.name)); err != nil {
			return err
		}
	}
	return nil
}

func together(files []dataFile) string {
	var names []string
	for _, f := range files {
		names = append(names, f.name)
	}
	return strings.Join(names, " and ")
}

// goingBack adds to the refusal of a newer schema how there may be a way back
// to this version: by copies that were made before the schemas changed.
func goingBack(ctx context.Context, dir string, err error) error {
	if !errors.Is(err, store.ErrNewerSchema) {
		return err
	}
	var back, from, lacking []string
	for _, f := range dataFiles() {
		path := filepath.Join(dir, f.name)
		if _, _, err := store.Versions(ctx, path, f.schema); !errors.Is(err, store.ErrNewerSchema) {
			continue
		}
		copied, ok := fitting(ctx, path, f.schema)
		if !ok {
			lacking = append(lacking, f.name)
			continue
		}
		back, from = append(back, f.name), append(from, filepath.Base(copied))
	}
	hint := "go back to the newer version"
	if len(lacking) > 0 {
		hint += fmt.Sprintf("; %s has no copy of a schema that this version knows, so the other way is a backup that this version made: twinctl backup restore --swap", strings.Join(lacking, " and "))
	} else {
		hint += fmt.Sprintf("; or, to lose what was changed since: stop twind, move %[1]s away with the -wal and -shm beside, and restore %[2]s as %[1]s", strings.Join(back, " and "), strings.Join(from, " and "))
	}
	return cli.Fail(cli.Untrusted, err, hint)
}

// fitting returns the newest copy of a file that this version can open.
func fitting(ctx context.Context, path string, schema store.Schema) (string, bool) {
	kept, err := store.Kept(path)
	if err != nil {
		return "", false
	}
	for _, b := range kept {
		if have, _, err := store.Versions(ctx, b.Path, schema); err == nil && have == b.Schema {
			return b.Path, true
		}
	}
	return "", false
}
