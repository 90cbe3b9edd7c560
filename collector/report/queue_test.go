package report

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

// some is what is counted of a quarter hour in which calls came, half of which
// were answered.
func some(calls int64) acd.QueueCounts {
	return acd.QueueCounts{
		Offered: calls, Answered: calls / 2, Abandoned: calls - calls/2, Completed: calls / 2,
		AnsweredWait: record.Instant(calls/2) * 10 * record.Second, AnsweredWaitMax: record.Instant(calls) * record.Second,
		Talk:          record.Instant(calls/2) * 60 * record.Second,
		AnsweredWaits: acd.Waits{1: calls / 2}, AbandonedWaits: acd.Waits{0: 1, 15: calls - calls/2 - 1},
	}
}

func TestQueueSums(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 10:00")
	r.queue("pbx", "2026-11-21 08:00", "sales", some(4))
	r.queue("pbx", "2026-11-21 08:15", "sales", some(6))
	r.queue("pbx", "2026-11-21 09:45", "support", some(2))
	r.administer(t, row("queue", "sales", admin.Body{"name": "Sales, all"}))

	ask := r.asks(t, "2026-11-21 08:00", "2026-11-21 10:00", Interval)
	table := answers(t)(Queue(t.Context(), r.Sources, ask))
	wants(t, table, "start queue name offered answered answered_wait_max_s coverage_pct complete",
		"11-21T08:00+00:00 sales Sales, all 10 5 6 100 true",
		"11-21T08:00+00:00 support - 0 0 - 100 true",
		"11-21T08:30+00:00 sales Sales, all 0 0 - 100 true",
		"11-21T08:30+00:00 support - 0 0 - 100 true",
		"11-21T09:00+00:00 sales Sales, all 0 0 - 100 true",
		"11-21T09:00+00:00 support - 0 0 - 100 true",
		"11-21T09:30+00:00 sales Sales, all 0 0 - 100 true",
		"11-21T09:30+00:00 support - 2 1 2 100 true",
	)
	wants(t, table, "abandoned abandoned_within short_abandoned answered_within service_level_pct abandoned_pct asa_s aht_s talk_s refused",
		"5 2 2 5 50 50 10 60 300 0", "0 0 0 0 - - - - 0 0", "0 0 0 0 - - - - 0 0", "0 0 0 0 - - - - 0 0",
		"0 0 0 0 - - - - 0 0", "0 0 0 0 - - - - 0 0", "0 0 0 0 - - - - 0 0", "1 1 1 1 50 50 10 60 60 0",
	)
	if got := shown(t, table, table.Total, "start queue offered answered asa_s answered_wait_max_s coverage_pct complete"); got != "- - 12 6 10 6 100 true" {
		t.Errorf("in total: %s", got)
	}
}

func TestHoleIsNeverZero(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 08:40")
	r.misses(t, "pbx", "2026-11-21 09:31:30")
	r.hears(t, "pbx", "2026-11-21 10:20")
	r.queue("pbx", "2026-11-21 08:00", "sales", some(4))
	table := answers(t)(Queue(t.Context(), r.Sources, r.asks(t, "2026-11-21 00:00", "2026-11-22 00:00", Interval)))
	wants(t, table, "start offered talk_s coverage_pct complete",
		"11-21T08:00+00:00 4 120 100 true",
		"11-21T08:30+00:00 0 0 33.3 false",
		"11-21T09:00+00:00 - - 0 false",
		"11-21T09:30+00:00 0 0 95 false",
		"11-21T10:00+00:00 0 0 100 false", // not over
	)
	notes := []string{"the history begins 2026-11-21 08:00", "63.2% of the time was heard: what was missed is not counted"}
	if diff := cmp.Diff(notes, table.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}

	// While nobody listens the hole grows with the clock.
	r.now = at("2026-11-21 11:10")
	table = answers(t)(Queue(t.Context(), r.Sources, r.asks(t, "2026-11-21 10:00", "2026-11-22 00:00", Interval)))
	wants(t, table, "start offered coverage_pct complete",
		"11-21T10:00+00:00 0 66.6 false", "11-21T10:30+00:00 - 0 false", "11-21T11:00+00:00 - 0 false")

	// What was heard late counts although its coverage was never proven.
	r.queue("pbx", "2026-11-21 09:00", "sales", some(2))
	table = answers(t)(Queue(t.Context(), r.Sources, r.asks(t, "2026-11-21 09:00", "2026-11-21 09:30", Interval)))
	wants(t, table, "offered coverage_pct complete", "2 0 false")
}

