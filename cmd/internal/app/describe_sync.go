package app

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/push"
)

// rows is where the rows of this server stand.
type rows struct {
	admin.Summary

	patient time.Duration // how long they may wait to be sent
}

func lookAtRows(ctx context.Context, db *admin.DB) (r rows, err error) {
	if r.Summary, err = db.Summary(ctx); err != nil {
		return r, err
	}
	hours, err := db.Setting(ctx, "unsent_alarm")
	if err != nil {
		return r, err
	}
	r.patient, err = time.ParseDuration(hours + "h")
	return r, err
}

// A rowGlance tells twind each second where its rows stand. It counts anew what
// waits only when something was changed: there may be much.
type rowGlance struct {
	db *admin.DB

	known rows
	read  bool
}

// rows is called by the heartbeat alone.
func (g *rowGlance) rows(ctx context.Context) (rows, error) {
	same := false
	err := g.db.Read(ctx, func(r *admin.Reading) error {
		generation, base, root, err := r.Base(ctx)
		if err != nil {
			return err
		}
		attempt, err := r.Attempt(ctx)
		same = g.read && generation == g.known.Generation && base == g.known.BaseGeneration && root == g.known.BaseRoot &&
			attempt == g.known.Attempt
		return err
	})
	if err != nil || same {
		return g.known, err
	}
	now, err := lookAtRows(ctx, g.db)
	if err == nil {
		g.known, g.read = now, true
	}
	return now, err
}

// describeSync tells how the administration data of the pair stands, by what
// the twin told of itself in the exchange; nil while this server is alone. dir is
// its data directory.
func describeSync(ctx context.Context, dir string, p partner, self node.Self, is doing) (*node.SyncDocument, error) {
	if p.pair == nil {
		return nil, nil //nolint:nilnil // there is nothing to tell
	}
	rows, err := is.rows(ctx)
	if err != nil {
		return nil, err
	}
	k := push.Known{
		Role: self.Role, Paired: true, Reached: is.twin.State == exchange.OK, Patient: rows.patient,
		Last: lastSync(dir, self.Role, rows.Attempt),
		Ours: admin.Position{
			Catalogue: admin.Catalogue, Generation: rows.Generation, BaseGeneration: rows.BaseGeneration,
			BaseRoot: rows.BaseRoot, Pending: rows.Pending, Rows: rows.Pending,
		},
	}
	if rows.PendingSince != 0 {
		k.Oldest = rows.PendingSince.Time()
	}
	if h, word := p.last(); word != nil && word.Doc.Sync != nil && !overtaken(self, h, word) {
		k.Their, k.Told, k.Since = word.Doc.Role, h.At.Time(), h.At.Time()
		k.Theirs = told(*word.Doc.Sync, k, rows.Summary)
	}
	return syncDocument(k, rows.Summary), nil
}

// overtaken tells whether the twin told a role before this server took it: what it
// is by now it has not said yet.
func overtaken(self node.Self, h *node.Heard, word *exchange.Word) bool {
	return word.Doc.Role == self.Role && h.At < self.Since
}

// lastSync returns what became of the last sync, nil if that is not worth a word.
// Only a primary syncs: what stands on a secondary is of the time when it was one.
func lastSync(dir string, role node.Role, a admin.Attempt) *push.Attempt {
	switch {
	case role != node.Primary:
		return nil
	case Syncing(dir):
		return &push.Attempt{Running: true}
	case a == (admin.Attempt{}):
		return nil
	}
	return &push.Attempt{Generation: a.Generation, Conflicts: int(a.Conflicts), Err: a.Err}
}

// told returns where the twin stands. What it told before the two agreed on
// something was overtaken by that.
func told(s node.SyncDocument, k push.Known, rows admin.Summary) *admin.Position {
	p := admin.Position{
		Catalogue: s.Base.Catalogue, Generation: s.Generation, BaseGeneration: s.Base.Generation, Pending: s.Base.Edited,
	}
	if root, err := hex.DecodeString(s.Base.Root); err == nil && len(root) == len(p.BaseRoot) {
		p.BaseRoot = admin.Root(root)
	}
	if k.Told.Before(rows.Agreed.Time()) {
		p.BaseGeneration, p.BaseRoot, p.Pending = rows.BaseGeneration, rows.BaseRoot, 0
	}
	return &p
}

func syncDocument(k push.Known, rows admin.Summary) *node.SyncDocument {
	s := push.StatusOf(k, time.Now())
	d := &node.SyncDocument{
		State: string(s.State), Word: s.Word, Command: s.Command, Because: s.Because,
		Generation: rows.Generation, Pending: s.Pending, Drift: s.Drift, Overdue: s.Alarm,
		Base: node.SyncPlace{
			Catalogue: admin.Catalogue, Generation: rows.BaseGeneration, Root: rows.BaseRoot.String(), Edited: rows.Pending,
		},
	}
	if k.Theirs != nil {
		at := rows.Agreed
		if k.Told.After(at.Time()) {
			at = record.At(k.Told)
		}
		d.CheckedAt = known(at)
	}
	return d
}

// syncAlarms says what about the administration data wants a person.
func syncAlarms(doc node.Document) concerns {
	var all concerns
	s := doc.Sync
	if s == nil || doc.Role != node.Primary {
		return nil
	}
	if s.Overdue {
		all.add(concern{code: "sync_overdue", severity: "warning"},
			"%s of administration data waited too long to be sent to %s, and would be lost with this server: twinctl sync",
			Counted(int(s.Pending), "row"), doc.Twin.Name)
	}
	if s.Drift > 0 {
		all.add(concern{code: "secondary_edited", severity: "warning"},
			"%s of administration data was edited on %s, the secondary: twinctl sync --dry-run", Counted(int(s.Drift), "row"), doc.Twin.Name)
	}
	return all
}
