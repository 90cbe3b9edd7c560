package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// Backups returns who keeps this server's backups.
func Backups(cfg *config.Config) backup.Keeper {
	return backup.Keeper{At: backup.Directory(cfg.Backup.Directory), Work: cfg.Backup.Directory}
}

// MakeBackup makes one, under the lock of backups, and notes it. With second it
// is also sent to the twin, if there is one: unsent is why that failed. The
// backup is good all the same.
func MakeBackup(ctx context.Context, cfg *config.Config, data *Data, want Making) (made backup.Set, sent Sent, err error) {
	held, err := LockBackup(data.Dir)
	if err != nil {
		return made, sent, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	if made, err = makeBackup(ctx, cfg, data, want.Kind); err == nil && want.Second {
		sent = sendBackups(ctx, cfg, data)
	}
	return made, sent, err
}

// A Making is a backup that is to be made.
type Making struct {
	Kind   backup.Kind
	Second bool // and sent to the twin
}

func makeBackup(ctx context.Context, cfg *config.Config, data *Data, kind backup.Kind) (made backup.Set, err error) {
	if kind == backup.Full {
		if err := roomFor(data.Dir, cfg.Backup.Directory); err != nil {
			return made, err
		}
	}
	made, err = Backups(cfg).Make(ctx, kind, backup.Source{
		History: data.History, Admin: data.Admin, Node: data.Node, Version: Version(), Actor: Actor(),
		Beside: []backup.Beside{{Name: "twin.toml", Path: cfg.File}, {Name: "known_hosts", Path: cfg.Twin.KnownHosts}},
	})
	if err != nil {
		return made, err
	}
	// From here on the backup is there: that it cannot be noted is told.
	beside, err := sameDisk(data.Dir, cfg.Backup.Directory)
	if err != nil {
		return made, err
	}
	return made, data.Node.NoteBackup(context.WithoutCancel(ctx), node.Backup{
		Name: made.Title(), Number: made.Number, Kind: string(kind), At: made.At, Bytes: made.Bytes(),
		Place: cfg.Backup.Directory, Beside: beside,
	}, Actor())
}

// roomFor refuses a full backup that could fill a disk: it is copied first, and
// packed from there. What does not pack is as large again.
func roomFor(data, to string) error {
	need := int64(store.ReserveSize)
	for _, name := range []string{history.File, history.File + "-wal", admin.File, node.File} {
		if info, err := os.Stat(filepath.Join(data, name)); err == nil {
			need += 2 * info.Size()
		}
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return Denied(fmt.Errorf("backup directory: %w", err))
	}
	free, err := store.Free(to)
	if err == nil && free < need {
		err = fmt.Errorf("%w: a full backup can take %d MiB in %s, and %d are free; nothing was changed", backup.ErrNoRoom, need>>20, to, free>>20)
	}
	return err
}

// sameDisk tells whether two directories lie on one file system.
func sameDisk(a, b string) (bool, error) {
	var is [2]unix.Stat_t
	for i, dir := range []string{a, b} {
		if err := unix.Stat(dir, &is[i]); err != nil {
			return false, fmt.Errorf("disk of %s: %w", dir, err)
		}
	}
	return is[0].Dev == is[1].Dev, nil
}

// AdminOptions says how admin.db of a directory is opened.
func AdminOptions(dir string) admin.Options { return adminOptions(dir) }

// Kept is where the files that a restore replaces go, within the data directory.
func Kept(now time.Time) string { return "before-restore-" + now.UTC().Format("20060102T150405Z") }

// ErrHeld is returned by what a restored server does not do.
var ErrHeld = errors.New("this server was restored from a backup, and is held until it rejoins its twin")

const rejoinHint = "twinctl rejoin --dry-run"

// NotHeld refuses on a server that was restored, and has not rejoined: what it
// holds is older than what its twin has seen.
func NotHeld(ctx context.Context, n *node.DB) error {
	held, err := n.Held(ctx)
	if err == nil && held != nil {
		err = cli.Fail(cli.Refused, fmt.Errorf("%w: from %s", ErrHeld, held.Backup), rejoinHint)
	}
	return err
}

const backupOld = 8 * 24 * time.Hour // without a new one: a week, and a day's grace

// describeBackups says how backups of this server stand; nil if there never was one.
func describeBackups(ctx context.Context, n *node.DB) (*node.BackupDocument, error) {
	all, err := n.Backups(ctx)
	if err != nil {
		return nil, err
	}
	held, err := n.Held(ctx)
	if err != nil || all.Last == nil && held == nil {
		return nil, err
	}
	d := &node.BackupDocument{Apart: all.Apart}
	if b := all.Last; b != nil {
		d.Last, d.Kind, d.At, d.Bytes = b.Name, b.Kind, known(b.At), b.Bytes
		d.SentAt, d.Unsent = known(b.Sent), b.Unsent
	}
	if p := all.Proven; p != nil {
		d.Proven, d.ProvenAt = p.Backup, known(p.At)
	}
	if f := all.Failed; f != nil {
		d.Failed, d.FailedBecause = f.Backup, f.Text
	}
	if held != nil {
		d.Held, d.HeldSince = held.Backup, known(held.At)
	}
	return d, nil
}

// backupAlarms says what is wrong with the backups of this server.
func backupAlarms(all *concerns, d *node.BackupDocument, now time.Time) {
	if d == nil {
		return
	}
	if d.Held != "" {
		all.add(concern{code: "restored", severity: "error"},
			"restored from %s: neither syncs nor runs what only the primary runs until it rejoins its twin: twinctl rejoin", d.Held)
	}
	if d.Failed != "" {
		all.add(concern{code: "backup_unproven", of: d.Failed, severity: "error"}, "the last drill did not prove %s: %s", d.Failed, d.FailedBecause)
	}
	if d.Last == "" {
		return
	}
	if age := record.At(now).Sub(record.Instant(*d.At)); age > backupOld {
		all.add(concern{code: "backup_old", severity: "warning"}, "the last backup is %d days old", int(age.Hours()/24))
	}
	if d.Unsent != "" {
		all.add(concern{code: "backup_unsent", severity: "warning"}, "the last backup is not on the twin: %s: twinctl backup send", d.Unsent)
	}
	if !d.Apart {
		all.add(concern{code: "backup_beside", severity: "warning"}, "all backups lie on the disk of the data, and none on the twin: backup.directory in twin.toml, on another disk")
	}
}

// Restoring is the directory in which files are restored before they are put
// in the places of a server's own.
func Restoring(data string) string { return filepath.Join(data, "restoring") }
