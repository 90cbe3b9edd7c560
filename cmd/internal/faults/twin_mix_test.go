package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
)

// A mix is a seeded sequence of faults that befall two twins, which hear one
// upstream all the while.
type mix struct {
	*twins
	calls  *hall
	random *rand.Rand
	faults []mixed
	hurts  [2][]stretch // for each server, when its faults were
	count  map[string]int
}

// A mixed is one kind of fault. It is over when it returns, but for the fill.
type mixed struct {
	name string
	do   func(m *mix, who int)
	gaps bool // it keeps that server from hearing its feed
}

// A stretch is a time in which gaps may be.
type stretch struct{ from, to time.Time }

// mixedFaults are those that need nothing but the programs.
func mixedFaults() []mixed {
	return []mixed{
		{"kill", func(m *mix, who int) { s := m.server(who); s.kill(); m.wait(3000); s.start() }, true},
		{"kill while it fills", func(m *mix, who int) {
			s := m.server(who)
			s.kill()
			m.wait(500)
			s.start()
			m.wait(6000)
			s.kill()
			s.start()
		}, true},
		{"stop", func(m *mix, who int) { s := m.server(who); s.stop(); m.wait(3000); s.start() }, true},
		{"freeze", func(m *mix, who int) {
			s := m.server(who)
			s.signal(syscall.SIGSTOP)
			m.wait(4000)
			s.signal(syscall.SIGCONT)
		}, false},
		{"freeze and kill", func(m *mix, who int) {
			s := m.server(who)
			s.signal(syscall.SIGSTOP)
			m.wait(3000)
			s.signal(syscall.SIGCONT)
			m.wait(5)
			s.kill()
			s.start()
		}, true},
		{"cut the link", func(m *mix, who int) { r := m.road(who); r.become(cut); m.wait(4000); r.become(free) }, false},
		{"cut the link soon", func(m *mix, who int) {
			r := m.road(who)
			r.cutAfter(m.random.Int64N(200_000))
			m.wait(8000)
			r.become(free)
		}, false},
		{"mute link", func(m *mix, who int) { r := m.road(who); r.become(mute); m.wait(4000); r.become(free) }, false},
	}
}

func (m *mix) server(who int) *server { return []*server{m.a, m.b}[who] }
func (m *mix) road(who int) *road     { return []*road{m.toA, m.toB}[who] }

// wait waits for so many milliseconds at the most.
func (m *mix) wait(most int) {
	pause(m.t.Context(), time.Duration(m.random.IntN(most)+1)*time.Millisecond)
}

// seed returns the one of the environment, or a new one, and prints it.
func seed(t *testing.T) int64 {
	t.Helper()
	n := time.Now().UnixNano()
	if text := os.Getenv("TWIN_SEED"); text != "" {
		var err error
		if n, err = strconv.ParseInt(text, 10, 64); err != nil {
			t.Fatalf("TWIN_SEED: %v", err)
		}
	}
	t.Logf("TWIN_SEED=%d", n)
	return n
}

// TestTwinMix is the quick form of TestRealTwinMix.
func TestTwinMix(t *testing.T) {
	t.Parallel()
	newMix(t, t.TempDir(), mixedFaults()).run(25 * time.Second)
}

// newMix makes the twins, with the second one's data in that directory.
func newMix(t *testing.T, dir string, faults []mixed) *mix {
	t.Helper()
	n := seed(t)
	calls := newHall(t)
	return &mix{
		twins: newTwinsAt(t, dir, calls.section("calls")), calls: calls, faults: faults,
		random: rand.New(rand.NewPCG(uint64(n), 0)), count: map[string]int{},
	}
}

// run lets faults happen for so long, and then all is quiet: within thirty
// seconds both servers have every line, each once, and no gap that no fault
// accounts for. What neither heard is lost, and stands in both gap lists.
func (m *mix) run(long time.Duration) {
	m.start()
	m.calls.rate.Store(300)
	spoke := time.Now()
	m.a.proves("calls", spoke) // the silence before proves little
	m.b.proves("calls", spoke)
	for begun := time.Now(); time.Since(begun) < long; m.wait(4000) {
		fault, who := m.faults[m.random.IntN(len(m.faults))], m.random.IntN(2)
		from := time.Now()
		fault.do(m, who)
		m.count[fault.name]++
		if fault.gaps {
			s := m.server(who)
			eventually(m.t, s.name+" hears again after: "+fault.name, func() bool { return s.committed("calls") > 0 })
			m.hurts[who] = append(m.hurts[who], stretch{from, time.Now()})
		}
	}
	m.t.Logf("%d lines, faults %v", len(m.calls.lines()), m.count)
	took := eventually(m.t, "equal after quiet", func() bool {
		if m.a.open("calls") || m.b.open("calls") {
			return false
		}
		_, exit, _ := tryCtl(m.t, "compare", "--config", m.a.config)
		return exit == 0
	})
	m.t.Logf("equal %s after the last fault", took.Round(100*time.Millisecond))
	m.calls.rate.Store(0)
	said := m.calls.lines()
	pause(m.t.Context(), 3*time.Second) // a line is a record within one
	m.well()
	m.twins.stop()
	m.judge(said)
}

// judge holds what both have against what was said.
func (m *mix) judge(said []string) {
	m.t.Helper()
	var held [2][]shown
	for who := range held {
		s := m.server(who)
		held[who] = s.export("calls")
		gaps := slices.DeleteFunc(s.gaps("calls"), func(g history.Gap) bool { return g.To == nil }) // of the last stop
		mustHold(m.t, held[who], held[who])
		unfilled := slices.DeleteFunc(slices.Clone(gaps), func(g history.Gap) bool {
			return g.State == history.GapFilled || g.State == history.GapClosed
		})
		mustExplain(m.t, said, held[who], unfilled)
		for _, g := range gaps {
			if !m.accounted(who, g) {
				m.t.Errorf("%s: a gap that no fault accounts for: %+v; its faults were %v", s.name, g, m.hurts[who])
			}
		}
		if n := s.feed("calls").Duplicates; n != 0 {
			m.t.Errorf("%s: %d duplicates", s.name, n)
		}
	}
	if !slices.Equal(held[0], held[1]) {
		m.t.Error("the histories are not equal")
	}
}

// accounted tells whether a gap lies within faults of that server. One may
// begin at the last proof before, and end with the first after; where the next
// fault comes before the server has proven anything, two faults make one gap.
func (m *mix) accounted(who int, g history.Gap) bool {
	const before, after = 6 * time.Second, 3 * time.Second
	hurts := slices.SortedFunc(slices.Values(m.hurts[who]), func(a, b stretch) int { return a.from.Compare(b.from) })
	var wide stretch
	for _, s := range hurts {
		if s.from.Add(-before).After(wide.to) {
			wide.from = s.from
		}
		if s.to.After(wide.to) {
			wide.to = s.to
		}
		if g.From.Time().After(wide.from.Add(-before)) && g.To.Time().Before(wide.to.Add(after)) {
			return true
		}
	}
	return false
}

// String shows when a fault was.
func (s stretch) String() string {
	const clock = "15:04:05.000"
	return fmt.Sprintf("%s-%s", s.from.UTC().Format(clock), s.to.UTC().Format(clock))
}
