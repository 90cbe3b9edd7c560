package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func backupPruneCommand() cli.Command {
	var p backup.Policy
	var dryRun bool
	return cli.Command{
		Name:  "prune",
		Short: "delete old backups",
		Long: `Keeps what the policy says, and deletes the rest; the words mean what they mean to restic, but for --keep-within, which takes days or hours. --keep-daily 7 keeps the newest backup of each of the seven newest days that have one, by this machine's clocks, and while there are fewer the oldest too. -1 keeps all.

Whatever the policy, these stay: what a kept backup goes on from, the newest chain that a drill has proven (or the newest, if none was), what has a time to come, what cannot be read or restored, and backups of other servers.

What the twin has sent here is decided on by the same policy, for itself.`,
		Examples: []cli.Example{
			{Line: "twinctl backup prune --keep-daily 14 --keep-monthly 12 --dry-run", Why: "what would stay, and why? Status 3 if anything would go"},
			{Line: "twinctl backup prune --keep-within 30d --yes", Why: "thirty days back from the newest"},
		},
		Exits:   []cli.Code{cli.Differs, cli.Refused, cli.Untrusted, cli.Busy},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.IntVar(&p.Last, "keep-last", 0, "keep the `N` newest")
			f.IntVar(&p.Hourly, "keep-hourly", 0, "keep the newest of each of `N` hours")
			f.IntVar(&p.Daily, "keep-daily", 0, "keep the newest of each of `N` days")
			f.IntVar(&p.Weekly, "keep-weekly", 0, "keep the newest of each of `N` weeks")
			f.IntVar(&p.Monthly, "keep-monthly", 0, "keep the newest of each of `N` months")
			f.IntVar(&p.Yearly, "keep-yearly", 0, "keep the newest of each of `N` years")
			f.Var((*keepWithin)(&p.Within), "keep-within", "keep all that are at most so `LONG` older than the newest, as 30d or 24h; m, minutes to some and months to restic, is refused")
			f.BoolVar(&dryRun, "dry-run", false, "show what would be kept and deleted, and delete nothing; status 3 if anything would be")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if err := p.Check(); err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help backup prune")
			}
			held, err := app.LockBackup(s.Data)
			if err != nil {
				return err
			}
			defer held.Close() //nolint:errcheck // the process ends
			own, err := s.retained(ctx, p)
			if err != nil {
				return err
			}
			received, err := s.received(ctx, p)
			if err != nil {
				return err
			}
			return s.prune(ctx, call, append(own, received...), dryRun)
		}),
	}
}

// A doomed is a backup on which was decided, where it lies.
type doomed struct {
	backup.Verdict
	at  backup.Directory
	own bool
}

// retained decides on this server's backups.
func (s *site) retained(ctx context.Context, p backup.Policy) ([]doomed, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	proven, err := s.data.Node.ProvenBackups(ctx)
	if err != nil {
		return nil, err
	}
	d := doomed{at: backup.Directory(s.Config.Backup.Directory), own: true}
	return d.decide(ctx, p, func(sets []backup.Set) ([]backup.Set, map[string]record.Instant) {
		return backup.Of(sets, self.Server, self.Name), proven
	})
}

// received decides on those of the twin, and removes what was coming in and was
// cut, unless it goes on just now.
func (s *site) received(ctx context.Context, p backup.Policy) ([]doomed, error) {
	have, err := s.data.Node.Pair(ctx)
	if err != nil || have == nil {
		return nil, err
	}
	in := app.Incoming(s.Config, *have)
	if err := in.Sweep(ctx); err != nil && !errors.Is(err, backup.ErrBusy) {
		return nil, err
	}
	return doomed{at: backup.Directory(in.Dir)}.decide(ctx, p, func(sets []backup.Set) ([]backup.Set, map[string]record.Instant) {
		return backup.Of(sets, have.Server, have.Name), nil
	})
}

func (d doomed) decide(ctx context.Context, p backup.Policy, whose func([]backup.Set) ([]backup.Set, map[string]record.Instant)) ([]doomed, error) {
	sets, err := backup.Keeper{At: d.at}.Sets(ctx)
	if err != nil {
		return nil, err
	}
	sets, proven := whose(sets)
	verdicts, err := backup.Retain(sets, p, backup.Circumstance{Now: time.Now(), Zone: time.Local, Proven: proven})
	all := make([]doomed, len(verdicts))
	for i, v := range verdicts {
		all[i] = doomed{v, d.at, d.own}
	}
	return all, err
}

// A pruned is what becomes of a backup.
type pruned struct {
	Name    string   `json:"name"`
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
	Bytes   int64    `json:"bytes"`
}

// prune shows what becomes of each backup, and deletes what is not kept.
func (s *site) prune(ctx context.Context, call *cli.Call, verdicts []doomed, dryRun bool) error {
	rows, going := []pruned{}, []doomed{}
	t := cli.Table{Columns: []cli.Column{{Name: "name"}, {Name: "becomes"}, {Name: "reasons", Maybe: true}}}
	for _, v := range verdicts {
		r, becomes := pruned{v.Set.Title(), v.Keep, append([]string{}, v.Reasons...), v.Set.Bytes()}, "kept"
		if !v.Keep {
			becomes = "deleted"
			going = append(going, v)
		}
		rows = append(rows, r)
		t.Add(r.Name, becomes, strings.Join(v.Reasons, ", "))
	}
	err := call.Show(cli.View{Document: struct {
		Zone    string   `json:"zone"` // whose days they are
		Backups []pruned `json:"backups"`
	}{time.Local.String(), rows}, Table: t})
	if err != nil || len(going) == 0 {
		return err
	}
	if dryRun {
		return cli.Fail(cli.Differs, nil, "")
	}
	if err := confirm(call, fmt.Sprintf("Delete %s for good?", app.Counted(len(going), "backup"))); err != nil {
		return err
	}
	for _, v := range slices.Backward(going) { // what goes on from another goes first
		if err := s.remove(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes a backup, and makes sure that it is gone.
func (s *site) remove(ctx context.Context, v doomed) error {
	name := v.Set.Title()
	err := v.at.Delete(ctx, name)
	if v.own {
		err = errors.Join(err, s.data.Node.ForgetBackup(context.WithoutCancel(ctx), name, s.actor()))
	} else {
		err = errors.Join(err, s.data.Node.Audit(context.WithoutCancel(ctx), node.Act{Actor: s.actor(), Verb: "backup.prune", Target: name}))
	}
	if err != nil {
		return err
	}
	left, err := v.at.Sets(ctx)
	if err != nil {
		return cli.Fail(cli.Unknown, err, "twinctl backup list")
	}
	if slices.Contains(left, name) {
		return fmt.Errorf("%s is still there", name)
	}
	return nil
}

// A keepWithin is a length as --keep-within takes it.
type keepWithin time.Duration

// Set reads days or hours. Minutes are refused: the same letter means months to
// restic, and who means those must not lose what is older than an hour.
func (k *keepWithin) Set(text string) error {
	d, err := length(text)
	if err != nil || strings.Contains(text, "m") {
		return errors.New("want days or hours, as 30d or 24h; m could be minutes, or months")
	}
	*k = keepWithin(d)
	return nil
}

// String writes it so that Set reads it; "" is none.
func (k *keepWithin) String() string {
	if *k == 0 {
		return ""
	}
	return lengthText(time.Duration(*k))
}

// Type implements the interface of flags.
func (k *keepWithin) Type() string { return "length" }
