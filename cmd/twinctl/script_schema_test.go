package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// later CONFIG FILE... brings databases to the schema that a later version might
// have, as its first start does, and sets SCHEMA to that of the last and OURS to
// this version's.
func later(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: later CONFIG FILE...")
	}
	cfg, err := app.Configure(&cli.Call{Config: ts.MkAbs(args[0])})
	ts.Check(err)
	for _, name := range args[1:] {
		schema, ok := map[string]store.Schema{node.File: node.Schema(), admin.File: admin.Schema(), history.File: history.Schema()}[name]
		if !ok {
			ts.Fatalf("later: unknown file %s", name)
		}
		ours, err := fs.Glob(schema.Migrations, "migrations/*.sql")
		ts.Check(err)
		schema.Migrations = followed{schema.Migrations, fstest.MapFS{
			fmt.Sprintf("migrations/%04d_later.sql", len(ours)+1): {Data: []byte("CREATE TABLE later (n INTEGER) STRICT")},
		}}
		path := filepath.Join(cfg.Data, name)
		if name != history.File {
			_, err = store.Keep(context.Background(), path, schema)
			ts.Check(err)
		}
		db, err := store.Open(context.Background(), path, schema, store.Migrate)
		ts.Check(err)
		ts.Check(db.Close())
		ts.Setenv("OURS", fmt.Sprint(len(ours)))
		ts.Setenv("SCHEMA", fmt.Sprint(len(ours)+1))
	}
}

// followed are migrations, and more after them.
type followed struct {
	fs.FS
	more fstest.MapFS
}

func (f followed) Glob(pattern string) ([]string, error) {
	first, err := fs.Glob(f.FS, pattern)
	more, moreErr := f.more.Glob(pattern)
	return append(first, more...), errors.Join(err, moreErr)
}

func (f followed) ReadFile(name string) ([]byte, error) {
	if text, err := f.more.ReadFile(name); err == nil {
		return text, nil
	}
	return fs.ReadFile(f.FS, name)
}
