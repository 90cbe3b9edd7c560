package switchover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/switchover/preflight"
)

// A server is one of the two, with what its engine would do.
type server struct {
	t    testing.TB
	name string
	node *node.DB

	ahead atomic.Int64 // of the true time, its clock is: ns

	mu     sync.Mutex
	hooks  map[string]string // by point: what it says no with
	called []string          // points
	probed error
	synced error
}

// A pair is both, cms-a primary by epoch 1.
type pair struct{ a, b *server }

func newPair(t testing.TB) *pair {
	p := &pair{newServer(t, "cms-a", node.Primary), newServer(t, "cms-b", node.Secondary)}
	for _, s := range []struct{ it, other *server }{{p.a, p.b}, {p.b, p.a}} {
		self, other := s.it.self(), s.other.self()
		pairing := node.Pairing{
			Pair:  node.Pair{Pair: "p", Server: other.Server, Name: other.Name, Address: "twin@x:22", PublicKey: "ssh-ed25519 AAA", HostKey: "ssh-ed25519 BBB"},
			Epoch: self.Epoch, Seen: 1, Act: node.Act{Actor: "ann", Verb: "pair.accept", Target: other.Name},
		}
		if err := s.it.node.SetPair(context.Background(), func(node.Self, *node.Pair) (node.Pairing, error) { return pairing, nil }); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func newServer(t testing.TB, name string, role node.Role) *server {
	n, err := node.Open(context.Background(), filepath.Join(t.TempDir(), node.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	s := &server{t: t, name: name, node: n, hooks: map[string]string{}}
	n.By(s.now)
	if err := n.Init(context.Background(), name, role); err != nil {
		t.Fatal(err)
	}
	return s
}

// now is the time by the clock of a server.
func (s *server) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

func (s *server) self() node.Self {
	self, err := s.node.Self(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return self
}

// Demote implements Hands, as a server that ran nothing.
func (s *server) Demote(ctx context.Context, runbook string, epoch int64, actor string) (node.Token, error) {
	return s.node.Demote(ctx, node.Demotion{Runbook: runbook, Epoch: epoch, Actor: actor, At: record.At(s.now())})
}

// Cancel implements Hands.
func (s *server) Cancel(ctx context.Context, _ bool, _ string) (int, error) {
	going, _, err := s.node.RoleRuns(ctx, 10)
	for _, r := range going {
		err = errors.Join(err, s.node.EndRun(ctx, r.ID, node.RunEnd{State: node.RunCancelled}))
	}
	return len(going), err
}

// Probe implements Hands.
func (s *server) Probe(context.Context, string) (node.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return node.Run{ID: 1, State: node.RunOK, Epoch: s.self().Epoch}, s.probed
}

func (s *server) hook(_ context.Context, _ node.Runbook, q HookQuestion) (Hooked, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.called = append(s.called, q.Point)
	return Hooked{Ran: true, Failed: s.hooks[q.Point]}, nil
}

func (s *server) sync(context.Context) (Synced, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.self().Role != node.Primary {
		return Synced{Refused: "this is the secondary"}, nil
	}
	return Synced{Generation: 1}, s.synced
}

func (s *server) handler(asker string) Handler {
	return Handler{
		Node: s.node, Asker: asker, Hands: s, Sync: s.sync, Hook: s.hook, CheckRuns: func(node.RunPage) error { return nil },
	}
}

// facts are those of a server that nothing keeps from anything.
func (s *server) facts(other *server) preflight.Facts {
	self, its, yes := s.self(), other.self(), true
	now := record.At(time.Now())
	return preflight.Facts{
		At: now, Name: s.name, Server: self.Server, Pair: "p", Role: self.Role, Epoch: self.Epoch, Seen: self.EpochSeen, Since: self.Since,
		Key: "k", HostKey: "h", Twin: preflight.Other{Server: its.Server, Name: other.name, Key: "k", HostKey: "h", State: "ok"},
		Process: preflight.Process{PID: 7}, Version: "v1.0.0", Schemas: preflight.Schemas{Node: 9, Admin: 4, History: 6}, Zones: "2026b",
		Clock: preflight.Clock{Synced: &yes}, Rows: preflight.Rows{State: "in_sync", Generation: 1, Base: 1, Root: "r", Checked: now},
		Disk:   preflight.Disk{Free: 90 << 30, All: 100 << 30, Reserve: true, Store: "ok"},
		Backup: preflight.Backup{At: now, Proven: now}, Boot: "enabled", Deep: &preflight.Deep{},
	}
}

// runner returns the runner of one of the two, whose calls go through wrap.
func (p *pair) runner(here *server, wrap func(Caller) Caller) Runner {
	there := p.other(here)
	side := func(s *server) Side {
		return Side{Name: s.name, Caller: wrap(Local{Handler: s.handler(here.name)})}
	}
	return Runner{
		Here: side(here), There: side(there), Limits: preflight.Usual(), Now: here.now, Say: func(string, string) {},
		Facts: func(context.Context) (h, t preflight.Facts, _ []preflight.Path, _ error) {
			ways := []preflight.Path{{From: here.name, Trip: time.Millisecond}, {From: there.name, Trip: time.Millisecond}}
			return here.facts(there), there.facts(here), ways, nil
		},
	}
}

func (p *pair) other(s *server) *server {
	if s == p.a {
		return p.b
	}
	return p.a
}

func plainly(c Caller) Caller { return c }

// primary returns who has the role, nil if nobody. Two are an error at once.
func (p *pair) primary() *server {
	a, b := p.a.self(), p.b.self()
	switch {
	case a.Role == node.Primary && b.Role == node.Primary:
		p.a.t.Fatalf("both are primary: %+v, %+v", a, b)
	case a.Role == node.Primary:
		return p.a
	case b.Role == node.Primary:
		return p.b
	}
	return nil
}

// settled demands that one of the two is primary, that the other knows its epoch,
// and that no move is open anywhere; it returns the primary and how the move of
// that id ended.
func (p *pair) settled(id string) (*server, node.RunbookState) {
	is := p.primary()
	if is == nil {
		p.a.t.Fatalf("nobody is primary: %+v, %+v", p.a.self(), p.b.self())
	}
	if seen := p.other(is).self().EpochSeen; seen != is.self().Epoch {
		p.a.t.Errorf("the secondary has seen epoch %d of %d", seen, is.self().Epoch)
	}
	var states [2]node.RunbookState
	for i, s := range []*server{p.a, p.b} {
		b, err := s.node.Runbook(context.Background(), id)
		if errors.Is(err, node.ErrNoRunbook) { // the other one was the first to hear of it, and nothing came of that
			b.State, err = node.RunbookRolledBack, nil
		}
		if err != nil {
			p.a.t.Fatalf("%s: %v", s.name, err)
		}
		if states[i] = b.State; b.State == node.RunbookOpen {
			p.a.t.Errorf("%s: it is open still: %+v", s.name, b.Notes)
		}
		if self := s.self(); self.DrainingFor != "" {
			p.a.t.Errorf("%s is drained still: %+v", s.name, self)
		}
	}
	if states[0] != states[1] {
		p.a.t.Errorf("it ended as %s on cms-a and as %s on cms-b", states[0], states[1])
	}
	return is, states[0]
}

func wish(id string) Wish {
	return Wish{ID: id, Intent: node.IntentSwitchover, Actor: "ann", Reason: "why not"}
}

// errDead is what a runner hears that is dead: it does nothing any more.
var errDead = fmt.Errorf("%w: the runner is dead", ErrAway)

// A cut is where a conversation breaks off.
type cut struct {
	at     int  // the call, from 1
	done   bool // it was done, and the answer got lost
	forgot bool // and from then on nothing goes through
	pair   *pair

	mu    sync.Mutex
	calls int
}

func (c *cut) wrap(to Caller) Caller { return cutCaller{c, to} }

type cutCaller struct {
	*cut
	to Caller
}

// Call implements Caller.
func (c cutCaller) Call(ctx context.Context, verb string, args, answer any) error {
	c.mu.Lock()
	c.calls++
	n := c.calls
	c.mu.Unlock()
	defer c.pair.primary()
	switch {
	case n < c.at, n > c.at && !c.forgot:
		return c.to.Call(ctx, verb, args, answer)
	case n == c.at && c.done:
		var lost json.RawMessage
		_ = c.to.Call(ctx, verb, args, &lost)
	}
	return errDead
}