func TestCompleteIsCounted(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 10:00")
	r.queue("pbx", "2026-11-21 08:00", "sales", some(4))
	r.told["pbx"].Span.To = at("2026-11-21 09:59:59")
	ask := r.asks(t, "2026-11-21 08:00", "2026-11-21 10:00", Interval)
	for _, late := range []string{"2026-11-21 08:20", "2026-11-21 09:00"} {
		r.hear(t, "pbx", record.New(at(late), 0, []byte("late")))
	}
	table := answers(t)(Queue(t.Context(), r.Sources, ask))
	wants(t, table, "start coverage_pct complete", "11-21T08:00+00:00 100 false", "11-21T08:30+00:00 100 true",
		"11-21T09:00+00:00 100 false", "11-21T09:30+00:00 100 false")
}

func TestServiceLevels(t *testing.T) {
	counts := acd.QueueCounts{
		Offered: 100, Answered: 60, Abandoned: 30, TimedOut: 5, Completed: 50,
		AnsweredWaits:  acd.Waits{0: 10, 3: 20, 4: 10, 15: 20},
		AbandonedWaits: acd.Waits{0: 6, 1: 4, 15: 20},
		RingNoAnswer:   9, RingsNoAnswer: acd.Waits{0: 4, 1: 3},
	}
	for formula, want := range map[string]string{
		"default": "33.3", "answered": "50", "completed": "60", "abandoned-within": "50", // (30+10)/(50+30)
		"no-short": "35.7", "offered": "30", "offered-no-short": "31.9",
	} {
		t.Run(formula, func(t *testing.T) {
			r := newRig(t, "2026-11-21 08:00")
			r.hears(t, "pbx", "2026-11-21 09:00")
			r.queue("pbx", "2026-11-21 08:00", "sales", counts)
			r.set(t, "service_level_formula", formula)
			table := answers(t)(Queue(t.Context(), r.Sources, r.asks(t, "2026-11-21 08:00", "2026-11-21 08:30", Interval)))
			wants(t, table, "service_level_pct answered_within abandoned_within short_abandoned ring_no_answer", want+" 30 10 6 9")
		})
	}
	if len(admin.Formulas()) != 7 {
		t.Error("a formula is not tested")
	}
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 09:00")
	r.queue("pbx", "2026-11-21 08:00", "sales", counts)
	r.queue("pbx", "2026-11-21 08:00", "support", counts)
	r.set(t, "service_level", "5")
	r.set(t, "short_abandon", "0")
	r.set(t, "ring_no_answer_min", "5")
	r.administer(t, row("queue", "support", admin.Body{"service_level": int64(25)}))
	table := answers(t)(Queue(t.Context(), r.Sources, r.asks(t, "2026-11-21 08:00", "2026-11-21 08:30", Interval)))
	const names = "queue answered_within abandoned_within short_abandoned service_level_pct ring_no_answer"
	wants(t, table, names, "sales 10 6 0 11.1 5", "support 40 10 0 44.4 5")
	if got := shown(t, table, table.Total, names); got != "- 50 16 0 27.8 10" {
		t.Errorf("in total: %s", got)
	}
}

