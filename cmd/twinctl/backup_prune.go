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
)

func backupPruneCommand() cli.Command {
	var p backup.Policy
	var dryRun bool
	return cli.Command{
		Name:  "prune",
		Short: "delete old backups",
		Long: `Keeps what the policy says, and deletes the rest; the words mean what they mean to restic. --keep-daily 7 keeps the newest backup of each of the seven newest days that have one, by this machine's clocks, and while there are fewer the oldest too. -1 keeps all.

Whatever the policy, these stay: what a kept backup goes on from, the newest chain that a drill has proven (or the newest, if none was), what has a time to come, what cannot be read, and backups of other servers.`,
		Examples: []cli.Example{
			{Line: "twinctl backup prune --keep-daily 14 --keep-monthly 12 --dry-run", Why: "what would stay, and why? Status 3 if anything would go"},
			{Line: "twinctl backup prune --keep-within 720h --yes", Why: "thirty days back from the newest"},
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
			f.DurationVar(&p.Within, "keep-within", 0, "keep all of a `DURATION` before the newest, as 720h")
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
			verdicts, err := s.retained(ctx, p)
			if err != nil {
				return err
			}
			return s.prune(ctx, call, verdicts, dryRun)
		}),
	}
}

// retained decides on this server's backups.
func (s *site) retained(ctx context.Context, p backup.Policy) ([]backup.Verdict, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	sets, err := s.keeper().Sets(ctx)
	if err != nil {
		return nil, err
	}
	proven, err := s.data.Node.ProvenBackups(ctx)
	if err != nil {
		return nil, err
	}
	return backup.Retain(backup.Of(sets, self.Server, self.Name), p, backup.Circumstance{Now: time.Now(), Zone: time.Local, Proven: proven})
}

// A pruned is what becomes of a backup.
type pruned struct {
	Name    string   `json:"name"`
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
	Bytes   int64    `json:"bytes"`
}

// prune shows what becomes of each backup, and deletes what is not kept.
func (s *site) prune(ctx context.Context, call *cli.Call, verdicts []backup.Verdict, dryRun bool) error {
	rows, going := []pruned{}, []string{}
	t := cli.Table{Columns: []cli.Column{{Name: "name"}, {Name: "becomes"}, {Name: "reasons", Maybe: true}}}
	for _, v := range verdicts {
		r, becomes := pruned{v.Set.Title(), v.Keep, append([]string{}, v.Reasons...), v.Set.Bytes()}, "kept"
		if !v.Keep {
			becomes = "deleted"
			going = append(going, r.Name)
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
	k := s.keeper()
	for _, name := range slices.Backward(going) { // what goes on from another goes first
		if err := errors.Join(k.At.Delete(ctx, name), s.data.Node.ForgetBackup(context.WithoutCancel(ctx), name, app.Actor())); err != nil {
			return err
		}
	}
	left, err := k.At.Sets(ctx)
	if err != nil {
		return cli.Fail(cli.Unknown, err, "twinctl backup list")
	}
	for _, name := range going {
		if slices.Contains(left, name) {
			return fmt.Errorf("%s is still there", name)
		}
	}
	return nil
}
