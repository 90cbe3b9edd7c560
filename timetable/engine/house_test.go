package engine

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// A server is one of the twins: a real node.db, and an engine that can die.
type server struct {
	t    testing.TB
	name string
	path string
	db   *node.DB
	list []timetable.Timetable
	gen  int64
	told map[int64]map[string]string // the marks of what the engine was told last, by its generation
	made map[string]record.Instant   // since when timetables have had their slots
	held string
	// twinStopped, behind and the rest are set before the engine looks.
	twinStopped bool
	behind      time.Duration // that the wall clock is beside the machine's
	took        func(task.Job) (time.Duration, task.State)
	paused      []string
	ready       func(context.Context, []task.Task) string // nil: whatever it is, it can run
	sweeps      bool

	mu   sync.Mutex
	ran  map[ran]int // how often the tasks of a slot began
	dead bool
	left int // steps of the ledger until it dies; 0: it does not

	onStart func() // behind each start of a run; nil: nothing
	lostAt  bool   // the role goes with each run that is to begin
	busy    bool   // the cursors cannot be read
	full    bool   // no run can be claimed, as the disk is full
	fullFor int    // ends of runs that are not written, as the disk is full

	engine *Engine
	cancel context.CancelFunc
	done   chan error

	known *Here // as read last; nil: it may have changed
}

type ran struct {
	timetable string
	slot      record.Instant
}

// quick is a folder in memory where there is one: these tests are about what
// is written, and collector/store about what a flush promises.
func quick(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "twin-engine-") //nolint:usetesting // TempDir is on the disk
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newServer(t testing.TB, name string, role node.Role) *server {
	t.Helper()
	s := &server{t: t, name: name, path: filepath.Join(quick(t), node.File), ran: map[ran]int{}}
	s.open(store.Create)
	if err := s.db.Init(t.Context(), name, role); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) open(mode store.Mode) {
	s.t.Helper()
	db, err := node.Open(s.t.Context(), s.path, mode)
	if err != nil {
		s.t.Fatal(err)
	}
	s.db = db
}

// start begins an engine over the file, as twind does.
func (s *server) start() {
	s.change(func() { s.dead, s.left = false, 0 })
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.done = cancel, make(chan error, 1)
	s.engine = New(Options{
		Ledger: mortal{s.db, s}, Runner: s, Here: s.here, Now: s.now, Log: slog.New(slog.DiscardHandler),
		Generation: s.generation, Timetables: s.timetables, Begun: func(context.Context, []string) (map[string]record.Instant, error) { return s.made, nil },
		Remove: func([]string) error { return nil },
		Settle: func(context.Context) error { return nil },
		Ready:  s.ready,
		Pause: func(_ context.Context, t timetable.Timetable, reason string) error {
			s.paused = append(s.paused, t.ID+": "+reason)
			return nil
		},
	})
	go func() { s.done <- s.engine.Run(ctx) }()
}

// change changes what the engine is told, which may look at any time.
func (s *server) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

func (s *server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.behind)
}

func (s *server) generation(context.Context) (gen int64, err error) {
	s.change(func() { gen = s.gen })
	return gen, nil
}

// timetables tells what changed since what the engine was told last, if it was
// that.
func (s *server) timetables(_ context.Context, since int64) (l List, err error) {
	s.change(func() {
		before, knows := s.told[since]
		l = List{Generation: s.gen, Timetables: s.list}
		if knows && since != 0 {
			l = List{Generation: s.gen, Since: since}
			for _, t := range s.list {
				if mark, there := before[t.ID]; !there || mark != t.Mark {
					l.Timetables = append(l.Timetables, t)
				}
				delete(before, t.ID)
			}
			l.Gone = slices.Sorted(maps.Keys(before))
		}
		now := make(map[string]string, len(s.list))
		for _, t := range s.list {
			now[t.ID] = t.Mark
		}
		s.told = map[int64]map[string]string{s.gen: now}
	})
	return l, nil
}

// stop ends the engine in order.
func (s *server) stop() {
	s.cancel()
	if err := <-s.done; err != nil {
		s.t.Errorf("%s: %v", s.name, err)
	}
}

// kill ends it as a power cut does: nothing is written any more.
func (s *server) kill() {
	s.change(func() { s.dead = true })
	s.cancel()
	<-s.done
}

func (s *server) here(ctx context.Context) (Here, error) {
	s.mu.Lock()
	known, held, stopped := s.known, s.held, s.twinStopped
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	self, err := s.db.Self(ctx)
	if err != nil {
		return Here{}, err
	}
	handed, err := s.db.Handed(ctx)
	if err != nil {
		return Here{}, err
	}
	m, err := s.db.Maintenance(ctx)
	h := Here{
		Server: s.name, Role: self.Role, Epoch: self.Epoch, Since: self.Since, Held: held, Maintenance: m, TwinStopped: stopped,
		Owns: self.OwnsFrom, Handed: handed, Draining: self.Drains(record.At(s.now())),
	}
	if self.Superseded() {
		h.Role = ""
	}
	return h, err
}

