package history

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

func begin(s feed.Session) feed.Mark { return feed.Mark{What: feed.BeginMark, From: s.From, Begin: &s} }

// told is begin, told at that time of ours, so many microseconds after the
// session before was last heard.
func told(s feed.Session, at, missed record.Instant) feed.Mark {
	m := begin(s)
	m.Told, m.Missed = at, missed.Sub(0)
	return m
}

func proof(until record.Instant) feed.Mark { return feed.Mark{What: feed.ProofMark, Until: until} }

func end(why feed.Reason) feed.Mark { return feed.Mark{What: feed.EndMark, Reason: why} }

func hole(from, until record.Instant, why feed.Reason) feed.Mark {
	return feed.Mark{What: feed.HoleMark, From: from, Until: until, Reason: why}
}

func TestHearingApply(t *testing.T) {
	const (
		fresh = "fresh"
		first = "first"
	)
	// Known since 5; heard up to 100 where it was heard at all.
	unheard := hearing{since: 5}
	live := hearing{since: 5, coveredUntil: 100, listening: true, incarnation: first}
	deaf := hearing{since: 5, coveredUntil: 100, gap: &gap{From: 100, Reason: feed.Mute, State: GapOpen}, incarnation: first}
	never := hearing{since: 5, gap: &gap{From: 5, Reason: feed.Unreachable, State: GapOpen}}

	// heard returns a hearing in a session that has heard up to until.
	heard := func(until record.Instant, incarnation string) hearing {
		return hearing{since: 5, coveredUntil: until, listening: true, incarnation: incarnation}
	}
	lost := func(from record.Instant, why feed.Reason, incarnation string, covered record.Instant) hearing {
		return hearing{since: 5, coveredUntil: covered, gap: &gap{From: from, Reason: why, State: GapOpen}, incarnation: incarnation}
	}

	for name, c := range map[string]struct {
		before hearing
		mark   feed.Mark
		want   []change
		after  hearing
	}{
		"the first session begins without a gap": {
			unheard, begin(feed.Session{From: 20}), []change{{listen: new(record.Instant(20))}}, heard(20, ""),
		},
		"nobody answers at first": {
			unheard, end(feed.Unreachable),
			[]change{{open: &gap{From: 5, Reason: feed.Unreachable, State: GapOpen}}},
			lost(5, feed.Unreachable, "", 0),
		},
		"the first session after nobody answered": {
			never, begin(feed.Session{From: 20}), []change{{end: new(record.Instant(20))}, {listen: new(record.Instant(20))}}, heard(20, ""),
		},
		"a first session that heard all since before": {
			never, begin(feed.Session{From: 3}), []change{{drop: true}, {listen: new(record.Instant(3))}}, heard(3, ""),
		},
		"proof":                   {live, proof(150), []change{{heard: new(record.Instant(150))}}, heard(150, first)},
		"proof never goes back":   {live, proof(99), nil, live},
		"proof of the same":       {live, proof(100), nil, live},
		"proof without a session": {deaf, proof(150), nil, deaf},
		"stopped": {
			live, end(feed.Stopped),
			[]change{{deaf: true}, {open: &gap{From: 100, Reason: feed.Stopped, State: GapOpen}}},
			lost(100, feed.Stopped, first, 100),
		},
		"mute": {
			live, end(feed.Mute),
			[]change{{deaf: true}, {open: &gap{From: 100, Reason: feed.Mute, State: GapOpen}}},
			lost(100, feed.Mute, first, 100),
		},
		"an end after the end keeps the first reason": {deaf, end(feed.Paused), nil, deaf},
		"hears again": {
			deaf, begin(feed.Session{From: 130}), []change{{end: new(record.Instant(130))}, {listen: new(record.Instant(130))}}, heard(130, first),
		},
		"hears again where it had left off": {
			deaf, begin(feed.Session{From: 100}), []change{{end: new(record.Instant(101))}, {listen: new(record.Instant(101))}}, heard(101, first),
		},
		"older records come first, and something was lost": {
			deaf, told(feed.Session{From: 40}, 130, 20), []change{{end: new(record.Instant(130))}, {listen: new(record.Instant(130))}}, heard(130, first),
		},
		"a clock was set back": {
			deaf, told(feed.Session{From: 40}, 60, 20),
			[]change{
				{end: new(record.Instant(101))},
				{hole: &gap{20, 40, feed.Clock, GapOpen}},
				{listen: new(record.Instant(101))},
			},
			heard(101, first),
		},
		"a clock was set back while nobody was there": {
			deaf, told(feed.Session{From: 40}, 60, 0), []change{{end: new(record.Instant(101))}, {listen: new(record.Instant(101))}}, heard(101, first),
		},
		"goes on from its position": {
			deaf, begin(feed.Session{From: 130, Continues: true}), []change{{drop: true}, {listen: new(record.Instant(100))}}, heard(100, first),
		},
		"goes on though nothing was ever heard": {
			never, begin(feed.Session{From: 20, Continues: true}), []change{{end: new(record.Instant(20))}, {listen: new(record.Instant(20))}}, heard(20, ""),
		},
		"a session that nobody ended had crashed": {
			live, begin(feed.Session{From: 130}),
			[]change{
				{deaf: true},
				{open: &gap{From: 100, Reason: feed.Crashed, State: GapOpen}},
				{end: new(record.Instant(130))},
				{listen: new(record.Instant(130))},
			},
			heard(130, first),
		},
		"crashed, and goes on from its position": {
			live, begin(feed.Session{From: 130, Continues: true}),
			[]change{
				{deaf: true},
				{open: &gap{From: 100, Reason: feed.Crashed, State: GapOpen}},
				{drop: true},
				{listen: new(record.Instant(100))},
			},
			heard(100, first),
		},
		"the upstream itself was away": {
			deaf, begin(feed.Session{From: 130, Away: true, Incarnation: fresh, UpSince: 120}),
			[]change{
				{drop: true},
				{between: &gap{100, 120, feed.NoUpstream, GapClosed}},
				{between: &gap{120, 130, feed.Mute, GapOpen}},
				{listen: new(record.Instant(130))},
			},
			heard(130, fresh),
		},
		"heard from its start on": {
			deaf, begin(feed.Session{From: 120, Away: true, Incarnation: fresh, UpSince: 120}),
			[]change{{drop: true}, {between: &gap{100, 120, feed.NoUpstream, GapClosed}}, {listen: new(record.Instant(120))}},
			heard(120, fresh),
		},
		"another upstream, but the old one was not seen to go": {
			deaf, begin(feed.Session{From: 130, Incarnation: fresh, UpSince: 120}),
			[]change{{end: new(record.Instant(130))}, {listen: new(record.Instant(130))}},
			heard(130, fresh),
		},
		"away, but the same upstream": {
			deaf, begin(feed.Session{From: 130, Away: true, Incarnation: first, UpSince: 120}),
			[]change{{end: new(record.Instant(130))}, {listen: new(record.Instant(130))}},
			heard(130, first),
		},
		"another upstream that says it is up for longer": {
			deaf, begin(feed.Session{From: 130, Away: true, Incarnation: fresh, UpSince: 90}),
			[]change{{end: new(record.Instant(130))}, {listen: new(record.Instant(130))}},
			heard(130, fresh),
		},
		"another upstream that says it will start": {
			deaf, begin(feed.Session{From: 130, Away: true, Incarnation: fresh, UpSince: 131}),
			[]change{{end: new(record.Instant(130))}, {listen: new(record.Instant(130))}},
			heard(130, fresh),
		},
		"a hole": {
			live, hole(80, 90, feed.Rejected), []change{{hole: &gap{80, 90, feed.Rejected, GapOpen}}}, live,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, after := c.before.apply(c.mark)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(change{})); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.after, after, cmp.AllowUnexported(hearing{})); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
		})
	}
}
