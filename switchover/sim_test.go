package switchover

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// TestHistories is the quick form of TestRealHistories.
func TestHistories(t *testing.T) { histories(t, 1, 24) }

// histories has the role of one pair moved so many times, each time with what a
// seed has go wrong. It stops at the first that breaks a promise.
func histories(t *testing.T, first, many int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &sim{pair: newPair(t), t: t, owned: map[int64]stretch{}}
		s.look()
		for seed := first; seed < first+many && !t.Failed(); seed++ {
			s.live(uint64(seed))
		}
		t.Logf("%d moves: %v", many, s.ends)
	})
}

// A sim is a pair of servers between which all goes wrong that can: calls are
// lost, come late or twice, answers are lost, either way is cut, a server is down,
// a runner stands still or dies, two of them begin at once, and people abort,
// resume, or take the role by force. In some histories the clock of a server jumps,
// by seconds or minutes, ahead of the true time or behind it.
type sim struct {
	*pair
	t    *testing.T
	seed uint64
	late sync.WaitGroup // calls that are on their way
	ends map[Outcome]int

	mu     sync.Mutex
	said   []string
	counts map[string]int
	calls  int                   // of how many some forty go wrong
	clocks time.Duration         // how far from the true time they jump; 0: they do not
	calm   bool                  // nothing goes wrong any more
	forced bool                  // somebody took the role by force
	down   map[*server]time.Time // until when it answers nobody
	cut    map[*server]time.Time // until when nobody reaches it
	last   [2]node.Self
	owned  map[int64]stretch // by epoch
}

// A stretch is whose slots were by an epoch, and which.
type stretch struct {
	name     string
	from, to record.Instant // to is 0 while it goes on
}

// mostAhead is how far ahead of the true time, or behind it, a clock ever is.
const mostAhead = 3 * time.Minute

// draw returns a source that depends on the seed and on what it is for, however
// goroutines take turns.
func (s *sim) draw(what string) *rand.Rand {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%s %d", what, s.counts[what])
	return rand.New(rand.NewPCG(s.seed, sum.Sum64()))
}

func (s *sim) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (s *sim) broken(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.Errorf("seed %d: %s\n%s", s.seed, fmt.Sprintf(format, args...), strings.Join(s.said, "\n"))
}

// live is one history: a move is begun, things go wrong, and in the end they do
// no more and it is resumed or aborted, if it is open.
func (s *sim) live(seed uint64) {
	s.mu.Lock()
	s.seed, s.said, s.counts, s.calm, s.forced = seed, nil, map[string]int{}, false, false
	s.down, s.cut = map[*server]time.Time{}, map[*server]time.Time{}
	if s.ends == nil {
		s.ends = map[Outcome]int{}
	}
	s.mu.Unlock()
	r := s.draw("history")
	s.calls = []int{200, 700, 2000, 6000}[r.IntN(4)]
	s.clocks = []time.Duration{0, 0, 5 * time.Second, mostAhead}[r.IntN(4)]
	var people sync.WaitGroup
	if r.IntN(4) == 0 {
		later := time.Duration(r.IntN(20_000)) * time.Millisecond
		people.Go(func() { pass(later); s.begin(s.any(s.draw("second")), false) })
	}
	for range r.IntN(3) {
		later := time.Duration(r.IntN(120)) * time.Second
		people.Go(func() { pass(later); s.goOn(s.draw("person")) })
	}
	if r.IntN(12) == 0 {
		later := time.Duration(r.IntN(60)) * time.Second
		people.Go(func() { pass(later); s.force() })
	}
	first, ends := s.any(r), r.IntN(4) == 0
	people.Go(func() { s.begin(first, ends) })
	people.Wait()
	s.heal(r)
	s.look()
	s.isWell()
}

func (s *sim) any(r *rand.Rand) *server { return []*server{s.a, s.b}[r.IntN(2)] }

// begin has one of the two go through a new move, and perhaps somebody end it.
func (s *sim) begin(on *server, ends bool) {
	ctx, abort := context.WithCancelCause(context.WithoutCancel(s.t.Context()))
	defer abort(nil)
	if ends {
		later := time.Duration(s.draw("abort").IntN(30_000)) * time.Millisecond
		timer := time.AfterFunc(later, func() { abort(ErrAborted) })
		defer timer.Stop()
	}
	id := fmt.Sprintf("%d on %s, %d", s.seed, on.name, s.draw("id").Uint32()) // each asks for a move of its own
	s.note("%s begins", on.name)
	w := wish(id)
	w.Options.DrainS = 20
	done, err := s.on(on).Switch(ctx, w)
	s.tell(on, "switch", done, err)
}

// goOn has one of the two go on with what is open, or end it.
func (s *sim) goOn(r *rand.Rand) {
	on, ctx := s.any(r), context.WithoutCancel(s.t.Context())
	run, how := s.on(on), "resume"
	do := run.Resume
	if r.IntN(2) == 0 {
		do, how = run.Abort, "abort"
	}
	s.note("%s: %s", on.name, how)
	done, err := do(ctx, "bob")
	s.tell(on, how, done, err)
}

// tell notes what a runner says: who is said to be primary was it by that epoch.
func (s *sim) tell(on *server, what string, done Result, err error) {
	s.note("%s: %s: %s, %s primary by %d; %v", on.name, what, done.Outcome, done.Primary, done.Epoch, err)
	s.mu.Lock()
	s.ends[done.Outcome]++
	is := s.owned[done.Epoch]
	s.mu.Unlock()
	if err == nil && done.Outcome == OutcomeDone && (is.name != done.Primary || is.name != done.To) {
		s.broken("it is said to be done, and %s was primary by epoch %d", is.name, done.Epoch)
	}
}

