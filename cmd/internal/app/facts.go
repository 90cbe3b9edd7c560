package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover/preflight"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

// errStarting is returned in a twind whose first heartbeat is yet to come.
var errStarting = errors.New("twind has only just started")

// A Witness gathers what this server tells of itself before a role is moved,
// from its files and what its twind says: in any process, and without twind too.
type Witness struct {
	Config *config.Config
	Data   *Data
	// Say says this server's word; Say(Config, Data) does in another process
	// than twind.
	Say func(context.Context) (exchange.Word, error)

	shelf *timetableShelf // of a process that asks often; may be nil
}

// Facts returns it; deep with what takes up to deepWithin to find out.
func (w Witness) Facts(ctx context.Context, deep bool) (preflight.Facts, error) {
	said, err := w.Say(ctx)
	if err != nil {
		return preflight.Facts{}, err
	}
	if said.Doc.Schema == 0 {
		return preflight.Facts{}, errStarting
	}
	f := preflight.Facts{
		At: record.At(time.Now()), Server: said.Server, Pair: said.Pair, Version: Version(), Zones: said.Zones,
		Process: preflight.Process{PID: said.Doc.PID, SilentS: said.Silent},
		Feeds:   feedFacts(said), Backup: backupFacts(said.Doc.Backups),
		Disk: w.disk(said.Doc.Store), Clock: clockFacts(said.Doc.Alarms), Boot: w.boot(),
	}
	if t := said.Doc.Timetables; t != nil {
		f.Timetables.Total, f.Timetables.Unreadable = t.Total, t.Unreadable
	}
	if said.Doc.Fill != nil {
		f.Filling = said.Doc.Fill.Feed
	}
	for _, problem := range head(w.Config.Hooks.Runnable().Problems(), preflight.MaxListed) {
		f.Hooks = append(f.Hooks, clip(problem))
	}
	for _, add := range []func(context.Context, *preflight.Facts, node.Document) error{w.standing, w.twin, w.runbook, w.rows, w.schemas, w.running} {
		if err := add(ctx, &f, said.Doc); err != nil {
			return preflight.Facts{}, err
		}
	}
	if deep {
		f.Deep = w.deep(ctx, &f)
	}
	return f, nil
}

// standing adds who this server is, and what keeps it from acting as that.
func (w Witness) standing(ctx context.Context, f *preflight.Facts, said node.Document) error {
	self, err := w.Data.Node.Self(ctx)
	if err != nil {
		return err
	}
	f.Name, f.Role, f.Epoch, f.Seen, f.Since = self.Name, self.Role, self.Epoch, self.EpochSeen, self.Since
	if self.Drains(f.At) {
		f.Drains = self.DrainingFor
	}
	restored, err := w.Data.Node.Held(ctx)
	if err != nil {
		return err
	}
	// That its role is being moved stands above, as it is now: what twind said a
	// second ago may be of a move that is over.
	if t := said.Timetables; t != nil && t.Held > 0 && t.Because != whyMoved {
		f.Held = clip(t.Because)
	}
	if restored != nil {
		f.Held, f.Backup.Restored = whyRestored, true
	}
	m, err := w.Data.Node.Maintenance(ctx)
	if m.Holds(f.At) {
		reason := clip(m.Reason)
		f.Maintenance = &reason
	}
	return err
}

// runbook adds the move of the role that is under way.
func (w Witness) runbook(ctx context.Context, f *preflight.Facts, _ node.Document) error {
	r, err := w.Data.Node.Runbook(ctx, "")
	if errors.Is(err, node.ErrNoRunbook) || err == nil && r.State != node.RunbookOpen {
		return nil
	}
	if err != nil {
		return err
	}
	f.Runbook = &preflight.Runbook{
		ID: r.ID, Intent: string(r.Intent), Actor: r.Actor, Runner: r.Runner, Begun: r.Started, Stale: r.Stale(f.At),
	}
	if n := len(r.Notes); n > 0 {
		f.Runbook.Step = r.Notes[n-1].Step
	}
	return nil
}

