package main

import (
	"context"
	"fmt"
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

Where the server has a twin, each is also sent there once it is good, unless backup.second in twin.toml is none. What is there can be neither read, overwritten nor deleted over the link, and lies below backup.directory of the twin in NAME.twin.

A full backup holds all of it. An incremental one holds what changed since the one before, and needs that one; what it costs is a day, not the history. Both are read back before they are called good, and twind may run.`,
		Examples: []cli.Example{
			{Line: "twinctl backup full", Why: "once a week"},
			{Line: "twinctl backup incremental", Why: "each day between"},
			{Line: "twinctl backup drill", Why: "does the newest come back? Restores it to scratch and reads all of it"},
			{Line: "twinctl backup list --twin", Why: "those that are on the twin too"},
			{Line: "twinctl backup restore --at yesterday --to /srv/yesterday", Why: "what was there yesterday"},
		},
		Sub: []cli.Command{
			backupMakeCommand(backup.Full), backupMakeCommand(backup.Incremental), backupSendCommand(), backupListCommand(), backupVerifyCommand(),
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
