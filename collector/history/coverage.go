package history

import (
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// hearing is what is known of how far a feed was heard: the pure half of
// coverage. Decisions are made here, and written down in ledger.go.
type hearing struct {
	since        record.Instant // the feed was first configured
	coveredUntil record.Instant // zero before the first session
	listening    bool
	gap          *gap // the one that is not over yet
	incarnation  string
}

// A gap is a stretch in which the feed was not heard. Until is zero while it lasts.
type gap struct {
	From, Until record.Instant
	Reason      feed.Reason
	State       GapState
}

// A change is one thing to write down. Exactly one field is set.
type change struct {
	listen  *record.Instant // a session begins here
	heard   *record.Instant // it has heard up to here
	deaf    bool            // it is over
	open    *gap            // a gap begins, its end not yet known
	end     *record.Instant // the open gap ends here
	drop    bool            // the open gap turned out to be none
	between *gap            // a gap with both its ends
	hole    *gap            // a gap within a session
	found   *gap            // what holes of its reason told of this stretch is here
}

// apply returns what a mark changes and the state after it. A session that
// ended without a word counts as crashed.
func (h hearing) apply(m feed.Mark) ([]change, hearing) {
	switch m.What {
	case feed.BeginMark:
		var lost []change
		if h.listening {
			lost, h = h.over(feed.Crashed)
		}
		begun, h := h.begin(m)
		return append(lost, begun...), h
	case feed.ProofMark:
		return h.proof(m.Until)
	case feed.HoleMark:
		return []change{{hole: &gap{m.From, m.Until, m.Reason, GapOpen}}}, h
	case feed.FoundMark:
		return []change{{found: &gap{m.From, m.Until, m.Reason, GapFilled}}}, h
	case feed.EndMark:
		return h.over(m.Reason)
	}
	return nil, h
}

// begin starts a session. Whatever gap was open ends where the session hears
// again; one that the source went on from without missing anything was none.
func (h hearing) begin(m feed.Mark) ([]change, hearing) {
	var changes []change
	s := *m.Begin
	from := s.From
	switch {
	case s.Continues && h.coveredUntil > 0:
		from = h.coveredUntil
		if h.gap != nil {
			changes = append(changes, change{drop: true})
		}
	case h.gap != nil && s.From <= h.gap.From && h.coveredUntil > 0:
		changes, from = h.wentBack(m)
	case h.gap != nil:
		changes = h.endGap(s)
	case h.coveredUntil > 0 && from > h.coveredUntil:
		changes = append(changes, change{between: &gap{h.coveredUntil, from, feed.Unreachable, GapOpen}})
	}
	h.gap = nil
	h.listening = true
	from = max(from, h.coveredUntil) // never back
	h.coveredUntil = from
	if s.Incarnation != "" {
		h.incarnation = s.Incarnation
	}
	return append(changes, change{listen: &from}), h
}

// wentBack ends the open gap where a session begins at a time that counts as
// covered: a clock was set back, or what is heard begins with older records.
// Something was missed all the same. If we have come so far by our own clock
// the gap lasts up to now. If not, coverage lies in the future, and what was
// missed lies within it: that is written as a hole, as long as it took by our
// clock. It returns where coverage goes on, too.
func (h hearing) wentBack(m feed.Mark) ([]change, record.Instant) {
	until := max(h.gap.From+1, m.Told)
	changes := []change{{end: &until}}
	if missed := m.From.Add(-m.Missed); m.Told <= h.gap.From && missed < m.From {
		changes = append(changes, change{hole: &gap{missed, m.From, feed.Clock, GapOpen}})
	}
	return changes, until
}

// endGap ends the open gap where s begins. If the upstream itself was away
// meanwhile, that part of it is nothing that anybody could have heard.
func (h hearing) endGap(s feed.Session) []change {
	restarted := s.Away && s.Incarnation != "" && h.incarnation != "" && s.Incarnation != h.incarnation
	if restarted && s.UpSince > h.gap.From && s.UpSince <= s.From {
		away := gap{h.gap.From, s.UpSince, feed.NoUpstream, GapClosed}
		changes := []change{{drop: true}, {between: &away}}
		if s.UpSince < s.From {
			changes = append(changes, change{between: &gap{s.UpSince, s.From, h.gap.Reason, GapOpen}})
		}
		return changes
	}
	if s.From <= h.gap.From { // nothing was ever heard, and this hears since before we were there
		return []change{{drop: true}}
	}
	return []change{{end: &s.From}}
}

func (h hearing) proof(until record.Instant) ([]change, hearing) {
	if !h.listening || until <= h.coveredUntil {
		return nil, h
	}
	h.coveredUntil = until
	return []change{{heard: &until}}, h
}

// over ends the session and opens a gap behind what was proven. A feed that
// was never heard has a gap since it was first configured.
func (h hearing) over(why feed.Reason) ([]change, hearing) {
	var changes []change
	if h.listening {
		changes = append(changes, change{deaf: true})
	}
	if h.gap == nil {
		from := h.coveredUntil
		if from == 0 {
			from = h.since
		}
		h.gap = &gap{From: from, Reason: why, State: GapOpen}
		changes = append(changes, change{open: h.gap})
	}
	h.listening = false
	return changes, h
}
