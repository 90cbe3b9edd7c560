package preflight

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// What facts may hold: those of a twin go into this server's own documents.
const (
	MaxListed = 100     // timetables, runs and hooks
	MaxFeeds  = 1000    //
	MaxText   = 2 << 10 // bytes of a text for people
	maxShort  = 200     // bytes of what is a word or two
	maxCount  = 1 << 53 // of rows, bytes and generations; of microseconds in a time
	maxLength = 1 << 33 // seconds
)

// Check tells whether everything in the facts has its form and its bounds.
func (f Facts) Check() error {
	if len(f.Feeds) > MaxFeeds || len(f.Timetables.Running) > MaxListed || len(f.Hooks) > MaxListed {
		return fmt.Errorf("%d feeds, %d runs, %d hooks: too many", len(f.Feeds), len(f.Timetables.Running), len(f.Hooks))
	}
	if f.Epoch < 0 || f.Epoch > node.MaxTold || f.Seen < 0 || f.Seen > node.MaxTold {
		return fmt.Errorf("epochs %d and %d", f.Epoch, f.Seen)
	}
	switch f.Role {
	case "", node.Primary, node.Secondary:
	default:
		return fmt.Errorf("role %s", cut(string(f.Role)))
	}
	err := errors.Join(
		names(f.Name, f.Twin.Name, f.Filling),
		short(f.Server, f.Pair, f.Drains, f.Key, f.HostKey, f.Version, f.Zones, f.Boot, f.Twin.Server, f.Twin.Key, f.Twin.HostKey, f.Twin.State, f.Disk.Store),
		texts(f.Held, f.Twin.Error), texts(f.Hooks...),
		times(f.At, f.Since, f.Clock.Stepped),
		lengths(f.Process.SilentS), counts(int64(f.Process.PID), int64(f.Schemas.Node), int64(f.Schemas.Admin), int64(f.Schemas.History), f.Disk.Free, f.Disk.All),
	)
	if f.Maintenance != nil {
		err = errors.Join(err, texts(*f.Maintenance))
	}
	if f.Twin.AheadMS != nil {
		err = errors.Join(err, lengths(*f.Twin.AheadMS/1000))
	}
	return errors.Join(err, f.Runbook.check(), f.Rows.check(), f.Timetables.check(), f.Backup.check(), f.Deep.check(), checkFeeds(f.Feeds))
}

func (b *Runbook) check() error {
	if b == nil {
		return nil
	}
	return errors.Join(names(b.ID, b.Actor, b.Runner), short(b.Intent, b.Step), times(b.Begun))
}

func (r Rows) check() error {
	return errors.Join(short(r.State, r.Root), texts(r.Because), counts(int64(r.Catalogue), r.Generation, r.Base, r.Edited), times(r.Checked))
}

func (b Backup) check() error {
	return errors.Join(names(b.Failed), texts(b.Because), times(b.At, b.Proven))
}

func (t Timetables) check() error {
	for _, r := range t.Running {
		if err := errors.Join(names(r.Timetable), short(r.Key), times(r.Started), lengths(r.TimeoutS)); err != nil {
			return err
		}
	}
	return counts(int64(t.Total), int64(t.Unreadable), int64(t.More))
}

func (d *Deep) check() error {
	if d == nil {
		return nil
	}
	if len(d.Unsound) > MaxListed || len(d.Unread) > MaxListed {
		return fmt.Errorf("%d and %d files: too many", len(d.Unsound), len(d.Unread))
	}
	return errors.Join(texts(d.Unsound...), texts(d.Unread...), d.Asked.check(), d.Always.check())
}

func (a Asked) check() error {
	if len(a.Cannot) > MaxListed {
		return fmt.Errorf("%d timetables that cannot run: too many", len(a.Cannot))
	}
	for _, h := range a.Cannot {
		if err := errors.Join(names(h.Timetable), texts(h.Why)); err != nil {
			return err
		}
	}
	return counts(int64(a.Looked), int64(a.Left), int64(a.More))
}

func checkFeeds(all []Feed) error {
	for _, f := range all {
		err := errors.Join(names(f.Name), short(f.State, f.Settings), texts(f.Error, f.Incarnation), times(f.Last, f.Covered), counts(f.Gaps))
		if err != nil {
			return err
		}
	}
	return nil
}

// names believes only what may be a name. One that is not told is none.
func names(all ...string) error {
	for _, s := range all {
		if s == "" {
			continue
		}
		if err := inert.Name(s); err != nil {
			return fmt.Errorf("name %s: %w", cut(s), err)
		}
	}
	return nil
}

func short(all ...string) error { return bounded(maxShort, all) }
func texts(all ...string) error { return bounded(MaxText, all) }

func bounded(most int, all []string) error {
	if i := slices.IndexFunc(all, func(s string) bool { return len(s) > most }); i >= 0 {
		return fmt.Errorf("a text of %d bytes: %s", len(all[i]), cut(all[i]))
	}
	return nil
}

func counts(all ...int64) error {
	if i := slices.IndexFunc(all, func(n int64) bool { return n < 0 || n > maxCount }); i >= 0 {
		return fmt.Errorf("a count of %d", all[i])
	}
	return nil
}

// lengths believes so many seconds as a duration can hold, either way.
func lengths(all ...int64) error {
	if i := slices.IndexFunc(all, func(n int64) bool { return n < -maxLength || n > maxLength }); i >= 0 {
		return fmt.Errorf("a length of %d s", all[i])
	}
	return nil
}

// times believes what lies so far from the ends that ages can be told.
func times(all ...record.Instant) error {
	if i := slices.IndexFunc(all, func(at record.Instant) bool { return at < 0 || at > maxCount }); i >= 0 {
		return fmt.Errorf("a time of %d", all[i])
	}
	return nil
}

// cut returns the beginning of a foreign text, harmless to look at.
func cut(s string) string { return inert.Text(s[:min(len(s), inert.MaxName)]) }