func TestWhichQueues(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 08:30")
	for _, queue := range []string{"sales", "support", "q1", "q2"} {
		r.queue("pbx", "2026-11-21 08:00", queue, some(2))
	}
	r.administer(t,
		row("queue", "q1", admin.Body{"name": "First"}), row("queue", "q2", admin.Body{"name": "Twice"}),
		row("queue", "q3", admin.Body{"name": "Twice"}), row("queue", "quiet", admin.Body{}), row("queue", "support", admin.Body{}),
		row("queue-group", "g", admin.Body{"name": "All of it", "queues": []string{"support", "quiet"}}),
	)
	for name, c := range map[string]struct {
		queues, groups []string
		want           []string
		err            bool
	}{
		"all":           {nil, nil, []string{"q1 2", "q2 2", "sales 2", "support 2"}, false},
		"by key":        {[]string{"q1"}, nil, []string{"q1 2"}, false},
		"by name":       {[]string{"First"}, nil, []string{"q1 2"}, false},
		"by the feed's": {[]string{"sales"}, nil, []string{"sales 2"}, false},
		"two of a name": {[]string{"Twice"}, nil, nil, true},
		"nobody":        {[]string{"sale"}, nil, nil, true},
		"group":         {nil, []string{"g"}, []string{"quiet 0", "support 2"}, false},
		"group by name": {[]string{"q2"}, []string{"All of it"}, []string{"q2 2", "quiet 0", "support 2"}, false},
		"no such group": {nil, []string{"h"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			ask := r.asks(t, "2026-11-21 08:00", "2026-11-21 08:30", Interval)
			ask.Queues, ask.Groups = c.queues, c.groups
			table, err := Queue(t.Context(), r.Sources, ask)
			if c.err {
				if !errors.Is(err, ErrUnknown) {
					t.Errorf("%v", err)
				}
				return
			}
			wants(t, answers(t)(table, err), "queue offered", c.want...)
		})
	}
}

