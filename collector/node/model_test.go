package node

import (
	"fmt"
	"testing"

	"github.com/twinctl/twin/collector/record"
)

// A world is all that two servers have on disk of their roles, what is on its way
// between them, and what a runner, or the next one, may go by. It is a value:
// worlds that are equal are one.
type world struct {
	servers [2]modelled
	begun   int   // a runbook is open: its giver is 1, the first, or 2; 0: none is
	token   Token // that goes about; its taker may not have it
	held    bool  // a runner has read it
	voided  bool  // a runner has read that the taker made it void
	cut     bool  // the servers do not hear each other
	forced  int   // takeovers so far
	moves   int   // switch-overs begun so far
	clock   record.Instant
}

type modelled struct {
	self   Self
	token  TokenState // of the world's token, as this server has it
	frozen bool       // it does nothing until it goes on
	asked  bool       // its twin has answered since it started or went on
}

// acts tells whether a server would start what only a primary runs.
func (m modelled) acts() bool {
	return !m.frozen && m.asked && m.self.Role == Primary && !m.self.Superseded()
}

const (
	mostMoves   = 2
	mostForced  = 1
	modelServer = "AB"
)

func firstWorld() world {
	w := world{clock: 1}
	w.servers[0] = modelled{self: Self{Server: "A", Role: Primary, Epoch: 1, EpochSeen: 1, OwnsFrom: 1}, asked: true}
	w.servers[1] = modelled{self: Self{Server: "B", Role: Secondary, EpochSeen: 1}, asked: true}
	return w
}

func pairOf(i int) *Pair { return &Pair{Pair: "p", Server: modelServer[1-i : 2-i]} }

// next returns every world that may follow, with what leads there.
func (w world) next() map[string]world {
	all := map[string]world{}
	for i := range w.servers {
		for what, to := range w.alone(i) {
			all[fmt.Sprintf("%c %s", modelServer[i], what)] = to
		}
		for what, to := range w.runner(i) {
			all[fmt.Sprintf("%c %s", modelServer[i], what)] = to
		}
	}
	cut := w
	cut.cut = !w.cut
	all["the net"] = cut
	return all
}

// alone is what happens to a server by itself: it dies and starts, is frozen and
// goes on, hears its twin, steps down, or a person makes it primary.
func (w world) alone(i int) map[string]world {
	all := map[string]world{}
	m, other := w.servers[i], w.servers[1-i]
	put := func(what string, m modelled) {
		to := w
		to.servers[i] = m
		all[what] = to
	}
	if m.frozen {
		m.frozen, m.asked = false, false
		put("goes on", m)
		return all
	}
	again := m
	again.asked = false
	put("dies and starts", again)
	still := m
	still.frozen = true
	put("is frozen", still)
	if !w.cut && !other.frozen {
		heard := m
		heard.self.EpochSeen = max(m.self.EpochSeen, other.self.EpochSeen)
		heard.asked = true
		put("hears its twin", heard)
	}
	if m.self.Superseded() {
		down := m
		down.self = m.self.asSecondary(w.clock, w.clock)
		put("steps down", down)
	}
	// A person says that the primary is down: it is, or cannot be reached.
	if m.self.Role == Secondary && w.forced < mostForced && (w.cut || other.frozen) {
		to := w
		to.forced++
		to.clock++
		to.servers[i].self = m.self.asPrimary(to.clock, to.clock)
		to.servers[i].asked = true
		all["takes over"] = to
	}
	return all
}

// runner is what a switch-over does, or one that was resumed, with i as giver.
// It is killed anywhere: each step goes by what stands on disk, and it may never
// come.
func (w world) runner(i int) map[string]world {
	all := map[string]world{}
	g, t := w.servers[i], w.servers[1-i]
	giver, taker := !g.frozen, !t.frozen && !w.cut
	// Both were locked and asked, and said the same of their epochs.
	if giver && taker && w.begun == 0 && g.acts() && g.self.EpochSeen == t.self.EpochSeen && w.moves < mostMoves {
		to := w
		to.moves++
		to.begun, to.token, to.held, to.voided = i+1, Token{}, false, false
		to.servers[0].token, to.servers[1].token = "", ""
		all["begins"] = to
	}
	if w.begun != i+1 {
		return all
	}
	if giver && g.token == "" && g.acts() {
		to := w
		to.clock++
		to.token = Token{
			ID: fmt.Sprint("t", to.moves), Pair: "p", Giver: g.self.Server, Taker: t.self.Server, Epoch: g.self.Epoch, At: to.clock,
		}
		to.servers[i].self, to.servers[i].token = g.self.asSecondary(to.clock, to.clock), TokenGiven
		all["gives the role away"] = to
	}
	// It is given up before that, or nobody can take or have the token any more.
	if giver && taker && (g.token == "" || w.held && w.token.fits(t.self, pairOf(1-i), w.clock) != nil && !w.token.returns(g.self)) {
		to := w
		to.begun = 0
		all["is given up"] = to
	}
	if giver && g.token == TokenGiven && !w.held {
		to := w
		to.held = true
		all["tells its token"] = to
	}
	if w.held && taker && t.token == "" && w.token.fits(t.self, pairOf(1-i), w.clock) == nil {
		to := w
		to.clock++
		to.servers[1-i].self, to.servers[1-i].token = t.self.asPrimary(to.clock, w.token.At), TokenTaken
		to.servers[1-i].asked, to.begun = true, 0
		all["has its token taken"] = to
	}
	if w.held && taker && t.token == "" {
		to := w
		to.servers[1-i].token = TokenVoid
		all["has its token voided"] = to
	}
	if taker && t.token == TokenVoid && !w.voided {
		to := w
		to.voided = true
		all["learns that it is void"] = to
	}
	if w.voided && giver && g.token == TokenGiven && w.token.returns(g.self) {
		to := w
		to.clock++
		to.servers[i].self, to.servers[i].token = g.self.asPrimary(to.clock, w.token.At), TokenVoid
		to.begun = 0
		all["takes the role back"] = to
	}
	return all
}

