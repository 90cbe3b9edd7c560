package report

import (
	"testing"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

func TestCoverage(t *testing.T) {
	r := newRig(t, "2026-11-20 12:00")
	r.addFeed(t, Feed{Name: "bills", Format: "cdr_csv", Source: "pbx"})
	r.hears(t, "pbx", "2026-11-20 20:00")
	r.misses(t, "pbx", "2026-11-21 02:00") // the twin heard it up to midnight
	r.hears(t, "pbx", "2026-11-21 10:00")
	r.misses(t, "pbx", "2026-11-21 11:00") // the twin did not hear it either
	r.hears(t, "pbx", "2026-11-21 12:00")
	r.mark(t, "pbx", feed.Mark{What: feed.HoleMark, From: at("2026-11-21 11:30"), Until: at("2026-11-21 11:31"), Reason: feed.Rejected})
	r.mark(t, "pbx", feed.Mark{What: feed.EndMark, Reason: feed.Unreachable})
	r.now = at("2026-11-21 13:00")
	_, err := r.History.Settle(t.Context(), "pbx", history.Testimony{
		Asked: []record.Span{{From: at("2026-11-20 20:00"), To: at("2026-11-21 11:00")}},
		Heard: []record.Span{{From: at("2026-11-20 12:00"), To: at("2026-11-21 00:00")}},
		Until: at("2026-11-21 11:00"),
	})
	if err != nil {
		t.Fatal(err)
	}
	const names = "start feed covered_s heard_s filled_s single_s gaps open_s lost_s coverage_pct complete"
	table := answers(t)(Coverage(t.Context(), r.Sources, r.asks(t, "2026-11-19 00:00", "2026-11-23 00:00", "")))
	wants(t, table, names,
		"11-20T12:00+00:00 pbx 43200 28800 14400 14400 1 0 0 100 true",
		"11-20T12:00+00:00 bills 0 0 0 0 0 0 0 0 false",
		"11-21T00:00+00:00 pbx 32340 32340 0 0 4 3660 10800 69.1 false",
		"11-21T00:00+00:00 bills 0 0 0 0 0 0 0 0 false",
	)
	ask := r.asks(t, "2026-11-21 10:00", "2026-11-21 12:00", Interval)
	ask.Feed = "pbx"
	wants(t, answers(t)(Coverage(t.Context(), r.Sources, ask)), names,
		"11-21T10:00+00:00 pbx 0 0 0 0 1 0 1800 0 false",
		"11-21T10:30+00:00 pbx 0 0 0 0 1 0 1800 0 false",
		"11-21T11:00+00:00 pbx 1800 1800 0 0 0 0 0 100 true",
		"11-21T11:30+00:00 pbx 1740 1740 0 0 1 60 0 96.6 false",
	)
}

func TestCoverageWithoutUpstream(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.mark(t, "pbx", feed.Mark{What: feed.BeginMark, From: r.now, Begin: &feed.Session{From: r.now, Incarnation: "first"}})
	r.hears(t, "pbx", "2026-11-21 09:00")
	r.mark(t, "pbx", feed.Mark{What: feed.EndMark, Reason: feed.Unreachable})
	r.mark(t, "pbx", feed.Mark{What: feed.BeginMark, From: at("2026-11-21 09:40"), Begin: &feed.Session{
		From: at("2026-11-21 09:40"), Incarnation: "second", UpSince: at("2026-11-21 09:30"), Away: true,
	}})
	r.hears(t, "pbx", "2026-11-21 10:00")
	table := answers(t)(Coverage(t.Context(), r.Sources, r.asks(t, "2026-11-21 09:00", "2026-11-21 10:00", Interval)))
	wants(t, table, "covered_s heard_s no_upstream_s gaps open_s coverage_pct complete",
		"1800 0 1800 1 0 100 true", "1200 1200 0 1 600 66.6 false")
}

// What was counted outlives its records, of which nobody knows any more how
// much of the time they are.
func TestDropped(t *testing.T) {
	r := newRig(t, "2026-11-19 12:00")
	r.hears(t, "pbx", "2026-11-21 12:00")
	r.queue("pbx", "2026-11-19 12:00", "sales", some(4))
	r.queue("pbx", "2026-11-21 08:00", "sales", some(2))
	ask := r.asks(t, "2026-11-18 00:00", "2026-11-22 00:00", Day)
	if _, err := r.History.Drop(t.Context(), "pbx", at("2026-11-21 00:00"), false); err != nil {
		t.Fatal(err)
	}
	table := answers(t)(Queue(t.Context(), r.Sources, ask))
	wants(t, table, "start offered coverage_pct complete",
		"11-19T12:00+00:00 4 - -", "11-20T00:00+00:00 - - -", "11-21T00:00+00:00 2 100 false")
	wants(t, answers(t)(Coverage(t.Context(), r.Sources, ask)), "covered_s gaps coverage_pct complete",
		"- - - -", "- - - -", "43200 0 100 false")
}
