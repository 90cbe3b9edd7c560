package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover/preflight"
	"github.com/twinctl/twin/sync/exchange"
)

const (
	readyEvery = time.Minute      // whether the role could be moved is looked at so often,
	readyAgain = 10 * time.Second // so often while something keeps it, which may have been of that moment,
	readySoon  = 2 * time.Second  // and so soon after something has changed
	readyDeep  = 10 * time.Minute // with what takes a while
	readyAsk   = 15 * time.Second // how long both may take to tell
)

// A readyMark is what makes it worth to look again when it has changed.
type readyMark struct {
	role, twinRole  node.Role
	epoch           int64
	twin, sync      string
	generation      int64
	pending, drift  int64
	store           string
	maintenance     bool
	live, held, odd int
	ended           record.Instant // when the last move of the role did; 0: one is open, or none was
}

// markOf takes it of what this server is doing.
func markOf(d node.Document) readyMark {
	m := readyMark{role: d.Role, epoch: d.Epoch, store: d.Store, maintenance: d.Maintenance != nil}
	for _, f := range d.Feeds {
		if f.State == "live" {
			m.live++
		}
	}
	if t := d.Twin; t != nil {
		m.twin = t.State
		if t.Role != nil {
			m.twinRole = *t.Role
		}
	}
	if s := d.Sync; s != nil {
		m.sync, m.generation, m.pending, m.drift = s.State, s.Generation, s.Pending, s.Drift
	}
	if t := d.Timetables; t != nil {
		m.held, m.odd = t.Held, t.Unreadable
	}
	return m
}

// A readyTurn decides when to look again, and how deep.
type readyTurn struct {
	last, deep time.Time // that it was looked; zero: never
	kept       bool      // it could not be moved then, as both told
	mark, at   readyMark // then, and when it was looked deep
}

func (t *readyTurn) due(now time.Time, m readyMark) (look, deep bool) {
	since, every := now.Sub(t.last), readyEvery
	if t.kept {
		every = readyAgain
	}
	soon := since < readySoon && m.ended == t.mark.ended
	told := t.last.Truncate(time.Second)                               // as documents tell it
	moved := !told.After(m.ended.Time()) && !m.ended.Time().After(now) // what was found then is not believed
	if !t.last.IsZero() && since < every && (soon || m == t.mark && !moved) {
		return false, false
	}
	aged := now.Sub(t.deep)
	other := m.role != t.at.role || m.epoch != t.at.epoch || m.generation != t.at.generation || m.twin != t.at.twin
	deep = t.deep.IsZero() || aged >= readyDeep || other && aged >= readyEvery
	t.last, t.mark = now, m
	if deep {
		t.deep, t.at = now, m
	}
	return true, deep
}

// A readiness knows whether the role could be moved now: whoever looks at this
// server is told at once, and nothing waits for the twin but this.
type readiness struct {
	witness func() Witness
	doc     func() node.Document // as of the last heartbeat
	link    func() exchange.Link // nil while the twin does not do well
	log     *slog.Logger

	turn  readyTurn                  // run's own, as is
	depth map[string]*preflight.Deep // what was found last of each server, by its id

	mu sync.Mutex
	is preflight.Verdict
	at time.Time // when it was found
}

func newReadiness(s *server) *readiness {
	shelf := new(timetableShelf)
	return &readiness{
		witness: func() Witness { return Witness{Config: s.config(), Data: s.data, Say: s.word, shelf: shelf} },
		doc:     s.lastDoc, link: s.watcher.Link, log: s.log, depth: map[string]*preflight.Deep{},
	}
}

