package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/engine"
)

// runsDir is where the output of runs is, within the data directory.
const runsDir = "runs"

const (
	roleInterval  = 100 * time.Millisecond // how soon a role that is lost ends what it ran
	adminInterval = 250 * time.Millisecond // and an edit counts
)

// whyMoved is why the timetables of a primary wait whose role is being moved.
const whyMoved = "the role is being moved"

// A timekeeper runs the timetables of this server.
type timekeeper struct {
	data   *Data
	config func() *config.Config
	twin   func() exchange.Standing
	log    *slog.Logger
	doubt  *roleDoubt
	fence  *fenceGlance
	ledger *bookedLedger
	tasks  *taskRunner
	engine *engine.Engine
	news   timetableNews // for the engine

	mu      sync.Mutex
	held    string              // why what needs the role waits
	until   time.Time           // at the latest; zero: nobody knows
	list    map[string]runsHere // of the timetables as read last, by key
	named   map[string]runsHere // those of them that are for a server by its name
	stopped record.Instant      // by the twin's clock, when it was known first that it is no primary; 0: it is not
}

// runsHere is what alarms want to know of a timetable.
type runsHere struct{ name, runsOn string }

func newTimekeeper(s *server) *timekeeper {
	k := &timekeeper{data: s.data, config: s.config, twin: s.watcher.Standing, log: s.log, list: map[string]runsHere{}}
	k.doubt = &roleDoubt{node: s.data.Node, config: s.config, twin: s.watcher.Standing, clock: bootTime, log: s.log, since: s.started}
	k.fence = &fenceGlance{dir: s.data.Dir}
	k.ledger = newBookedLedger(s.data.Node)
	k.tasks = &taskRunner{data: s.data, config: s.config, twinctl: besideThis("twinctl"), log: s.log}
	k.engine = engine.New(engine.Options{
		Ledger: k.ledger, Runner: k.tasks, Settle: k.tasks.settle, Ready: k.tasks.ready,
		Here: k.here, Generation: k.generation, Timetables: k.timetables, Begun: k.begun, Pause: k.pause, Remove: k.remove,
		AtOnce: s.cfg.Timetable.Limit(), Log: s.log,
	})
	return k
}

// run runs what is due until ctx ends, and looks at once when a file changes.
func (k *timekeeper) run(ctx context.Context) error {
	if err := k.ledger.begin(ctx); final(err) != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	wake := func(context.Context) error { //nolint:unparam // it is what Watch calls
		k.engine.Wake()
		return nil
	}
	group.Go(func() error { return final(k.engine.Run(ctx)) })
	group.Go(func() error { return k.doubt.run(ctx) })
	group.Go(func() error { return k.data.Node.Watch(ctx, roleInterval, wake) })
	group.Go(func() error { return k.data.Admin.Watch(ctx, adminInterval, wake) })
	return group.Wait()
}

