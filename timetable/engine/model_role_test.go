package engine

import (
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// switchSkewed moves the role in order between servers whose clocks differ: the
// old primary stops acting as such, its ledger is told, and then the other
// begins.
func (m *model) switchSkewed() {
	old := m.primary
	if !m.up[old] || !m.up[m.other(old)] {
		return
	}
	m.note("switch over from %s", old.name)
	old.change(func() { old.twinStopped = false })
	old.become(node.Secondary, m.next())
	later(time.Second + time.Duration(m.IntN(900))*time.Second)
	synctest.Wait()
	m.tell()
	m.primary = m.other(old)
	m.primary.change(func() { m.primary.twinStopped = true })
	m.primary.become(node.Primary, m.next())
}

// switchOver moves the role as a runbook does: it drains, gives the role away
// with a token, tells, and has the other take it; or gives up on the way.
func (m *model) switchOver() {
	old, ctx := m.primary, m.t.Context()
	taker := m.other(old)
	runbook := fmt.Sprintf("r%d", m.next())
	m.note("switch over from %s", old.name)
	m.must(old.db.Drain(ctx, runbook, 24*time.Hour))
	old.moved()
	if m.IntN(4) > 0 {
		m.while(900)
	}
	if m.IntN(5) == 0 {
		m.note("it stays on %s", old.name)
		m.must(old.db.Refill(ctx, runbook))
		old.moved()
		return
	}
	token := m.giveAway(old, runbook)
	old.moved()
	m.while(900)
	if m.IntN(4) == 0 {
		m.note("%s takes it back", old.name)
		m.must(taker.db.VoidToken(ctx, token, "ann"))
		_, err := old.db.TakeBack(ctx, token.ID, "ann")
		m.must(err)
		old.moved()
		m.spread()
		return
	}
	m.tell()
	if !m.quiet && m.IntN(4) == 0 {
		m.kill(taker)
		m.orderly = false
	}
	_, err := taker.db.Promote(ctx, token, "ann")
	m.must(err)
	m.primary = taker
	m.spread()
	taker.moved()
	if !m.up[taker] {
		m.while(900)
		m.note("start %s", taker.name)
		m.start(taker)
	}
}

func (m *model) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// while lets up to so many seconds pass.
func (m *model) while(most int) {
	later(time.Duration(m.IntN(most)) * time.Second)
	synctest.Wait()
}

// giveAway has a primary give its role away, also where its engine is dead.
func (m *model) giveAway(old *server, runbook string) (token node.Token) {
	m.t.Helper()
	if !m.up[old] {
		self, err := old.db.Self(m.t.Context())
		m.must(err)
		token, err = old.db.Demote(m.t.Context(), node.Demotion{
			Runbook: runbook, Epoch: self.Epoch, Actor: "ann", At: record.At(old.now()), Claims: m.due(old), Drop: m.unbegun(old), Reason: WhyHandover,
		})
		m.must(err)
		return token
	}
	if m.IntN(3) == 0 {
		_, err := old.engine.CancelRole(m.t.Context(), true, "ann")
		m.must(err)
	}
	token, err := old.giveAway(runbook)
	for errors.Is(err, ErrGoesOn) {
		later(10 * time.Second)
		token, err = old.giveAway(runbook)
	}
	m.must(err)
	m.note("%s gave it away at %v", old.name, token.At)
	return token
}

// due returns what a server claims whose engine is dead.
func (m *model) due(s *server) []node.Claim {
	s.stir()
	here, err := s.here(m.t.Context())
	m.must(err)
	s.calm()
	cursors, err := s.db.RunCursors(m.t.Context())
	m.must(err)
	return HandOver(s.list, cursors, here, record.At(s.now()))
}

// unbegun ends what ran when an engine died, and returns what did not.
func (m *model) unbegun(s *server) (ids []int64) {
	open, err := s.db.UnendedRuns(m.t.Context())
	m.must(err)
	for _, r := range open {
		switch {
		case r.Role != node.Primary:
		case r.State == node.RunClaimed:
			ids = append(ids, r.ID)
		default:
			m.must(s.db.EndRun(m.t.Context(), r.ID, node.RunEnd{State: node.RunInterrupted, Reason: WhyDown}))
		}
	}
	return ids
}

// promoteInNeed makes the other server the primary without a word of the old
// one, which is down, or cut off and fenced: two that both act as primary are
// nothing that an engine could help.
func (m *model) promoteInNeed() {
	old, ctx := m.primary, m.t.Context()
	taker := m.other(old)
	if !m.up[taker] {
		return
	}
	m.orderly = false
	if m.IntN(2) == 0 {
		m.kill(old)
	}
	m.while(1200)
	m.note("promote %s in need", taker.name)
	self, err := taker.db.Self(ctx)
	m.must(err)
	_, err = old.db.Seen(ctx, self.NextEpoch())
	m.must(err)
	_, err = old.db.StepDown(ctx, "twind")
	m.must(err)
	old.moved()
	m.primary = taker
	_, err = taker.db.TakeOver(ctx, node.Takeover{Seen: self.EpochSeen, Actor: "ann", Reason: "it is down"})
	m.must(err)
	taker.moved()
}

// spread has both hear of the highest epoch, as they do within seconds.
func (m *model) spread() {
	for _, s := range m.pair.both() {
		self, err := s.db.Self(m.t.Context())
		m.must(err)
		_, err = m.other(s).db.Seen(m.t.Context(), self.EpochSeen)
		m.must(err)
	}
}
