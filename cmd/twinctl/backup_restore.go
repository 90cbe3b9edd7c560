package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// A restoreWish is what somebody wants back, and where.
type restoreWish struct {
	id, at, to, directory         string
	swap, resume, foreign, dryRun bool
}

func backupRestoreCommand() cli.Command {
	var w restoreWish
	return cli.Command{
		Name:  "restore",
		Short: "bring back what a backup holds",
		Long: `Shows what it will do, and does it: with --to it makes a directory with the three databases, twin.toml and the pinned host keys as they were; each file is held against its hash, and all of it against what the manifest says. ` +
			`--dry-run stops after showing it.

With --swap the restored databases take the places of this server's own, which are kept beside them. Twind must be stopped. ` +
			`What such a server holds is older than what its twin has seen: it is held, and neither syncs nor runs what only the primary runs, until it rejoins. Pinned host keys are put back only where there are none, and twin.toml is not. Cut off, it goes on with --resume.`,
		Examples: []cli.Example{
			{Line: "twinctl backup restore --dry-run --to /srv/back", Why: "what would be restored from what, and is there room?"},
			{Line: "twinctl backup restore --at 2026-11-20T18:00 --to /srv/back", Why: "the newest backup that was made by then"},
			{Line: "twinctl backup restore --swap", Why: "put the newest in the place of what is there"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted, cli.Halted, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--id": completeBackups},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&w.id, "id", "", "the backup of this `NAME`")
			f.StringVar(&w.at, "at", "", "the newest that is not later than this `TIME`: "+whenWords)
			f.StringVar(&w.to, "to", "", "make this `DIRECTORY`, which must not exist")
			f.StringVar(&w.directory, "from", "", "look for backups in this `DIRECTORY`, not in backup.directory")
			f.BoolVar(&w.swap, "swap", false, "put the files in the places of this server's own, which are kept")
			f.BoolVar(&w.resume, "resume", false, "go on with a --swap that was cut off")
			f.BoolVar(&w.foreign, "foreign", false, "take the backup of another server")
			f.BoolVar(&w.dryRun, "dry-run", false, "show what would be done, and do nothing")
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			cfg, err := app.Configure(call)
			if err != nil {
				return err
			}
			if err := app.BecomeOwner(cfg.Data); err != nil {
				return err
			}
			r := restore{call, cfg, w}
			switch {
			case w.resume && (w.swap || w.to != "" || w.id != "" || w.at != ""):
				return cli.Fail(cli.Usage, errors.New("--resume goes alone"), "twinctl help backup restore")
			case w.resume:
				return r.goOn(ctx)
			case w.swap == (w.to != ""):
				return cli.Fail(cli.Usage, errors.New("where to? Want either --to DIRECTORY or --swap"), "twinctl help backup restore")
			case w.id != "" && w.at != "":
				return cli.Fail(cli.Usage, errors.New("--id and --at name two backups"), "twinctl backup list")
			}
			return r.run(ctx)
		},
	}
}

// A restore is one that is asked for.
type restore struct {
	call *cli.Call
	cfg  *config.Config
	restoreWish
}

// A restorePlan is what will be done, as programs read it.
type restorePlan struct {
	Backup string      `json:"backup"`
	Server string      `json:"server"`
	At     time.Time   `json:"at"`
	Chain  []backupRow `json:"chain"` // in the order in which they are laid on each other
	To     string      `json:"to"`
	Bytes  int64       `json:"bytes"` // that it takes there
	Free   int64       `json:"free"`
	Swap   bool        `json:"swap"`
	Keep   string      `json:"keep,omitempty"` // where the files go that are replaced
	Done   bool        `json:"done"`
}

func (r restore) run(ctx context.Context) error {
	keeper, err := r.keeper()
	if err != nil {
		return err
	}
	if r.swap {
		held, err := r.idle()
		if err != nil {
			return err
		}
		defer held.Close() //nolint:errcheck // the process ends
		if _, err := backup.Swapping(r.cfg.Data); !errors.Is(err, fs.ErrNotExist) {
			return cli.Fail(cli.Halted, errors.New("an earlier restore was cut off"), "twinctl backup restore --resume")
		}
		if err := os.RemoveAll(app.Restoring(r.cfg.Data)); err != nil { // of one that got less far
			return err
		}
	}
	seen, wish, err := r.wish(ctx)
	if err != nil {
		return err
	}
	plan, err := keeper.Plan(ctx, wish)
	if err != nil {
		return r.hindered(err)
	}
	doc := r.describe(plan)
	if err := r.show(doc); err != nil || r.dryRun {
		return err
	}
	if r.swap {
		if err := confirm(r.call, "Put these files in the places of those of "+r.cfg.Name+"?"); err != nil {
			return err
		}
	}
	if err := keeper.Build(ctx, plan); err != nil {
		return r.hindered(err)
	}
	if err := plan.Hold(ctx, app.Actor(), seen); err != nil {
		return err
	}
	if r.swap {
		swap := backup.Swap{Data: r.cfg.Data, From: plan.To, Keep: doc.Keep}
		return r.put(ctx, swap, doc)
	}
	return r.tell(doc, "restored to "+plan.To)
}

// idle takes the data directory in the place of twind.
func (r restore) idle() (io.Closer, error) {
	if err := os.MkdirAll(r.cfg.Data, 0o700); err != nil {
		return nil, app.Denied(err)
	}
	held, err := app.LockIdle(r.cfg.Data)
	if errors.Is(err, app.ErrRunning) {
		err = cli.Fail(cli.Refused, fmt.Errorf("%w: nothing was changed", err), "systemctl stop twind, and then the same again")
	}
	return held, err
}

// wish says what is to be restored, and which epoch this server has seen. Its
// own node.db tells who it is, if it can be read.
func (r restore) wish(ctx context.Context) (seen int64, w backup.Wish, err error) {
	w = backup.Wish{ID: r.id, Name: r.cfg.Name, Foreign: r.foreign, To: app.Restoring(r.cfg.Data)}
	if !r.swap {
		if w.To, err = filepath.Abs(r.to); err != nil {
			return 0, w, err
		}
	}
	if r.at != "" {
		if w.At, err = when(r.at, time.Now(), time.Local); err != nil {
			return 0, w, cli.Fail(cli.Usage, fmt.Errorf("--at: %w", err), "twinctl backup list")
		}
	}
	path := filepath.Join(r.cfg.Data, node.File)
	if _, err := os.Stat(path); err != nil {
		return 0, w, nil // a server that has lost it, or a new machine
	}
	n, err := node.Open(ctx, path, store.Use)
	if err != nil {
		fmt.Fprintf(r.call.Err, "note: %s\n", inert.Text(err.Error()))
		return 0, w, nil
	}
	defer n.Close() //nolint:errcheck // only read
	self, err := n.Self(ctx)
	if err != nil && !errors.Is(err, node.ErrNotInitialized) {
		return 0, w, err
	}
	w.Server = self.Server
	return self.EpochSeen, w, nil
}

func (r restore) describe(p backup.Plan) restorePlan {
	last := p.Last()
	d := restorePlan{
		Backup: last.Title(), Server: last.ServerName, At: last.At.Time().Truncate(time.Second),
		To: p.To, Bytes: p.Bytes, Free: p.Free, Swap: r.swap,
	}
	for _, s := range p.Chain {
		d.Chain = append(d.Chain, rowOf(s))
	}
	if r.swap {
		d.To, d.Keep = r.cfg.Data, app.Kept(time.Now())
	}
	return d
}

// show shows people what will be done. Programs are told once it is done.
func (r restore) show(d restorePlan) error {
	if r.call.Format == cli.JSON {
		if r.dryRun {
			return r.call.Show(cli.View{Document: d})
		}
		return nil
	}
	out := r.call.Err
	if r.dryRun {
		out = r.call.Out
	}
	fmt.Fprintf(out, "%s as it was at %s, in %s: %s, %s free\n", inert.Text(d.Server), d.At.Format(time.RFC3339), inert.Text(d.To), sized(d.Bytes), sized(d.Free))
	for i, b := range d.Chain {
		fmt.Fprintf(out, "%3d. %s  %s\n", i+1, inert.Text(b.Name), sized(b.Bytes))
	}
	if d.Swap {
		fmt.Fprintf(out, "%3d. move history.db, admin.db and node.db to %s, and put the restored ones in their places\n", len(d.Chain)+1, inert.Text(filepath.Join(d.To, d.Keep)))
		fmt.Fprintf(out, "%3d. hold this server until it rejoins its twin\n", len(d.Chain)+2)
	}
	return nil
}

func (r restore) tell(d restorePlan, said string) error {
	d.Done = true
	if r.call.Format == cli.JSON {
		return r.call.Show(cli.View{Document: d})
	}
	_, err := fmt.Fprintln(r.call.Out, inert.Text(said))
	return err
}

// put puts restored files in their places, and reads back who this server is.
func (r restore) put(ctx context.Context, s backup.Swap, d restorePlan) error {
	if err := r.hosts(s.From); err != nil {
		return cli.Fail(cli.Halted, err, "twinctl backup restore --resume")
	}
	if err := s.Run(); err != nil {
		return cli.Fail(cli.Halted, err, "twinctl backup restore --resume")
	}
	data, err := app.OpenData(ctx, r.cfg.Data, store.Migrate)
	if err != nil {
		return cli.Fail(cli.Unknown, fmt.Errorf("read back: %w", err), "twinctl status")
	}
	defer data.Close() //nolint:errcheck // only read
	self, err := data.Node.Self(ctx)
	if err != nil {
		return cli.Fail(cli.Unknown, fmt.Errorf("read back: %w", err), "twinctl status")
	}
	if self.Name != r.cfg.Name {
		fmt.Fprintf(r.call.Err, "note: these are the files of %s, and %s says %s\n", inert.Text(self.Name), inert.Text(r.cfg.File), inert.Text(r.cfg.Name))
	}
	return r.tell(d, fmt.Sprintf("restored; what was there is in %s. Until it rejoins its twin, %s neither syncs nor runs what only the primary runs",
		filepath.Join(r.cfg.Data, s.Keep), self.Name))
}

// hosts puts the restored pins of host keys where this server has none, as on a
// new machine. Those that are there are newer, and stay.
func (r restore) hosts(from string) error {
	text, err := os.ReadFile(filepath.Join(from, "known_hosts"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	path := r.cfg.Twin.KnownHosts
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return app.Denied(err)
	}
	if err := os.WriteFile(path+".restoring", text, 0o600); err != nil { //nolint:gosec // the file that twin.toml names
		return app.Denied(err)
	}
	return os.Rename(path+".restoring", path)
}

// goOn finishes a swap that was cut off.
func (r restore) goOn(ctx context.Context) error {
	held, err := r.idle()
	if err != nil {
		return err
	}
	defer held.Close() //nolint:errcheck // the process ends
	s, err := backup.Swapping(r.cfg.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return cli.Fail(cli.Refused, errors.New("no restore was cut off: nothing was changed"), "")
	}
	if err != nil {
		return err
	}
	return r.put(ctx, s, restorePlan{To: r.cfg.Data, Swap: true, Keep: s.Keep})
}