// twin adds the other server: as it was accepted, and as this one hears it.
func (w Witness) twin(ctx context.Context, f *preflight.Facts, said node.Document) error {
	notary := Notary{w.Config, w.Data.Node}
	if key, err := link.ReadPublicKey(w.Config.Twin.Identity); err == nil {
		f.Key = link.Fingerprint(key)
	}
	f.HostKey = notary.shownKey()
	have, err := w.Data.Node.Pair(ctx)
	if err != nil || have == nil {
		return err
	}
	f.Twin = preflight.Other{
		Server: have.Server, Name: have.Name, Key: link.Fingerprint(have.PublicKey), HostKey: link.Fingerprint(have.HostKey),
		State: string(exchange.Unknown),
	}
	if t := said.Twin; t != nil {
		f.Twin.State, f.Twin.Error, f.Twin.AheadMS = t.State, clip(t.Error), t.AheadMS
	}
	return nil
}

// shownKey returns the fingerprint of the key that this server shows to who logs
// in, "" if that cannot be told. It makes none.
func (n Notary) shownKey() string {
	if n.embedded() && n.Config.SSH.HostKeyPub == "" {
		if _, err := os.Stat(n.Config.SSH.HostKey); err != nil {
			return ""
		}
	}
	key, err := n.hostKey(n.Config.SSH.HostKeyPub)
	if err != nil {
		return ""
	}
	return link.Fingerprint(key)
}

func (w Witness) schemas(ctx context.Context, f *preflight.Facts, _ node.Document) (err error) {
	if f.Schemas.Node, err = w.Data.Node.SchemaVersion(ctx); err != nil {
		return err
	}
	if f.Schemas.Admin, err = w.Data.Admin.SchemaVersion(ctx); err != nil {
		return err
	}
	f.Schemas.History, err = w.Data.History.SchemaVersion(ctx)
	return err
}

// rows adds where the administration data stands: as it is now, and not as
// twind saw it last. Somebody may just have edited it.
func (w Witness) rows(ctx context.Context, f *preflight.Facts, said node.Document) error {
	is, err := w.Data.Admin.Summary(ctx)
	if err != nil {
		return err
	}
	f.Rows = preflight.Rows{
		Catalogue: admin.Catalogue, Generation: is.Generation, Base: is.BaseGeneration, Root: is.BaseRoot.String(), Edited: is.Pending,
	}
	if s := said.Sync; s != nil {
		f.Rows.State, f.Rows.Because = s.State, clip(s.Because)
		if s.CheckedAt != nil {
			f.Rows.Checked = record.Instant(*s.CheckedAt)
		}
	}
	return nil
}

func feedFacts(said exchange.Word) []preflight.Feed {
	settings := map[string]string{}
	for _, s := range said.Feeds {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q", s.Keys)) // which are written in order
		settings[s.Name] = hex.EncodeToString(sum[:8])
	}
	all := []preflight.Feed{}
	for _, d := range said.Doc.Feeds[:min(len(said.Doc.Feeds), preflight.MaxFeeds)] {
		f := preflight.Feed{
			Name: d.Name, State: d.State, Error: clip(d.Error), Incarnation: clip(d.Incarnation), Gaps: d.GapsOpen, Settings: settings[d.Name],
		}
		if d.LastRecordAt != nil {
			f.Last = record.Instant(*d.LastRecordAt)
		}
		if d.CoveredUntil != nil {
			f.Covered = record.Instant(*d.CoveredUntil)
		}
		all = append(all, f)
	}
	return all
}

func backupFacts(d *node.BackupDocument) preflight.Backup {
	if d == nil {
		return preflight.Backup{}
	}
	b := preflight.Backup{Failed: d.Failed, Because: clip(d.FailedBecause)}
	if d.At != nil {
		b.At = record.Instant(*d.At)
	}
	if d.ProvenAt != nil {
		b.Proven = record.Instant(*d.ProvenAt)
	}
	return b
}

// clip keeps a text within what the twin believes.
func clip(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), preflight.MaxText)], "")
}

// head returns the first of a list, at most so many.
func head[T any](list []T, most int) []T { return list[:min(len(list), most)] }
