package exchange

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

// What a word may hold: much of it goes into this server's own document, its
// alarms and its files.
const (
	maxText     = 16 << 10 // bytes of a text for people: an alarm may tell of a whole configuration
	maxShort    = 200      // bytes of what is a word or two
	maxFeeds    = 1000
	maxAlarms   = 1000
	maxSettings = 100     // of a feed
	maxCount    = 1 << 53 // of rows, of generations, and of bytes
	maxListed   = 100     // runs of timetables
)

// check tells whether the twin can have said this. Its error is for this
// server's own log: it tells whom the word should have come from.
func (w *Word) check(server, pair string) error {
	if w.Server != server || w.Pair != pair {
		return fmt.Errorf("%w: it is server %s of pair %s, and was paired as %s of %s",
			link.ErrRefused, brief(w.Server), brief(w.Pair), server, pair)
	}
	if err := w.sane(); err != nil {
		return fmt.Errorf("%w: %w", link.ErrProtocol, err)
	}
	return nil
}

// believe is check, and holds the epoch against what was seen here so far.
func (w *Word) believe(ctx context.Context, n *node.DB, server, pair string) error {
	if err := w.check(server, pair); err != nil {
		return err
	}
	self, err := n.Self(ctx)
	if err != nil {
		return err
	}
	if err := self.CheckEpoch(w.Doc.Epoch); err != nil {
		return fmt.Errorf("%w: %w", link.ErrProtocol, err)
	}
	return nil
}

// brief returns the beginning of a foreign text, harmless to look at.
func brief(s string) string { return inert.Text(s[:min(len(s), inert.MaxName)]) }