// calm has the engine go by what it reads now, until it is told otherwise: a
// test of a year looks a million times.
func (s *server) calm() {
	s.t.Helper()
	s.stir()
	h, err := s.here(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	s.known = &h
	s.mu.Unlock()
}

func (s *server) stir() {
	s.mu.Lock()
	s.known = nil
	s.mu.Unlock()
}

// become changes the role, as a switch-over does.
func (s *server) become(role node.Role, epoch int64) {
	s.t.Helper()
	const app = 0x7477_6e01
	db, err := store.Open(s.t.Context(), s.path, store.Schema{App: app, Migrations: os.DirFS("../../collector/node")}, store.Use)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(s.t.Context(), func(tx *store.Tx) error {
		_, err := tx.ExecContext(s.t.Context(), `UPDATE self SET role = ?1, epoch = ?2, epoch_seen = max(epoch_seen, ?2), since = ?3, owns_from = ?3`,
			role, epoch, record.At(s.now()))
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.moved()
}

// moved has the engine see that the role changed.
func (s *server) moved() {
	s.t.Helper()
	var known bool
	if s.change(func() { known = s.known != nil }); known {
		s.calm()
	}
	if s.engine != nil {
		s.engine.Wake()
	}
}

// Run makes a server its own runner: tasks that take a while.
func (s *server) Run(ctx context.Context, job task.Job) task.Outcome {
	took, state := time.Duration(0), task.OK
	s.change(func() {
		if s.took != nil {
			took, state = s.took(job)
		}
		s.ran[ran{job.Timetable, record.At(job.Slot)}]++
	})
	select {
	case <-time.After(took):
		return task.Outcome{State: state}
	case <-ctx.Done():
		return task.Outcome{State: task.Cancelled, Reason: context.Cause(ctx).Error()}
	}
}

// runs returns the ledger of this server, the earliest slot first.
func (s *server) runs(id string) []node.Run {
	s.t.Helper()
	var all []node.Run
	err := eachRun(s.t.Context(), s.db, node.RunQuery{Timetables: []string{id}, Server: s.name}, func(r node.Run) {
		all = append([]node.Run{r}, all...)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

var errDead = errors.New("killed")

// A mortal ledger dies with its server: before a step, or behind it.
type mortal struct {
	*node.DB

	s *server
}

func (m mortal) dies() bool {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	if m.s.left > 0 {
		if m.s.left--; m.s.left == 0 {
			m.s.dead = true
		}
	}
	return m.s.dead
}

func (m mortal) ClaimRuns(ctx context.Context, epoch int64, claims []node.Claim) ([]node.Run, error) {
	if m.dies() {
		return nil, errDead
	}
	full := false
	m.s.change(func() { full = m.s.full })
	if full {
		return nil, store.ErrFull
	}
	runs, err := m.DB.ClaimRuns(ctx, epoch, claims)
	if m.dies() {
		return nil, errDead
	}
	return runs, err
}

func (m mortal) RunCursors(ctx context.Context) (map[string]record.Instant, error) {
	busy := false
	m.s.change(func() { busy = m.s.busy })
	if busy {
		return nil, store.ErrBusy
	}
	return m.DB.RunCursors(ctx)
}

func (m mortal) StartRun(ctx context.Context, id int64) error {
	lost := false
	m.s.change(func() { lost = m.s.lostAt })
	if lost {
		return node.ErrRole
	}
	return m.step(func() error {
		err := m.DB.StartRun(ctx, id)
		m.s.change(func() {
			if m.s.onStart != nil {
				m.s.onStart()
			}
		})
		return err
	})
}

func (m mortal) EndRun(ctx context.Context, id int64, end node.RunEnd) error {
	full := false
	m.s.change(func() {
		if full = m.s.fullFor > 0; full {
			m.s.fullFor--
		}
	})
	if full {
		return store.ErrFull
	}
	return m.step(func() error { return m.DB.EndRun(ctx, id, end) })
}

func (m mortal) step(do func() error) error {
	if m.dies() {
		return errDead
	}
	err := do()
	if m.dies() {
		return errDead
	}
	return err
}

// SweepRuns forgets nothing: these tests look back at all of it.
func (m mortal) SweepRuns(ctx context.Context, before record.Instant, remove func([]string) error) (int, error) {
	if m.s.sweeps {
		return m.DB.SweepRuns(ctx, before, remove)
	}
	return 0, nil
}

// later lets the time of the bubble pass, in which all of these tests run: it
// takes no real time.
func later(d time.Duration) { <-time.After(d) }