// force makes the secondary the primary, as a person does who believes that the
// other one is gone.
func (s *sim) force() {
	for _, on := range []*server{s.a, s.b} {
		if on.self().Role != node.Secondary {
			continue
		}
		s.mu.Lock()
		s.forced = true
		s.mu.Unlock()
		self, err := on.node.TakeOver(context.Background(), node.Takeover{Seen: on.self().EpochSeen, Actor: "ann", Reason: "it is gone"})
		s.note("%s takes over, epoch %d: %v", on.name, self.Epoch, err)
		s.look()
		return
	}
}

// heal ends all that goes wrong: what is on its way comes in, each hears of the
// other's epoch, and what is open is brought to its end.
func (s *sim) heal(r *rand.Rand) {
	s.mu.Lock()
	s.calm = true
	s.mu.Unlock()
	s.late.Wait()
	// A clock that was put back shows each moment twice.
	pass(node.RunnerLost + drainedFor + 2*mostAhead)
	for range 2 { // what one does about it the other hears
		for _, on := range []*server{s.a, s.b} {
			_, err := on.node.Seen(context.Background(), s.other(on).self().EpochSeen)
			if err == nil {
				_, err = on.node.StepDown(context.Background(), on.name)
			}
			if err != nil {
				s.broken("%s hears its twin: %v", on.name, err)
			}
		}
	}
	if !open(s.t, s.pair) {
		return
	}
	on := s.any(r)
	run := s.on(on)
	end := run.Resume
	if r.IntN(2) == 0 {
		end = run.Abort
	}
	done, err := end(context.Background(), "bob")
	s.tell(on, "in the end", done, err)
	if err != nil && !errors.Is(err, ErrRolledBack) && !errors.Is(err, ErrOvertaken) {
		s.broken("all is well again, and %v", err)
	}
}

// isWell demands that one is primary, the other knows its epoch, nothing is
// drained and no journal is open; and, unless somebody took the role by force,
// that the slots of the primaries make one stretch without a hole.
func (s *sim) isWell() {
	is := s.primary()
	if is == nil {
		s.broken("nobody is primary: %+v, %+v", s.a.self(), s.b.self())
		return
	}
	if seen := s.other(is).self().EpochSeen; !s.forced && seen != is.self().Epoch {
		s.broken("the secondary has seen epoch %d of %d", seen, is.self().Epoch)
	}
	if open(s.t, s.pair) {
		s.broken("a move is open still")
	}
	for _, on := range []*server{s.a, s.b} {
		if self := on.self(); self.DrainingFor != "" && self.Drains(record.At(on.now())) {
			s.broken("%s is drained still: %+v", on.name, self)
		}
	}
	s.tiles()
}

// tiles holds each stretch against the one before, whatever the clocks showed: a
// server whose clock is behind may have owned no slot, and never one of before.
func (s *sim) tiles() {
	s.mu.Lock()
	epochs := make([]int64, 0, len(s.owned))
	for e := range s.owned {
		epochs = append(epochs, e)
	}
	slices.Sort(epochs)
	var wrong string
	for i, e := range epochs {
		if is := s.owned[e]; !s.forced && is.to != 0 && is.to < is.from {
			wrong = fmt.Sprintf("slots from %v on are of epoch %d, and those from %v again", is.from, e, is.to)
		}
		if i > 0 && !s.forced && s.owned[epochs[i-1]].to != s.owned[e].from {
			wrong = fmt.Sprintf("slots up to %v are of epoch %d, and those from %v of epoch %d",
				s.owned[epochs[i-1]].to, epochs[i-1], s.owned[e].from, e)
		}
	}
	now := epochs[len(epochs)-1]
	s.owned = map[int64]stretch{now: s.owned[now]}
	s.mu.Unlock()
	if wrong != "" {
		s.broken("%s", wrong)
	}
}

// look reads both after something was done: no epoch goes back or is another's,
// and without force there are never two that act as primary.
func (s *sim) look() {
	s.mu.Lock()
	a, b := s.a.self(), s.b.self() // one after the other of those who look
	wrong := ""
	for i, is := range []node.Self{a, b} {
		was := s.last[i]
		if is.Epoch < was.Epoch || is.EpochSeen < was.EpochSeen || is.Epoch%2 != int64(1-i) && is.Epoch != 0 {
			wrong = fmt.Sprintf("%s had epoch %d and has %d, had seen %d and has %d", is.Name, was.Epoch, is.Epoch, was.EpochSeen, is.EpochSeen)
		}
		had := s.owned[is.Epoch]
		switch {
		case is.Role == node.Primary && had.name != "" && (had.name != is.Name || had.from != is.OwnsFrom || had.to != 0):
			wrong = fmt.Sprintf("epoch %d was used already: %+v, and now by %+v", is.Epoch, had, is)
		case is.Role == node.Primary:
			s.owned[is.Epoch] = stretch{is.Name, is.OwnsFrom, 0}
		case had.name == is.Name && had.to == 0:
			s.owned[is.Epoch] = stretch{is.Name, had.from, is.OwnsUntil}
		}
		s.last[i] = is
	}
	acts := func(is node.Self) bool { return is.Role == node.Primary && !is.Superseded() }
	if acts(a) && acts(b) && !s.forced {
		wrong = fmt.Sprintf("both are primary: %+v, %+v", a, b)
	}
	s.mu.Unlock()
	if wrong != "" {
		s.broken("%s", wrong)
	}
}

// pass lets time pass, in the bubble of a history.
func pass(d time.Duration) { <-time.After(d) }