func TestWhichFeeds(t *testing.T) {
	yes, no := true, false
	pick := func(feeds ...Feed) (names []string) {
		for _, f := range counting(feeds) {
			names = append(names, f.Name)
		}
		return names
	}
	for name, c := range map[string]struct {
		feeds []Feed
		want  string
	}{
		"the first of a source":   {[]Feed{{"a", "ami", "s", nil}, {"b", "queue_log", "s", nil}}, "[a]"},
		"the one that says so":    {[]Feed{{"a", "ami", "s", nil}, {"b", "queue_log", "s", &yes}}, "[b]"},
		"one says no":             {[]Feed{{"a", "ami", "s", &no}, {"b", "queue_log", "s", nil}}, "[b]"},
		"none":                    {[]Feed{{"a", "ami", "s", &no}}, "[]"},
		"of each source":          {[]Feed{{"a", "ami", "s", nil}, {"b", "queue_log", "t", nil}}, "[a b]"},
		"text and bills tell not": {[]Feed{{"a", "text", "s", nil}, {"b", "cdr_csv", "s", nil}, {"c", "ami", "s", nil}}, "[c]"},
	} {
		if got := pick(c.feeds...); c.want != "["+join(got)+"]" {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestTwoFeeds(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.addFeed(t, Feed{Name: "other", Format: "queue_log", Source: "other"})
	r.addFeed(t, Feed{Name: "pbx-log", Format: "queue_log", Source: "pbx"})
	r.hears(t, "pbx", "2026-11-21 08:30")
	r.hears(t, "other", "2026-11-21 08:15")
	r.hears(t, "pbx-log", "2026-11-21 08:30")
	r.queue("pbx", "2026-11-21 08:00", "sales", some(2))
	r.queue("pbx-log", "2026-11-21 08:00", "sales", some(20))
	r.queue("other", "2026-11-21 08:00", "sales", some(4))
	r.queue("pbx", "2026-11-21 08:00", "one", some(2))
	r.queue("other", "2026-11-21 08:00", "two", some(2))
	ask := r.asks(t, "2026-11-21 08:00", "2026-11-21 08:30", Interval)
	wants(t, answers(t)(Queue(t.Context(), r.Sources, ask)), "queue offered refused coverage_pct complete",
		"one 2 0 100 true", "sales 6 0 75 false", "two 2 - 50 false")
	ask.Feed = "pbx-log"
	wants(t, answers(t)(Queue(t.Context(), r.Sources, ask)), "queue offered refused coverage_pct complete", "sales 20 - 100 true")
	ask.Feed = "pbx-lgo"
	if _, err := Queue(t.Context(), r.Sources, ask); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
}

// A day of 25 hours is one row, of which an hour of the day has two.
func TestLongDay(t *testing.T) {
	r := newRig(t, "2026-11-01 04:00")
	r.hears(t, "pbx", "2026-11-02 05:00")
	r.set(t, "time_zone", "America/New_York")
	r.set(t, "interval", "60m")
	for _, start := range []string{"2026-11-01 04:00", "2026-11-01 05:15", "2026-11-01 06:15", "2026-11-02 04:45"} {
		r.queue("pbx", start, "sales", some(2))
	}
	ask := r.asks(t, "2026-11-01 04:00", "2026-11-02 05:00", Day)
	wants(t, answers(t)(Queue(t.Context(), r.Sources, ask)), "start offered complete", "11-01T00:00-04:00 8 true")
	ask.By, ask.To = HourOfDay, at("2026-11-01 07:00")
	table := answers(t)(Queue(t.Context(), r.Sources, ask))
	wants(t, table, "start offered complete", "00:00 2 true", "01:00 4 true")
	if table.Columns[0].Kind != Words {
		t.Errorf("an hour of the day is %s", table.Columns[0].Kind)
	}
	ask.By = Interval
	wants(t, answers(t)(Queue(t.Context(), r.Sources, ask)), "start offered",
		"11-01T00:00-04:00 2", "11-01T01:00-04:00 2", "11-01T01:00-05:00 2")
}

func TestQueuesInOpenHours(t *testing.T) {
	r := newRig(t, "2026-11-20 00:00")
	r.hears(t, "pbx", "2026-11-20 12:00")
	r.misses(t, "pbx", "2026-11-20 18:00")
	r.hears(t, "pbx", "2026-11-21 00:00")
	r.queue("pbx", "2026-11-20 07:45", "sales", some(2))
	r.queue("pbx", "2026-11-20 08:00", "sales", some(4))
	r.administer(t, row("calendar", "office", admin.Body{"name": "Office hours", "hours": []string{"mon-fri 08:00-12:00"}}))
	ask := r.asks(t, "2026-11-20 00:00", "2026-11-21 00:00", Day)
	ask.OpenHours = "Office hours"
	table := answers(t)(Queue(t.Context(), r.Sources, ask))
	wants(t, table, "start offered coverage_pct complete", "11-20T00:00+00:00 4 100 true")
	if diff := cmp.Diff([]string{"only while Office hours is open"}, table.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	ask.OpenHours = "Offise hours"
	if _, err := Queue(t.Context(), r.Sources, ask); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
}

// What is not counted yet is not zero.
func TestNotCountedYet(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 09:00")
	r.told["pbx"].Span.To = at("2026-11-21 08:30")
	r.queue("pbx", "2026-11-21 08:00", "sales", some(2))
	table := answers(t)(Queue(t.Context(), r.Sources, r.asks(t, "2026-11-21 08:00", "2026-11-21 09:00", Interval)))
	wants(t, table, "offered coverage_pct complete", "2 100 true", "- 100 false")
}

func TestTooMuch(t *testing.T) {
	r := newRig(t, "2019-01-01 00:00")
	r.hears(t, "pbx", "2026-11-21 09:00")
	r.queue("pbx", "2026-11-21 08:00", "one", some(2))
	r.queue("pbx", "2026-11-21 08:00", "two", some(2))
	if _, err := Queue(t.Context(), r.Sources, r.asks(t, "2019-01-01 00:00", "2026-11-21 09:00", Interval)); !errors.Is(err, ErrTooMuch) {
		t.Errorf("%v", err)
	}
	table := answers(t)(Queue(t.Context(), r.Sources, r.asks(t, "1990-01-01 00:00", "2026-11-21 09:00", Month)))
	if n := len(table.Rows); n != 2*95 {
		t.Errorf("%d rows by month", n)
	}
}

func TestNothingIsCounted(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 09:00")
	r.addFeed(t, Feed{Name: "bills", Format: "cdr_csv", Source: "pbx"})
	ask := r.asks(t, "2026-11-21 08:00", "2026-11-21 09:00", Interval)
	ask.Feed = "bills"
	for _, table := range []Table{answers(t)(Queue(t.Context(), r.Sources, ask)), answers(t)(Agent(t.Context(), r.Sources, ask))} {
		const note = "feed bills is not counted: its format cdr_csv tells nothing of queues and agents"
		if len(table.Rows) > 0 || !slices.Contains(table.Notes, note) {
			t.Errorf("%d rows; %q", len(table.Rows), table.Notes)
		}
	}
	for _, ask := range []Ask{{From: 2, To: 1}, {From: 1, To: 2, By: "year"}} {
		if _, err := Queue(t.Context(), r.Sources, ask); err == nil {
			t.Errorf("%+v is no question", ask)
		}
	}
}
