package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	files "github.com/twinctl/twin/fixtures/calls"
)

// What External Call History cannot know is null, also where it was quiet, and
// agents have no rows of it.
func TestQueueOfCallHistory(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.Feeds = nil
	r.addFeed(t, Feed{Name: "cms", Format: "ech", Source: "cms"})
	r.hears(t, "cms", "2026-11-21 09:00")
	r.queue("cms", "2026-11-21 08:00", "7", acd.QueueCounts{Offered: 3, Answered: 2, Completed: 2, Transferred: 1, TimedOut: 1})
	ask := r.asks(t, "2026-11-21 08:00", "2026-11-21 09:00", Interval)
	table := answers(t)(Queue(t.Context(), r.Sources, ask))
	const names = "queue offered answered timed_out transferred refused exit_key exit_empty ring_no_answer"
	wants(t, table, names, "7 3 2 1 1 0 - - -", "7 0 0 0 0 0 - - -")
	table = answers(t)(Agent(t.Context(), r.Sources, ask))
	wants(t, table, "agent")
	if !slices.ContainsFunc(table.Notes, func(n string) bool { return strings.Contains(n, "feed cms has no rows of agents") }) {
		t.Errorf("notes: %q", table.Notes)
	}
}

// The segments of a call are one call, in the order of their beginnings.
func TestCallsOfOtherExchanges(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.Feeds = nil
	r.addFeed(t, Feed{Name: "cms", Format: "ech", Source: "cms"})
	r.addFeed(t, Feed{Name: "office", Format: "smdr", Source: "office"})
	r.addFeed(t, Feed{Name: "cucm", Format: "cucm_cdr", Source: "cucm"})
	base := at("2026-11-21 08:10")
	when := func(s int) time.Time { return base.Time().Add(time.Duration(s) * time.Second) }
	heard := func(name string, s int, raw string) {
		r.hear(t, name, record.New(base+record.Instant(s)*record.Second, 0, []byte(raw)))
	}
	for i, s := range []files.Segment{
		{CallID: 500, Number: 2, Start: when(60), Stop: when(90), Split: 8, Disposition: 3, Queue: 30, Caller: "5550001"},
		{CallID: 500, Number: 1, Start: when(0), Stop: when(100), Split: 7, Disposition: 2, Queue: 9, Talk: 50, Agent: "4001", Caller: "5550001"},
		{CallID: 501, Number: 1, Start: when(1), Stop: when(2), Disposition: 1, Caller: "5550002"},
	} {
		heard("cms", 90+i, string(files.ECH(12, 1, []files.Segment{s})[8:]))
	}
	smdr := func(start, connected, number, device string) string {
		return start + "," + connected + ",5,5550003,I,201,201,,0," + number + ",1," + device + ",Kim,T9001,Line,0,0" + strings.Repeat(",", 13)
	}
	heard("office", 30, smdr("2026/11/21 08:10:05", "00:00:20", "1000014", "E201"))
	heard("office", 40, smdr("2026/11/21 08:10:05", "00:00:30", "1000014", "E202"))
	heard("office", 50, smdr("2026/11/21 08:10:35", "00:00:10", "1000014", "E203")) // counted anew
	file := string(files.CUCM([]files.Leg{{CallID: 7, From: "5550004", To: "8000", Start: when(0), End: when(20), Key: "k"}}, nil, nil))
	heard("cucm", 20, strings.Split(file, "\n")[2])

	const names = "call leg event queue agent wait_s ring_s talk_s duration_s reason channel feed"
	ask := CallAsk{From: at("2026-11-21 08:00"), To: at("2026-11-21 09:00")}
	for id, want := range map[string][]string{
		"500": {
			"500 500/1 call_leg 7 4001 9 0 50 100 answered - cms",
			"500 500/2 call_leg 8 - 30 0 0 30 abandoned - cms",
		},
		"1000014-20261121081005": {
			"1000014-20261121081005 - call_leg - - - 5 20 25 - E201 office",
			"1000014-20261121081005 - call_leg - - - 5 30 35 - E202 office",
		},
		"1-7": {"1-7 k call_leg - - - - 0 20 0 - cucm"},
	} {
		ask.Call = id
		wants(t, answers(t)(Call(t.Context(), r.Sources, ask)), names, want...)
	}
	ask.Call, ask.Agent = "", "E202"
	wants(t, answers(t)(Call(t.Context(), r.Sources, ask)), "channel", "E201", "E202")
}