// sane tells whether everything in the word has its form and its bounds.
func (w *Word) sane() error {
	d := w.Doc
	if d.Epoch < 0 || d.Epoch > node.MaxTold {
		return fmt.Errorf("epoch %d", d.Epoch)
	}
	if len(w.Feeds) > maxFeeds || len(d.Feeds) > maxFeeds || len(d.Alarms) > maxAlarms {
		return fmt.Errorf("%d and %d feeds, %d alarms: too many", len(w.Feeds), len(d.Feeds), len(d.Alarms))
	}
	if err := names(d.Name); err != nil {
		return err
	}
	if err := short(w.Zones, d.Version, d.Store); err != nil {
		return err
	}
	if err := role(d.Role); err != nil {
		return err
	}
	for _, check := range []func() error{w.feeds, w.alarms, w.twin, w.sync, w.timetables, w.runs, w.maintenance, w.backups, w.people} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (w *Word) feeds() error {
	for _, s := range w.Feeds {
		if len(s.Keys) > maxSettings {
			return fmt.Errorf("a feed with %d settings", len(s.Keys))
		}
		if err := names(s.Name); err != nil {
			return err
		}
		if err := texts(slices.AppendSeq(slices.Collect(maps.Keys(s.Keys)), maps.Values(s.Keys))...); err != nil {
			return err
		}
	}
	for _, f := range w.Doc.Feeds {
		if err := names(f.Name); err != nil {
			return err
		}
		if err := errors.Join(short(f.Kind, f.State), texts(f.Address, f.Error, f.Incarnation)); err != nil {
			return err
		}
	}
	return nil
}

func (w *Word) alarms() error {
	for _, a := range w.Doc.Alarms {
		if err := errors.Join(short(a.Code, a.Severity), texts(a.Text)); err != nil {
			return err
		}
	}
	return w.ready()
}

// ready checks what it says of whether the role could be moved.
func (w *Word) ready() error {
	r := w.Doc.Ready
	if len(r.Because) > maxAlarms || len(r.Checks) > maxAlarms {
		return fmt.Errorf("%d reasons and %d checks: too many", len(r.Because), len(r.Checks))
	}
	for _, c := range r.Checks {
		if err := errors.Join(short(c.Name, c.Level), texts(c.Side, c.Compared, c.Fix)); err != nil {
			return err
		}
	}
	return texts(r.Because...)
}

// twin checks what it makes of us, and what it fills from us.
func (w *Word) twin() error {
	if f := w.Doc.Fill; f != nil {
		if err := names(f.Feed); err != nil {
			return err
		}
	}
	t := w.Doc.Twin
	if t == nil {
		return nil
	}
	if t.Role != nil {
		if err := role(*t.Role); err != nil {
			return err
		}
	}
	if t.Store != nil {
		if err := short(*t.Store); err != nil {
			return err
		}
	}
	return errors.Join(short(t.Name, t.State), texts(t.Error))
}

// maintenance checks its own, and what it knows of ours.
func (w *Word) maintenance() error {
	all := []*node.MaintenanceDocument{w.Doc.Maintenance}
	if w.Doc.Twin != nil {
		all = append(all, w.Doc.Twin.Maintenance)
	}
	for _, m := range all {
		if m == nil {
			continue
		}
		if err := errors.Join(texts(m.Reason), short(m.Actor)); err != nil {
			return err
		}
	}
	return nil
}

// people checks who is there, and who is here as far as it knows.
func (w *Word) people() error {
	all := []*node.PeopleDocument{w.Doc.People}
	if w.Doc.Twin != nil {
		all = append(all, w.Doc.Twin.People)
	}
	for _, p := range all {
		if p == nil {
			continue
		}
		if len(p.Sessions) > maxListed || p.Port != nil && (*p.Port < 0 || *p.Port > 1<<16-1) {
			return fmt.Errorf("%d sessions of people, or no port", len(p.Sessions))
		}
		for _, one := range p.Sessions {
			if err := errors.Join(names(one.Login), short(one.From, one.Verb)); err != nil {
				return err
			}
		}
	}
	return nil
}

// backups checks what it tells of its own.
func (w *Word) backups() error {
	b := w.Doc.Backups
	if b == nil {
		return nil
	}
	if b.Bytes < 0 || b.Bytes > maxCount {
		return fmt.Errorf("a backup of %d bytes", b.Bytes)
	}
	return errors.Join(names(b.Last, b.Proven, b.Failed, b.Held), short(b.Kind), texts(b.Unsent, b.FailedBecause))
}

func (w *Word) sync() error {
	s := w.Doc.Sync
	if s == nil {
		return nil
	}
	for _, n := range []int64{s.Generation, s.Pending, s.Drift, s.Base.Generation, s.Base.Edited, int64(s.Base.Catalogue)} {
		if n < 0 || n > maxCount {
			return fmt.Errorf("%d rows or generations", n)
		}
	}
	return short(s.State, s.Word, s.Command, s.Base.Root)
}

// timetables checks what it tells of those: each server tells for itself what
// of them it does.
func (w *Word) timetables() error {
	t := w.Doc.Timetables
	if t == nil {
		return nil
	}
	for _, n := range []int{t.Total, t.Unreadable, t.Armed, t.Paused, t.Held, t.Waiting} {
		if n < 0 || int64(n) > maxCount {
			return fmt.Errorf("%d timetables", n)
		}
	}
	if len(t.Running) > maxListed || len(t.Failed) > maxListed || len(t.Coming) > maxListed {
		return fmt.Errorf("%d runs that go on, %d that failed and %d to come: too many", len(t.Running), len(t.Failed), len(t.Coming))
	}
	named := []string{}
	for _, r := range t.Running {
		named = append(named, r.Timetable)
	}
	for _, r := range t.Coming {
		named = append(named, r.Timetable)
	}
	if t.Next != nil {
		named = append(named, t.Next.Timetable)
	}
	for _, r := range t.Failed {
		named = append(named, r.Timetable)
		if err := texts(r.Reason); err != nil {
			return err
		}
	}
	return errors.Join(names(named...), texts(t.Because))
}

// role believes the two that there are, and none: it may not be told yet.
func role(r node.Role) error {
	switch r {
	case "", node.Primary, node.Secondary:
		return nil
	}
	return fmt.Errorf("role %s", brief(string(r)))
}

// names believes only what may be a name. One that is not told is none.
func names(all ...string) error {
	for _, s := range all {
		if s == "" {
			continue
		}
		if err := inert.Name(s); err != nil {
			return fmt.Errorf("name %s: %w", brief(s), err)
		}
	}
	return nil
}

// short bounds what is a word or two, texts what was written for people. It is
// made inert where it is shown.
func short(all ...string) error { return bounded(maxShort, all) }
func texts(all ...string) error { return bounded(maxText, all) }

func bounded(most int, all []string) error {
	for _, s := range all {
		if len(s) > most {
			return fmt.Errorf("a text of %d bytes: %s", len(s), brief(s))
		}
	}
	return nil
}
