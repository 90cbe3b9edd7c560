package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/backup"
)

// TestKeepWithin holds that a length that keeps backups cannot be misread.
func TestKeepWithin(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 30 * day, "24h": day, "720h": 30 * day, "1d": day, "0d": 0} {
		var k keepWithin
		if err := k.Set(text); err != nil || time.Duration(k) != want {
			t.Errorf("%s: %s, %v", text, time.Duration(k), err)
		}
		var again keepWithin
		if text := k.String(); text != "" && (again.Set(text) != nil || again != k) {
			t.Errorf("%s is read back as %s", text, time.Duration(again))
		}
	}
	for _, text := range []string{"", "1m", "90m", "1h30m", "1y5m7d2h", "1y", "500ms", "-1d", "30", "d", "soon"} {
		var k keepWithin
		if err := k.Set(text); err == nil || !strings.Contains(err.Error(), "30d or 24h") {
			t.Errorf("%q: %s, %v", text, time.Duration(k), err)
		}
	}
}

// TestWhatHindersARestore holds that it says whose files they must be: a restore
// by root runs as the owner of the data.
func TestWhatHindersARestore(t *testing.T) {
	cfg := &config.Config{Name: "cms-a"}
	cfg.Backup.Directory = "/var/lib/twin/backups"
	denied := func(path string) error {
		return fmt.Errorf("x: %w", &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission})
	}
	none := t.TempDir()
	for name, c := range map[string]struct {
		wish restoreWish
		err  error
		code cli.Code
		hint string
	}{
		"nothing":                      {restoreWish{}, nil, cli.OK, ""},
		"a copy that root alone reads": {restoreWish{directory: "/srv/back/"}, denied("/srv/back/x/manifest"), cli.Usage, "chown -R ME /srv/back/, as root"},
		"backup.directory":             {restoreWish{to: "/srv/to"}, denied("/var/lib/twin/backups"), cli.Usage, "chown -R ME /var/lib/twin/backups, as root"},
		"where it goes":                {restoreWish{directory: "/srv/back", to: "/srv/back2/to"}, denied("/srv/back2/to"), cli.Usage, "another directory for --to, below one into which user ME may write"},
		"the data":                     {restoreWish{swap: true}, denied("/var/lib/twin/restoring"), cli.Usage, ""},
		"damage":                       {restoreWish{directory: "/srv/back"}, backup.ErrDamaged, cli.Untrusted, "twinctl backup list --from /srv/back, for another one"},
		"damage, here":                 {restoreWish{}, backup.ErrDamaged, cli.Untrusted, "twinctl backup list, for another one"},
		"no backup":                    {restoreWish{directory: none}, backup.ErrNoBackup, cli.Usage, "name the directory in which they lie side by side"},
		"no backup, here":              {restoreWish{}, backup.ErrNoBackup, cli.Usage, "twinctl backup list"},
		"of another":                   {restoreWish{directory: none}, backup.ErrForeign, cli.Refused, "the same with --foreign, if this machine is to become that server"},
	} {
		t.Run(name, func(t *testing.T) {
			err := restore{cfg: cfg, restoreWish: c.wish}.hindered(c.err)
			hint := strings.ReplaceAll(c.hint, "ME", app.Me())
			if !errors.Is(err, c.err) || cli.Hint(err) != hint || err != nil && cli.Verdict(err) != c.code {
				t.Errorf("%v: %d, %q, want %q", err, cli.Verdict(err), cli.Hint(err), hint)
			}
		})
	}
}