// lastMoved returns when the last move of the role ended; 0 if it has not, or there
// was none.
func lastMoved(ctx context.Context, n *node.DB) (record.Instant, error) {
	last, err := n.Runbooks(ctx, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return last[0].Ended, nil
}

// run looks until ctx ends.
func (r *readiness) run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		doc := r.doc()
		if doc.Schema == 0 {
			continue // nothing is known yet
		}
		var err error
		mark := markOf(doc)
		if mark.ended, err = lastMoved(ctx, r.witness().Data.Node); err != nil && ctx.Err() == nil {
			r.log.Warn("when the role was moved last cannot be told", "err", err)
		}
		if look, deep := r.turn.due(time.Now(), mark); look {
			r.look(ctx, deep)
		}
	}
}

// look asks both. What cannot be told of this server is in the log, and is told
// of the role: it is no reason for twind to end.
func (r *readiness) look(ctx context.Context, deep bool) {
	ctx, cancel := context.WithTimeout(ctx, readyAsk)
	defer cancel()
	began := time.Now() // what changes from now on may not be in it
	here, err := r.witness().Facts(ctx, deep)
	if err != nil {
		if ctx.Err() == nil {
			r.log.Warn("whether the role could be moved cannot be told", "err", err)
		}
		return
	}
	r.remember(&here, deep)
	l := r.link()
	there, paths := r.ask(ctx, l, here.Name, deep)
	verdict := preflight.Judge(here, there, preflight.Usual(), paths...)
	if ctx.Err() != nil && there.Told() {
		return // twind ends
	}
	r.turn.kept = l != nil && preflight.Blocked(verdict.Switchover)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.is, r.at = verdict, began
}

// ask asks the twin by a link, if there is one.
func (r *readiness) ask(ctx context.Context, l exchange.Link, from string, deep bool) (there preflight.Facts, paths []preflight.Path) {
	if l == nil {
		return there, nil
	}
	there, err := AskFacts(ctx, l, deep)
	if err != nil {
		return preflight.Facts{}, []preflight.Path{{From: from, Err: err}}
	}
	r.remember(&there, deep)
	return there, nil
}

// remember puts to facts that are not deep what was found last.
func (r *readiness) remember(f *preflight.Facts, deep bool) {
	if deep {
		r.depth[f.Server] = f.Deep
		return
	}
	f.Deep = r.depth[f.Server]
}

// state returns what was found last, and when; the zero time: nothing was.
func (r *readiness) state() (preflight.Verdict, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.is, r.at
}

// describe says it for the document.
func (r *readiness) describe() node.Readiness {
	is, at := r.state()
	if at.IsZero() {
		return node.Readiness{Because: []string{node.NotLooked}}
	}
	ready := is.Readiness()
	ready.At = known(record.At(at))
	return ready
}

// readyIdle tells it while twind does not run: what can be told without asking
// the twin.
func readyIdle(ctx context.Context, cfg *config.Config, data *Data, doc node.Document) (node.Readiness, error) {
	say := func(ctx context.Context) (exchange.Word, error) { return word(ctx, cfg, data.Node, doc, 0) }
	here, err := Witness{Config: cfg, Data: data, Say: say}.Facts(ctx, false)
	if err != nil {
		return node.Readiness{}, err
	}
	ready := preflight.Judge(here, preflight.Facts{}, preflight.Usual()).Readiness()
	ready.At = known(record.At(time.Now()))
	return ready, nil
}

var notReady = prometheus.NewDesc("twin_not_ready", "1 for each check that keeps the role from being moved now.", []string{"check", "server"}, nil)

// collect tells Prometheus.
func (r *readiness) collect(out chan<- prometheus.Metric) {
	is, at := r.state()
	out <- single("ready_switchover", "1 while the role could be moved in an orderly way.", bit(!at.IsZero() && !preflight.Blocked(is.Switchover)))
	out <- single("ready_promote", "1 while the secondary could take the role alone.", bit(!at.IsZero() && !preflight.Blocked(is.Promote)))
	for _, c := range is.Blockers() {
		out <- prometheus.MustNewConstMetric(notReady, prometheus.GaugeValue, 1, c.Name, c.Side)
	}
}
