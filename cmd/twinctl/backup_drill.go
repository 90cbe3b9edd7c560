package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/node"
)

func backupDrillCommand() cli.Command {
	var id, scratch string
	return cli.Command{
		Name:  "drill",
		Short: "prove that a backup comes back",
		Long: `Restores the newest backup, or one that is named, to a scratch directory and reads all of it: every file against its hash, each database's structure, each record against its digest, ` +
			`each five minutes against what was counted, each row of administration data against its hash, and both audits. Then it is removed. ` +
			"\n\n" + `Exit status 0: proven, and status says since when. 6: it is bad. 1: it could not be found out; that says nothing of the backup.`,
		Examples: []cli.Example{
			{Line: "twinctl backup drill", Why: "the newest"},
			{Line: "twinctl backup drill --scratch /srv/scratch", Why: "where there is more room"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted, cli.Busy},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--id": completeBackups},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&id, "id", "", "the backup of this `NAME`; left out: the newest of this server")
			f.StringVar(&scratch, "scratch", "", "restore below this `DIRECTORY`; left out: that of the backups")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			held, err := app.LockBackup(s.Data)
			if err != nil {
				return err
			}
			defer held.Close() //nolint:errcheck // the process ends
			r, err := s.drill(ctx, id, scratch)
			if err != nil {
				return err
			}
			if call.Format == cli.JSON {
				return call.Show(cli.View{Document: struct {
					Proven bool `json:"proven"`
					backup.Report
				}{true, r}})
			}
			_, err = fmt.Fprintf(call.Out, "%s is proven: restored from %s, %s; %s, %d rows of administration data, %d acts\n",
				r.Backup, app.Counted(len(r.Chain), "backup"), sized(r.Bytes), app.Counted(int(r.Records), "record"), r.Rows, r.Acts)
			return err
		}),
	}
}

// drill proves a backup and notes what came of it. That it could not be found
// out is noted nowhere: what was proven stays so.
func (s *site) drill(ctx context.Context, id, scratch string) (backup.Report, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return backup.Report{}, err
	}
	k := s.keeper()
	if err := backup.Sweep(s.Config.Backup.Directory, self.Name); err != nil {
		return backup.Report{}, err
	}
	if scratch == "" {
		scratch = s.Config.Backup.Directory
	}
	if scratch, err = filepath.Abs(scratch); err != nil {
		return backup.Report{}, err
	}
	wish := backup.Wish{ID: id, Server: self.Server, Name: self.Name, To: filepath.Join(scratch, backup.Scratch(self.Name, time.Now()))}
	plan, err := k.Plan(ctx, wish)
	if err != nil && !errors.Is(err, backup.ErrDamaged) {
		return backup.Report{}, undecided(err)
	}
	var r backup.Report
	if err == nil {
		r, err = k.Drill(ctx, plan, app.AdminOptions)
	}
	d := node.Drill{Backup: plan.Of, Proven: err == nil}
	switch {
	case errors.Is(err, backup.ErrDamaged):
		d.Text = err.Error()
	case err != nil:
		return r, undecided(err)
	}
	return r, errors.Join(err, s.data.Node.NoteDrill(context.WithoutCancel(ctx), d))
}

// undecided says of a drill that nothing was found out.
func undecided(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return cli.Fail(cli.Failed, fmt.Errorf("it could not be found out: %w", err), cli.Hint(err))
}