// here tells where this server stands now.
func (k *timekeeper) here(ctx context.Context) (engine.Here, error) {
	n := k.data.Node
	self, err := n.Self(ctx)
	if err != nil {
		return engine.Here{}, err
	}
	h := engine.Here{Server: self.Name, Role: self.Role, Epoch: self.Epoch, Since: self.Since, Owns: self.OwnsFrom}
	h.Draining = self.Drains(record.At(time.Now()))
	if self.Superseded() || k.fence.now(self) != nil {
		h.Role = ""
	}
	if h.Handed, err = n.Handed(ctx); err != nil {
		return engine.Here{}, err
	}
	if h.Maintenance, err = n.Maintenance(ctx); err != nil {
		return engine.Here{}, err
	}
	var until time.Time
	if h.Held, until, err = k.holds(ctx, self); err != nil {
		return engine.Here{}, err
	}
	told, err := n.RunsTold(ctx)
	if err != nil {
		return engine.Here{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held, k.until = h.Held, until
	if h.Held == "" && h.Draining {
		k.held, k.until = whyMoved, self.DrainingUntil.Time()
	}
	k.stopped = twinStopped(k.stopped, k.twin().Word, self)
	h.TwinStopped = h.Role == node.Primary && k.stopped != 0 && told.Whole >= k.stopped
	return h, nil
}

// whyRestored is why they wait on a server that came from a backup.
const whyRestored = "it was restored from a backup, and has not rejoined its twin"

// holds says why what needs the role does not start yet, "" if it does, and
// until when at the latest.
func (k *timekeeper) holds(ctx context.Context, self node.Self) (why string, until time.Time, err error) {
	restored, err := k.data.Node.Held(ctx)
	if err != nil {
		return "", until, err
	}
	if restored != nil {
		return whyRestored, until, nil
	}
	return k.doubt.holds(ctx, self)
}

// twinStopped returns since when, by its clock, the twin is known not to act as
// primary, 0 if it may: by what was known before, and its last word. A primary
// that has heard of our epoch is none.
func twinStopped(before record.Instant, w *exchange.Word, self node.Self) record.Instant {
	if w == nil {
		return before
	}
	replaced := self.Role == node.Primary && !self.Superseded() && w.Doc.Epoch >= self.Epoch
	if w.Doc.Role != node.Secondary && !replaced {
		return 0
	}
	if before != 0 {
		return before
	}
	return w.At
}

func (k *timekeeper) generation(ctx context.Context) (generation int64, err error) {
	err = k.data.Admin.Read(ctx, func(r *admin.Reading) error {
		generation, _, _, err = r.Base(ctx)
		return err
	})
	return generation, err
}

func (k *timekeeper) timetables(ctx context.Context, since int64) (engine.List, error) {
	list, err := k.news.since(ctx, k.data.Admin, since)
	if err != nil {
		return list, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if list.Since == 0 {
		k.list, k.named = make(map[string]runsHere, len(list.Timetables)), map[string]runsHere{}
	}
	for _, id := range list.Gone {
		delete(k.list, id)
		delete(k.named, id)
	}
	for _, t := range list.Timetables {
		k.list[t.ID] = runsHere{t.Name, t.RunsOn}
		delete(k.named, t.ID)
		if !t.ForRole() {
			k.named[t.ID] = k.list[t.ID]
		}
	}
	return list, nil
}

// begun tells since when timetables have the slots that they have, by the change
// log: what came by a sync has them since then.
func (k *timekeeper) begun(ctx context.Context, ids []string) (map[string]record.Instant, error) {
	all := make(map[string]record.Instant, len(ids))
	err := k.data.Admin.Read(ctx, func(r *admin.Reading) error {
		for _, id := range ids {
			at, err := r.UnchangedSince(ctx, admin.Name{Kind: "timetable", Key: id}, timetable.SameSlots)
			if err != nil {
				return err
			}
			all[id] = at
		}
		return nil
	})
	return all, err
}

// pause writes down that a timetable paused itself, as a change like any other.
func (k *timekeeper) pause(ctx context.Context, t timetable.Timetable, reason string) error {
	row, err := k.data.Admin.Row(ctx, admin.Name{Kind: "timetable", Key: t.ID})
	if err != nil {
		return err
	}
	old := row.Hash()
	row.Body["paused"], row.Body["pause_reason"] = true, reason
	delete(row.Body, "paused_until")
	by := admin.Author{Actor: byItself, From: "local", Verb: "timetable.pause"}
	_, err = k.data.Admin.Change(ctx, by, []admin.Edit{{Kind: row.Kind, Key: row.Key, Body: row.Body, Old: &old}}, admin.How{})
	return err
}

// remove removes outputs of runs that are forgotten.
func (k *timekeeper) remove(outputs []string) error {
	dir, err := os.OpenRoot(filepath.Join(k.data.Dir, runsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // nothing is written
	var all error
	for _, name := range outputs {
		if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, fmt.Errorf("output %s: %w", name, err))
		}
	}
	return all
}
