package main

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
)

// keeper returns who keeps the backups of which one is restored.
func (r restore) keeper() (backup.Keeper, error) {
	if r.directory == "" {
		return backup.Keeper{At: backup.Directory(r.cfg.Backup.Directory)}, nil
	}
	at, err := backupsIn(r.directory)
	return backup.Keeper{At: at}, r.hindered(err)
}

// hindered adds to what is in the way of a restore the way out.
func (r restore) hindered(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return r.denied(err)
	case r.directory == "":
		return err
	case errors.Is(err, backup.ErrNoBackup) && !hasBackups(r.directory):
		return noneIn("the same with --from", r.directory)
	case errors.Is(err, backup.ErrNoBackup):
		return cli.Fail(cli.Usage, err, "twinctl backup list --from "+app.Quoted(r.directory))
	case errors.Is(err, backup.ErrForeign):
		own := filepath.Join(r.directory, backup.OfTwin(r.cfg.Name))
		if hasBackups(own) { // all that a twin holds was copied, and those that it holds of this server lie below
			return cli.Fail(cli.Refused, err, "those of "+r.cfg.Name+": the same with --from "+app.Quoted(own))
		}
	case errors.Is(err, backup.ErrDamaged):
		return cli.Fail(cli.Untrusted, err, "twinctl backup list --from "+app.Quoted(r.directory)+", for another one")
	}
	return err
}

// denied says whose the files must be: a restore runs as the owner of the data,
// also for root.
func (r restore) denied(err error) error {
	user, from, hint := app.Me(), cmp.Or(r.directory, r.cfg.Backup.Directory), ""
	var at *fs.PathError
	switch {
	case errors.As(err, &at) && isBelow(at.Path, from):
		hint = "chown -R " + user + " " + app.Quoted(from) + ", as root"
	case r.to != "":
		hint = "another directory for --to, below one into which user " + user + " may write"
	}
	return cli.Fail(cli.Usage, err, hint)
}

// isBelow tells whether a path is a directory, or below it.
func isBelow(path, dir string) bool {
	path, dir = filepath.Clean(path), filepath.Clean(dir)
	return path == dir || strings.HasPrefix(path, dir+string(filepath.Separator))
}
