// Package app is twind as a value: it opens a data directory and runs the
// feeds, the HTTP pages, the heartbeat and the answering of requests as one
// group, of which the first that fails ends all. It also holds what twinctl
// needs to find that server and its files.
package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/count"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/exchange"
)

// reserveName is the file that keeps room back; see store.Reserve.
const reserveName = "reserve"

// Options are what Run needs.
type Options struct {
	Config *config.Config
	Reload func() (*config.Config, error) // reads the configuration again
	Hangup <-chan os.Signal               // SIGHUP: reload
	Log    slog.Handler
}

// A server is twind while it runs.
type server struct {
	data       *Data
	collector  *collector.Collector
	metrics    *metrics
	disk       *disk
	log        *slog.Logger
	started    time.Time
	alarms     alarms // the heartbeat's own
	stranger   stranger
	watcher    *exchange.Watcher
	filler     *filler
	counter    *count.Counter
	rows       *rowGlance
	book       alarmBook
	lookout    *lookout
	live       *liveKeeper
	timekeeper *timekeeper
	readiness  *readiness
	publisher  *publisher
	roles      *roleKeeper
	people     *people // nil: none are let in

	mu   sync.Mutex
	cfg  *config.Config
	doc  node.Document // as of the last heartbeat
	said exchange.Word // to the twin, last
}

