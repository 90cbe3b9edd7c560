package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/inert"
)

func backupCommand() cli.Command {
	return cli.Command{
		Name:  "backup",
		Short: "keep copies of what this server holds, and prove that they come back",
		Long: `A backup is a directory of files below backup.directory of twin.toml: the history, the administration data, this server's identity, twin.toml and the pinned host keys, and a manifest with the hash of each. No private key is in it. ` +
			`Its name tells the server, when it was made (UTC), its number and its kind.

A full backup holds all of it. An incremental one holds what changed since the one before, and needs that one; what it costs is a day, not the history. Both are read back before they are called good, and twind may run.`,
		Examples: []cli.Example{
			{Line: "twinctl backup full", Why: "once a week"},
			{Line: "twinctl backup incremental", Why: "each day between"},
			{Line: "twinctl backup drill", Why: "does the newest come back? Restores it to scratch and reads all of it"},
			{Line: "twinctl backup restore --at yesterday --to /srv/yesterday", Why: "what was there yesterday"},
		},
		Sub: []cli.Command{
			backupMakeCommand(backup.Full), backupMakeCommand(backup.Incremental), backupListCommand(), backupVerifyCommand(),
			backupPruneCommand(), backupRestoreCommand(), backupDrillCommand(),
		},
	}
}

// A backupRow is a backup as programs read it.
type backupRow struct {
	Name     string     `json:"name"`
	Kind     string     `json:"kind"`
	Number   int64      `json:"number"`
	Server   string     `json:"server"` // its name
	At       time.Time  `json:"at"`
	Bytes    int64      `json:"bytes"`
	Records  int64      `json:"records"` // of all feeds, in the whole chain
	Parent   string     `json:"parent,omitempty"`
	ProvenAt *time.Time `json:"proven_at"` // by a drill, here
	Error    string     `json:"error,omitempty"`
}

func rowOf(s backup.Set) backupRow {
	r := backupRow{
		Name: s.Title(), Kind: string(s.Named.Kind), Number: s.Named.Number, Server: s.ServerName,
		At: s.When().Time().Truncate(time.Second), Bytes: s.Bytes(), Parent: s.Parent,
	}
	for _, f := range s.History.Feeds {
		r.Records += f.Records
	}
	if s.Err != nil {
		r.Error = s.Err.Error()
	}
	return r
}

func backupMakeCommand(kind backup.Kind) cli.Command {
	c := cli.Command{
		Name:  string(kind),
		Short: "make a full backup, and read it back",
		Long: `Copies the history page by page while it is collected; whoever writes meanwhile never waits. ` +
			`Then it is checked, packed, flushed and read back. Only then does it get its name; what is cut off leaves no backup.`,
		Examples: []cli.Example{{Line: "twinctl backup full", Why: "prints the new backup's name"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted, cli.Busy},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			made, err := app.MakeBackup(ctx, s.Config, s.data, kind)
			if err != nil {
				return err
			}
			if call.Format == cli.JSON {
				return call.Show(cli.View{Document: rowOf(made)})
			}
			_, err = fmt.Fprintf(call.Out, "%s\n%s, verified\n", made.Title(), sized(made.Bytes()))
			return err
		}),
	}
	if kind == backup.Incremental {
		c.Short = "back up what changed since the last backup"
		c.Long = `Holds the records that came since the last backup of this server, the days whose counts changed, coverage and gaps, and the two small databases. ` +
			`It goes on from that backup and needs it to be restored. Where there is none to go on from, it says so and exits 4: a full one is needed.`
		c.Examples = []cli.Example{{Line: "twinctl backup incremental", Why: "prints the new backup's name"}}
	}
	return c
}