// broken says what promise a step breaks, "" if none: P7 and P6 as far as they
// are a matter of who is primary.
func broken(from, to world) string {
	a, b := to.servers[0].self, to.servers[1].self
	for i, m := range to.servers {
		was := from.servers[i].self
		switch {
		case m.self.EpochSeen < was.EpochSeen || m.self.Epoch < was.Epoch:
			return "an epoch went back"
		case m.self.Epoch != was.Epoch && m.self.Epoch <= max(was.EpochSeen, from.servers[1-i].self.Epoch) && to.forced == 0:
			return "an epoch is not above all that were used"
		case m.self.Epoch%2 != was.Epoch%2:
			return "an epoch is the other one's"
		case to.forced == from.forced && was.Role == Secondary && m.self.Role == Primary &&
			to.servers[1-i].self.Role == Primary && to.servers[1-i].self.Epoch > was.Epoch && was.EpochSeen >= to.servers[1-i].self.Epoch:
			return "the role is taken from one who was known to have it"
		case to.forced == 0 && was.Role == Secondary && m.self.Role == Primary && m.self.OwnsFrom != max(was.OwnsUntil, from.servers[1-i].self.OwnsUntil):
			return "slots are lost or doubled between two primaries"
		}
	}
	switch {
	case a.Epoch == b.Epoch:
		return "both have the same epoch"
	case to.servers[0].acts() && to.servers[1].acts() && to.forced == 0:
		return "two primaries act, and nobody forced it"
	case to.servers[0].acts() && to.servers[1].acts() && a.EpochSeen == b.EpochSeen:
		return "two primaries act that have heard of each other"
	case to.servers[0].token == TokenTaken && to.servers[1].token == TokenVoid, to.servers[0].token == TokenVoid && to.servers[1].token == TokenTaken:
		return "a token is both taken and void"
	}
	return ""
}

// TestAllWorldsKeepThePromises goes through every state that two servers can get
// into by switch-overs, aborted and resumed ones, a forced promotion, deaths,
// freezes and cuts, in whatever order. None breaks a promise, and none is a dead
// end.
func TestAllWorldsKeepThePromises(t *testing.T) {
	first := firstWorld()
	seen := map[world]bool{first: true}
	arrivals, homecomings := map[string]int{}, 0
	for queue := []world{first}; len(queue) > 0; {
		w := queue[0]
		queue = queue[1:]
		for what, to := range w.next() {
			if why := broken(w, to); why != "" {
				t.Fatalf("%s: %s\nfrom %+v\nto   %+v", what, why, w, to)
			}
			arrivals[what[2:]]++
			if seen[to] {
				continue
			}
			seen[to] = true
			queue = append(queue, to)
			if !to.resolves() {
				t.Fatalf("nobody can be primary from %+v", to)
			}
			if to.moves == 2 && to.servers[0].acts() {
				homecomings++
			}
		}
	}
	t.Logf("%d worlds; %v", len(seen), arrivals)
	for _, what := range []string{"takes over", "steps down", "takes the role back", "has its token taken", "learns that it is void"} {
		if arrivals[what] == 0 {
			t.Errorf("it never happened: %s", what)
		}
	}
	if homecomings == 0 {
		t.Error("the role never came home")
	}
}

// resolves heals a world, and resumes what was begun: one of the two is primary
// then.
func (w world) resolves() bool {
	w.cut = false
	for range 8 {
		for i := range w.servers {
			for _, what := range []string{"goes on", "hears its twin", "steps down"} {
				if to, ok := w.alone(i)[what]; ok {
					w = to
				}
			}
		}
		if w.servers[0].acts() != w.servers[1].acts() {
			return true
		}
		for i := range w.servers {
			for _, what := range []string{"tells its token", "learns that it is void", "has its token taken", "takes the role back"} {
				if to, ok := w.runner(i)[what]; ok {
					w = to
				}
			}
		}
	}
	return false
}