// Run runs one server until ctx ends, which is an orderly stop: what was heard
// is stored, and the error is nil. Everything that it started has stopped when
// it returns.
func Run(ctx context.Context, o Options) (err error) {
	cfg := o.Config
	held, err := lock(cfg.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	data, err := OpenData(ctx, cfg.Data, store.Migrate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	rows := newLogRows(o.Log)
	s := newServer(cfg, data, slog.New(rows))
	if err := s.checkName(ctx); err != nil {
		return err
	}
	s.disk.keep()
	if err := s.checkEnd(ctx); err != nil {
		return err
	}
	if err := s.setFeeds(ctx, cfg); err != nil {
		return err
	}
	return s.run(ctx, o, rows)
}

func newServer(cfg *config.Config, data *Data, log *slog.Logger) *server {
	s := &server{data: data, log: log, started: time.Now(), cfg: cfg, metrics: newMetrics()}
	s.disk = &disk{dir: cfg.Data, reserve: store.Reserve{Path: filepath.Join(cfg.Data, reserveName)}, log: log}
	s.watcher = exchange.NewWatcher(exchange.Options{Node: data.Node, Twin: s.twin, Dial: dialTwin, Say: s.say, Log: log})
	s.filler = newFiller(data, s.watcher, log)
	s.counter = newCounter(data, s.filler, log)
	s.rows = &rowGlance{db: data.Admin}
	s.live = newLiveKeeper(data, log)
	s.collector = collector.New(data.History, collector.Options{Log: log, Observe: s.committed, Room: s.disk.room, Snapshot: s.live.snapshot})
	s.timekeeper = newTimekeeper(s)
	s.readiness = newReadiness(s)
	s.publisher = newPublisher(s)
	s.roles = &roleKeeper{node: data.Node, fence: s.timekeeper.fence, log: log, gap: -1}
	s.book = alarmBook{node: data.Node, started: s.started}
	s.lookout = &lookout{
		data: data, log: log, live: s.present, keep: data.History.AddExceptions,
		feeds: func() []collector.Status { return s.collector.Status() },
	}
	return s
}

// committed is told of each commit of the collector.
func (s *server) committed(done collector.Commit) {
	s.metrics.committed(done)
	s.filler.courtesy.collected(done)
	s.counter.Notify()
}

// checkName refuses to run under another name than the one that this server
// was given for life: the other twin knows it by that.
func (s *server) checkName(ctx context.Context) error {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", s.data.Dir, err)
	}
	if self.Name != s.cfg.Name {
		return fmt.Errorf("%w: %s says name = %q, but %s belongs to %q, and a server keeps its name for life",
			config.ErrInvalid, s.cfg.File, s.cfg.Name, s.data.Dir, self.Name)
	}
	return nil
}

// checkEnd warns when the run before this one ended without a last word, as by
// a power cut. It is asked before the feeds start, which write the gaps down.
func (s *server) checkEnd(ctx context.Context) error {
	gaps, err := s.data.History.Unfinished(ctx, "")
	for _, g := range gaps {
		s.log.Warn("twind ended without a last word: what was said since may be missing", "feed", g.Feed, "since", g.From.String(), "reason", string(g.Reason))
	}
	return err
}

func (s *server) run(ctx context.Context, o Options, rows *logRows) error {
	pages, err := listen(ctx, s.cfg.HTTP.Listen)
	if err != nil {
		return err
	}
	door, err := s.openDoor(ctx)
	if err != nil {
		return err
	}
	recounter := &recounter{s.counter, s.data.Node, s.log}
	clerk := &clerk{node: s.data.Node, users: s.data.Admin, collector: s.collector, filler: s.filler, recounter: recounter, importer: newImporter(s), timekeeper: s.timekeeper, log: s.log, name: rand.Text()}
	clerk.switcher = &switcher{data: s.data, config: s.config, hands: roleHands{data: s.data, config: s.config, keeper: s.timekeeper}, said: s.say, log: s.log}

	group, ctx := errgroup.WithContext(ctx)
	part := func(name string, run func(context.Context) error) {
		group.Go(func() error {
			if err := run(ctx); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	part("collect", s.collector.Run)
	part("count", s.counter.Run)
	part("heartbeat", s.heartbeat)
	part("answer requests", clerk.run)
	part("log", func(ctx context.Context) error { return rows.keep(ctx, s.data.Node) })
	part("reload", func(ctx context.Context) error { return s.reload(ctx, o) })
	part("ask the twin", s.watcher.Run)
	part("ask for this server's name", s.seekName)
	part("fill", s.filler.run)
	part("hold thresholds against what is seen", s.lookout.run)
	part("tell people", s.herald)
	part("sweep", s.sweep)
	part("run timetables", s.timekeeper.run)
	part("keep the role", s.roles.run)
	part("see how queues stand", s.live.run)
	part("see whether the role could be moved", s.readiness.run)
	part("make the role known", s.publisher.run)
	if door != nil {
		part("ssh", door)
	}
	if pages != nil {
		part("http", func(ctx context.Context) error { return s.serve(ctx, pages) })
	}
	s.log.Info("running", "name", s.cfg.Name, "data", s.cfg.Data, "feeds", len(s.cfg.Feeds), "version", Version())
	tell(s.log, daemon.SdNotifyReady)
	<-ctx.Done()
	tell(s.log, daemon.SdNotifyStopping)
	err = group.Wait()
	s.log.Info("stopped", "err", err)
	return err
}

// heartbeat says each second what this server is doing, and tells systemd that
// it still can.
func (s *server) heartbeat(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := final(s.beat(ctx)); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *server) beat(ctx context.Context) error {
	doc, err := s.document(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	was := s.doc
	s.doc = doc
	s.mu.Unlock()
	if was.Role != doc.Role || was.Epoch != doc.Epoch {
		s.watcher.Hurry() // what the twin knows of this server is no longer so
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	said := node.Activity{PID: os.Getpid(), Started: record.At(s.started), Doc: text}
	err = s.data.Node.SetActivity(ctx, said)
	if errors.Is(err, store.ErrFull) {
		s.disk.giveUp()
		err = s.data.Node.SetActivity(ctx, said)
	} else {
		s.disk.refill()
	}
	if final(err) == nil { // a full disk is no reason to be restarted
		tell(s.log, daemon.SdNotifyWatchdog)
	}
	return err
}

// lastDoc returns what this server was doing at its last heartbeat, the zero
// Document before the first.
func (s *server) lastDoc() node.Document {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doc
}

// document describes this server as it is now.
func (s *server) document(ctx context.Context) (node.Document, error) {
	feeds := s.collector.Status()
	doc, err := describe(ctx, s.config(), s.data, doing{feeds, s.watcher.Standing(), s.rows.rows})
	if err != nil {
		return doc, err
	}
	doc.Running, doc.PID = true, os.Getpid()
	doc.Store = storeState(s.collector.Stuck())
	doc.Timetables = s.timekeeper.describe()
	doc.Ready = s.readiness.describe()
	doc.People = s.people.describe(s.data.Dir)
	var unknown error
	if t := doc.Twin; t != nil && !s.watcher.Standing().Paired() {
		if unknown = s.stranger.get(); unknown != nil {
			unknown = fmt.Errorf("%w; %s", unknown, KnownHint(s.config()))
			t.State, t.Error = string(exchange.Refused), unknown.Error()
		}
	}
	var differs map[string]int64
	doc.Fill, differs = s.filler.state()
	pair := s.bond(doc, differs)
	is := state{feeds: feeds, nameless: nameless(s.config()), stuck: s.collector.Stuck(), unknown: unknown, bond: pair, sync: syncAlarms(doc)}
	return s.raise(ctx, doc, is)
}

// raise adds the alarms to a document, and writes down which began and ended.
// Where that cannot be done now they stand there all the same.
func (s *server) raise(ctx context.Context, doc node.Document, is state) (node.Document, error) {
	unsent, err := s.data.Node.Undelivered(ctx)
	if final(err) != nil {
		return doc, err
	}
	is.own = s.ownAlarms(doc, unsent)
	doc.Alarms = s.alarms.now(time.Now(), is)
	s.alarms.tell(ctx, s.log)
	if doc.Alarms, err = s.book.keep(ctx, doc.Alarms, s.letters); final(err) != nil {
		return doc, err
	}
	doc.Told, err = s.data.Node.ToldCrossings(ctx)
	return doc, final(err)
}

func (s *server) config() *config.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}

// storeState says in a word what stuck means.
func storeState(stuck error) string {
	switch {
	case stuck == nil:
		return "ok"
	case errors.Is(stuck, store.ErrFull):
		return "full"
	default:
		return "failed"
	}
}

// final returns err unless it is one that passes by itself: a full disk, a
// file that others hold, or the end of ctx.
func final(err error) error {
	for _, passes := range []error{store.ErrFull, store.ErrBusy, context.Canceled} {
		if errors.Is(err, passes) {
			return nil
		}
	}
	return err
}
