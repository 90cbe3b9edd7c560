package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

func TestPairs(t *testing.T) { manyPairs(t, draws.Of(60)) }

// manyPairs has two engines go through crashes, switches in order and not, a
// link that is slow, and clocks that are set, and holds what came of each slot
// against the promises.
func manyPairs(t *testing.T, cases int) {
	t.Helper()
	for seed := range cases {
		synctest.Test(t, func(t *testing.T) {
			m := newModel(t, uint64(seed))
			defer m.close()
			for range 8 {
				later(time.Duration(m.IntN(1500)) * time.Second)
				m.act()
			}
			m.settle()
			m.judge()
		})
		if t.Failed() {
			return
		}
	}
}

// A model is a pair and what was done to it.
type model struct {
	*pair
	*rand.Rand

	primary *server // nil: a switch is under way
	up      map[*server]bool
	from    record.Instant
	orderly bool // so far: no crash, no promotion in need, no clock that was set
	// skewed has clocks that are set, and no promotion in need: where two clocks
	// differ and nothing was told, nobody can know what the other ran.
	skewed bool
	quiet  bool // nothing goes wrong
	did    []string
}

func newModel(t *testing.T, seed uint64) *model {
	t.Helper()
	policy := func(crash string) admin.Body {
		return admin.Body{"schedule": "*/10 * * * *", "after_crash": crash, "catch_up": "all", "on_promotion": "all", "overlap": "queue", "grace_s": int64(0), "spacing_s": int64(0)}
	}
	strict := policy("at_most_once") // what a switch in order makes late is run all the same
	strict["catch_up"], strict["on_promotion"], strict["grace_s"] = "skip", "skip", int64(60)
	once, least, both := read(t, "once", strict), read(t, "least", policy("at_least_once")), policy("at_least_once")
	both["runs_on"] = "both"
	m := &model{pair: newPair(t, once, least, read(t, "both", both)), Rand: rand.New(rand.NewPCG(seed, 1)), orderly: true, skewed: seed%2 == 1, quiet: seed%4 == 0}
	m.primary, m.up, m.from = m.a, map[*server]bool{}, record.At(time.Now())
	for _, s := range m.pair.both() {
		s.took = func(job task.Job) (time.Duration, task.State) {
			return time.Duration(job.Run*37%90) * time.Second, task.OK
		}
		m.start(s)
	}
	m.tell() // which goes on each five seconds while the link is up
	return m
}

func (m *model) note(format string, args ...any) {
	m.did = append(m.did, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

func (m *model) start(s *server) {
	s.calm()
	s.start()
	m.up[s] = true
	synctest.Wait()
}

func (m *model) kill(s *server) {
	if m.up[s] {
		m.note("kill %s", s.name)
		s.kill()
		m.up[s] = false
	}
}

func (m *model) other(s *server) *server {
	if s == m.a {
		return m.b
	}
	return m.a
}

func (m *model) act() {
	kind := m.IntN(7)
	if m.quiet {
		kind = 3 * m.IntN(2)
	}
	switch s := m.pair.both()[m.IntN(2)]; kind {
	case 0, 1:
		if m.up[m.a] && m.up[m.b] {
			m.note("tell")
			m.tell()
		}
	case 2:
		if m.up[s] {
			m.kill(s)
			m.orderly = false
			return
		}
		m.note("start %s", s.name)
		m.start(s)
	case 3, 4:
		if m.skewed { // the ledger has no clock that is set
			m.switchSkewed()
			return
		}
		m.switchOver()
	case 5, 6:
		if !m.skewed {
			m.promoteInNeed()
			return
		}
		m.orderly = false
		by := time.Duration(m.IntN(2400)-1200) * time.Second
		m.note("set the clock of %s by %v", s.name, by)
		s.change(func() { s.behind += by })
	}
	synctest.Wait()
}

// settle brings both up and lets them come to rest.
func (m *model) settle() {
	for _, s := range m.pair.both() {
		if !m.up[s] {
			m.start(s)
		}
	}
	later(2 * time.Hour)
	for _, s := range m.pair.both() {
		s.change(func() { s.took = nil })
	}
	later(5*time.Minute - time.Duration(time.Now().Minute()%10)*time.Minute + 10*time.Minute)
	for _, s := range m.pair.both() {
		s.stop()
	}
}

// judge holds what came of each slot against the promises.
func (m *model) judge() {
	m.t.Helper()
	end := min(record.At(m.a.now()), record.At(m.b.now())) - 30*record.Minute
	over, overlapped := record.Span{From: m.from, To: end}, map[ran]bool{}
	for _, s := range m.pair.both() {
		final(m.t, s, s.list[2], over)
		for _, id := range []string{"once", "least"} { // their queue holds one, and what is made up for stands in it
			for _, r := range s.runs(id) {
				overlapped[ran{id, r.Slot}] = overlapped[ran{id, r.Slot}] || r.Reason == WhyOverlap
			}
		}
	}
	for at := m.from.Time(); ; {
		slot, _ := m.a.list[0].Schedule.Next(at)
		if record.At(slot) >= end {
			break
		}
		at = slot
		once := m.a.ran[ran{"once", record.At(slot)}] + m.b.ran[ran{"once", record.At(slot)}]
		least := m.a.ran[ran{"least", record.At(slot)}] + m.b.ran[ran{"least", record.At(slot)}]
		switch {
		case once > 1:
			m.t.Errorf("once began %d times at %v", once, slot)
		case once == 0 && m.orderly && !overlapped[ran{"once", record.At(slot)}] && !m.waitedOut(m.a.list[0], record.At(slot)):
			m.t.Errorf("once never began at %v, and nothing went wrong", slot)
		case least == 0 && !overlapped[ran{"least", record.At(slot)}]:
			m.t.Errorf("least never began at %v", slot)
		}
	}
	if m.t.Failed() {
		m.t.Logf("what was done:\n%s", strings.Join(m.did, "\n"))
		for _, s := range m.pair.both() {
			for _, tt := range s.list {
				m.t.Logf("%s %s: %s", s.name, tt.ID, ledger(s, tt.ID))
			}
		}
	}
}

// waitedOut tells whether a slot stood behind a run of before for longer than its
// grace, which is what that is for: also where a switch made the one before late.
func (m *model) waitedOut(t timetable.Timetable, slot record.Instant) bool {
	for _, s := range m.pair.both() {
		for _, r := range s.runs(t.ID) {
			if r.Started != 0 && r.Started <= slot && r.Ended > slot.Add(t.Grace) {
				return true
			}
		}
	}
	return false
}
