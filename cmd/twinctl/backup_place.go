package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
)

// A backupPlace is where backups are looked for.
type backupPlace struct {
	from           string
	twin, received bool
	filter         rowFilter // of the list
}

func (p *backupPlace) flags(f *cli.FlagSet) {
	f.StringVar(&p.from, "from", "", "those in this `DIRECTORY`, on any machine; no server is needed")
	f.BoolVar(&p.received, "received", false, "those that the twin has sent here")
}

func (p *backupPlace) check() error {
	if p.from != "" && p.received || p.twin && (p.received || p.from != "") {
		return cli.Fail(cli.Usage, errors.New("--from, --received and --twin are three places: want one"), "twinctl help backup list")
	}
	return nil
}

// at runs a verb on a place: of this server, or of none.
func (p *backupPlace) at(ctx context.Context, call *cli.Call, run func(backup.Keeper, *site) error) error {
	if err := p.check(); err != nil {
		return err
	}
	if p.from != "" {
		at, err := backupsIn(p.from)
		if err == nil {
			err = run(backup.Keeper{At: at}, nil)
		}
		if errors.Is(err, backup.ErrDamaged) { // which whoever may read more finds too
			return err
		}
		return app.Denied(err)
	}
	return with(func(ctx context.Context, _ *cli.Call, s *site) error {
		k := s.keeper()
		if p.received {
			have, err := app.Paired(ctx, s.data.Node)
			if err != nil {
				return err
			}
			k.At = backup.Directory(app.FromTwin(s.Config, have.Name))
		}
		return run(k, s)
	})(ctx, call)
}

// next is what to type where a place has no backup that can be restored.
func (p *backupPlace) next() string {
	switch {
	case p.from != "":
		return ""
	case p.received:
		return "twinctl backup full, on the twin"
	}
	return "twinctl backup full"
}

// empty is the error about a place without any backup to verify, with the place that may
// be meant.
func (p *backupPlace) empty(at backup.Destination) error {
	if p.from != "" {
		return noneIn("twinctl backup verify --from", p.from)
	}
	return cli.Fail(cli.Usage, fmt.Errorf("%w: there is none in %s", backup.ErrNoBackup, at), p.next())
}

// noneIn is the error about a directory without any backup; again is what goes
// before another one. Copies easily come to lie one level lower than was meant.
func noneIn(again, dir string) error {
	hint := "name the directory in which they lie side by side"
	if near := backupsNear(dir); near != "" {
		hint = again + " " + app.Quoted(near)
	}
	return cli.Fail(cli.Usage, fmt.Errorf("%w: there is none in %s", backup.ErrNoBackup, dir), hint)
}

// backupsIn returns a directory that a person names, which must be there.
func backupsIn(dir string) (backup.Directory, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", cli.Fail(cli.Usage, fmt.Errorf("--from %s: there is no such directory", dir), "")
	case err != nil:
		return "", fmt.Errorf("--from: %w", err)
	case !info.IsDir():
		return "", cli.Fail(cli.Usage, fmt.Errorf("--from %s: is not a directory", dir), "")
	}
	return backup.Directory(dir), nil
}

// backupsNear returns a directory with backups beside one that has none: above
// it, if that is a backup itself, or one level below it; "" if there is none.
func backupsNear(dir string) string {
	full, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if _, err := backup.ParseName(filepath.Base(full)); err == nil {
		return filepath.Dir(full)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if below := filepath.Join(dir, e.Name()); hasBackups(below) {
			return below
		}
	}
	return ""
}

func hasBackups(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		_, err := backup.ParseName(e.Name())
		return err == nil && e.IsDir()
	})
}

// worse returns the error that tells more of backups: that one is damaged goes
// before anything else.
func worse(was, is error) error {
	if was == nil || errors.Is(is, backup.ErrDamaged) {
		return is
	}
	return was
}