// sized writes a number of bytes for people.
func sized(n int64) string {
	const unit = 1024
	size, units := float64(n), []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	for size >= unit && len(units) > 1 {
		size, units = size/unit, units[1:]
	}
	if units[0] == "bytes" {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", size, units[0])
}

// keeper returns who keeps this server's backups.
func (s *site) keeper() backup.Keeper { return app.Backups(s.Config) }

func backupListCommand() cli.Command {
	return cli.Command{
		Name:  "list",
		Short: "list the backups, the oldest first",
		Long: `Reads the manifests. PROVEN is when a drill here last restored that backup and found all of it. ` +
			`A manifest that cannot be trusted stands there with the reason, and the exit status is 6.`,
		Examples: []cli.Example{{Line: "twinctl backup list", Why: "those that can be restored"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			sets, err := s.keeper().Sets(ctx)
			if err != nil {
				return err
			}
			proven, err := s.data.Node.ProvenBackups(ctx)
			if err != nil {
				return err
			}
			rows, wrong := []backupRow{}, error(nil)
			for _, set := range sets {
				r := rowOf(set)
				if at, ok := proven[r.Name]; ok {
					t := at.Time().Truncate(time.Second)
					r.ProvenAt = &t
				}
				if set.Err != nil {
					wrong = fmt.Errorf("%s: %w", set.Title(), set.Err)
				}
				rows = append(rows, r)
			}
			if err := showBackups(call, rows); err != nil {
				return err
			}
			return wrong
		}),
	}
}

func showBackups(call *cli.Call, rows []backupRow) error {
	t := cli.Table{Columns: []cli.Column{
		{Name: "name"}, {Name: "bytes", Number: true}, {Name: "records", Number: true}, {Name: "proven_at", Maybe: true}, {Name: "error", Maybe: true},
	}}
	for _, r := range rows {
		at := ""
		if r.ProvenAt != nil {
			at = r.ProvenAt.Format(time.RFC3339)
		}
		t.Add(r.Name, number(r.Bytes), number(r.Records), at, r.Error)
	}
	if call.Format == cli.Text && len(rows) == 0 {
		_, err := fmt.Fprintln(call.Out, "there is no backup yet")
		return err
	}
	return call.Show(cli.View{
		Document: struct {
			Backups []backupRow `json:"backups"`
		}{rows},
		Lines: cli.Each(rows),
		Table: t,
	})
}

func backupVerifyCommand() cli.Command {
	return cli.Command{
		Name:  "verify",
		Args:  "[NAME...]",
		Short: "hold every byte of backups against their hashes",
		Long: `Reads each file of the backups that are named, or of all, and holds it against its hash, and what a backup goes on from against what it says of it. ` +
			`Whether it comes back, a drill proves.`,
		Examples: []cli.Example{{Line: "twinctl backup verify", Why: "all of them; exits 6 if a byte is not what was written"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeBackups},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			k := s.keeper()
			sets, err := k.Sets(ctx)
			if err != nil {
				return err
			}
			names := call.Args
			if len(names) == 0 {
				for _, set := range sets {
					names = append(names, set.Title())
				}
			}
			type verdict struct {
				Name  string `json:"name"`
				Sound bool   `json:"sound"`
				Error string `json:"error,omitempty"`
			}
			all, wrong := []verdict{}, error(nil)
			t := cli.Table{Columns: []cli.Column{{Name: "name"}, {Name: "verdict"}}}
			for _, name := range names {
				v, said := verdict{Name: name, Sound: true}, "sound"
				if err := k.Verify(ctx, name); err != nil {
					v.Sound, v.Error, said = false, err.Error(), strings.TrimPrefix(err.Error(), name+": ")
					wrong = err
				}
				all = append(all, v)
				t.Add(name, said)
			}
			err = call.Show(cli.View{Document: struct {
				Backups []verdict `json:"backups"`
			}{all}, Table: t})
			if err != nil {
				return err
			}
			return wrong
		}),
	}
}

// completeBackups offers the names of the backups.
func completeBackups(ctx context.Context, call *cli.Call) []string {
	cfg, err := app.Configure(call)
	if err != nil {
		return nil
	}
	names, err := app.Backups(cfg).At.Sets(ctx)
	if err != nil {
		return nil
	}
	for i := range names {
		names[i] = inert.Text(names[i])
	}
	return names
}
