package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

// A conversation is what an Asterisk says of calls.
type conversation struct {
	records []record.Record
}

func (c *conversation) says(when, event string, headers ...string) {
	raw := "Event: " + event + "\r\n" + strings.Join(headers, "\r\n")
	c.records = append(c.records, record.New(at(when), 0, []byte(raw)))
}

// leg says which call and leg an event is of.
func leg(call, leg, number string) []string {
	return []string{"Uniqueid: " + leg, "Linkedid: " + call, "CallerIDNum: " + number, "CallerIDName: Caller"}
}

func with(headers []string, more ...string) []string {
	return append(headers[:len(headers):len(headers)], more...)
}

// A call that overflows from one queue into another, where an agent answers,
// another that is told to hang up, and one that leaves by a key.
func (c *conversation) overflow() {
	one := leg("1795226000.1", "1795226000.1", "5550001")
	const agent = "MemberName: Kim"
	c.says("2026-11-21 08:00:00", "QueueCallerJoin", with(one, "Queue: sales", "Position: 1")...)
	c.says("2026-11-21 08:00:01", "AgentCalled", with(one, "Queue: sales", "MemberName: Lee", "Interface: PJSIP/102")...)
	c.says("2026-11-21 08:00:09", "AgentRingNoAnswer", with(one, "Queue: sales", "MemberName: Lee", "Interface: PJSIP/102", "RingTime: 8000")...)
	c.says("2026-11-21 08:00:20", "QueueCallerAbandon", with(one, "Queue: sales", "HoldTime: 20")...)
	c.says("2026-11-21 08:00:20", "QueueCallerLeave", with(one, "Queue: sales")...)
	c.says("2026-11-21 08:00:20", "VarSet", with(one, "Variable: QUEUESTATUS", "Value: TIMEOUT", "Exten: sales")...)
	c.says("2026-11-21 08:00:21", "QueueCallerJoin", with(one, "Queue: backup", "Position: 1")...)
	c.says("2026-11-21 08:00:30", "QueueCallerLeave", with(one, "Queue: backup")...)
	c.says("2026-11-21 08:00:30", "AgentConnect", with(one, "Queue: backup", agent, "Interface: PJSIP/101", "HoldTime: 9", "RingTime: 3")...)
	c.says("2026-11-21 08:01:30", "AgentComplete", with(one, "Queue: backup", agent, "Interface: PJSIP/101", "HoldTime: 9", "TalkTime: 60", "Reason: agent")...)
	bill := []string{
		"Source: 5550001", "Destination: sales", "CallerID: \"Caller\" <5550001>", "Channel: PJSIP/trunk-1", "DestinationChannel: PJSIP/101-2",
		"LastApplication: Queue", "LastData: backup", "StartTime: 2026-11-21 08:00:00", "AnswerTime: 2026-11-21 08:00:00",
		"EndTime: 2026-11-21 08:01:30", "Duration: 90", "BillableSeconds: 90", "Disposition: ANSWERED",
		"UniqueID: 1795226000.1", "LinkedID: 1795226000.1",
	}
	c.says("2026-11-21 08:01:30", "Cdr", bill...)
	for i, line := range bill {
		if strings.HasPrefix(line, "Channel:") {
			bill[i] = "Channel: Local/101@agents-0001;2"
		}
	}
	c.says("2026-11-21 08:01:31", "Cdr", bill...)

	two := leg("1795226000.7", "1795226000.7", "5550002")
	c.says("2026-11-21 08:00:10", "QueueCallerJoin", with(two, "Queue: sales")...)
	c.says("2026-11-21 08:00:40", "QueueCallerLeave", with(two, "Queue: sales")...)
	three := leg("1795226000.9", "1795226000.9", "5550003")
	c.says("2026-11-21 08:00:50", "VarSet", with(three, "Variable: QUEUESTATUS", "Value: FULL", "Exten: sales")...)
}

func callRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, "2026-11-21 08:00")
	var c conversation
	c.overflow()
	r.hear(t, "pbx", c.records...)
	r.administer(t, row("agent", "Kim", admin.Body{"name": "Evans, Kim", "aliases": []string{"PJSIP/101"}}), row("queue", "backup", admin.Body{"name": "Second line"}))
	return r
}

func TestCallFromCradleToGrave(t *testing.T) {
	r := callRig(t)
	const names = "at event queue agent_name wait_s ring_s talk_s reason"
	want := []string{
		"11-21T08:00+00:00 offered sales - - - - -",
		"11-21T08:00+00:00 call_leg backup - - - 90 ANSWERED",
		"11-21T08:00+00:00 called sales - - - - -",
		"11-21T08:00+00:00 ring_no_answer sales - - 8 - -",
		"11-21T08:00+00:00 timed_out sales - 20 - - -",
		"11-21T08:00+00:00 offered backup - - - - -",
		"11-21T08:00+00:00 answered backup Evans, Kim 9 3 - -",
		"11-21T08:01+00:00 completed backup Evans, Kim 9 - 60 agent",
	}
	for name, ask := range map[string]CallAsk{
		"by call":           {Call: "1795226000.1"},
		"by caller":         {Caller: "+5550001", From: at("2026-11-21 08:01"), To: at("2026-11-21 09:00")},
		"by agent":          {Agent: "Evans, Kim", From: at("2026-11-21 08:00"), To: at("2026-11-21 09:00")},
		"by alias":          {Agent: "PJSIP/101", From: at("2026-11-21 08:00"), To: at("2026-11-21 09:00")},
		"by who was rung":   {Agent: "Lee", From: at("2026-11-21 08:00"), To: at("2026-11-21 09:00")},
		"the first of all":  {From: at("2026-11-21 08:00"), To: at("2026-11-21 09:00"), Limit: 1},
		"by call in a time": {Call: "1795226000.1", From: at("2026-11-21 08:01:30"), To: at("2026-11-21 08:02")},
	} {
		t.Run(name, func(t *testing.T) {
			table := answers(t)(Call(t.Context(), r.Sources, ask))
			wants(t, table, names, want...)
			if (len(table.Notes) == 1) != (ask.Limit == 1) {
				t.Errorf("notes: %q", table.Notes)
			}
		})
	}
	table := answers(t)(Call(t.Context(), r.Sources, CallAsk{Call: "1795226000.1", AllLegs: true}))
	if n := len(table.Rows); n != len(want)+1 {
		t.Errorf("%d rows with all legs", n)
	}
	if got := shown(t, table, table.Rows[0], "call leg queue_name agent caller caller_name feed"); got != "1795226000.1 1795226000.1 - - 5550001 Caller pbx" {
		t.Error(got)
	}
}

func TestCallsThatNobodyAnswered(t *testing.T) {
	r := callRig(t)
	day := CallAsk{From: at("2026-11-21 00:00"), To: at("2026-11-22 00:00")}
	day.Caller = "5550002"
	wants(t, answers(t)(Call(t.Context(), r.Sources, day)), "event queue", "offered sales", "left_by_key sales")
	day.Caller = "5550003"
	wants(t, answers(t)(Call(t.Context(), r.Sources, day)), "event queue reason", "refused sales full")
	day.Caller = "5559999"
	wants(t, answers(t)(Call(t.Context(), r.Sources, day)), "event")
	for _, ask := range []CallAsk{{Call: "1795226000.2"}, {Call: "no id"}, {Agent: "Kim", From: 1, To: 2, Feed: "other"}, {Agent: "Kimi", From: 1, To: 2}} {
		if _, err := Call(t.Context(), r.Sources, ask); !errors.Is(err, ErrUnknown) {
			t.Errorf("%+v: %v", ask, err)
		}
	}
	for _, ask := range []CallAsk{{}, {Agent: "Kim", From: 2, To: 1}} {
		if _, err := Call(t.Context(), r.Sources, ask); err == nil || errors.Is(err, ErrUnknown) {
			t.Errorf("%+v: %v", ask, err)
		}
	}
}

// Without what tells how a wait ended, the bill does.
func TestCallWithoutOutcome(t *testing.T) {
	for application, want := range map[string]string{"Queue": "abandoned", "Hangup": "timed_out"} {
		r := newRig(t, "2026-11-21 08:00")
		var c conversation
		one := leg("1795226000.1", "1795226000.1", "5550001")
		c.says("2026-11-21 08:00:00", "QueueCallerJoin", with(one, "Queue: sales")...)
		c.says("2026-11-21 08:00:20", "QueueCallerAbandon", with(one, "Queue: sales", "HoldTime: 20")...)
		c.says("2026-11-21 08:00:20", "QueueCallerLeave", with(one, "Queue: sales")...)
		c.says("2026-11-21 08:00:25", "Cdr", "Channel: PJSIP/1-1", "LastApplication: "+application, "StartTime: 2026-11-21 08:00:00",
			"EndTime: 2026-11-21 08:00:25", "Duration: 25", "UniqueID: 1795226000.1", "LinkedID: 1795226000.1")
		r.hear(t, "pbx", c.records...)
		wants(t, answers(t)(Call(t.Context(), r.Sources, CallAsk{Call: "1795226000.1"})), "event wait_s", "offered -", "call_leg -", want+" 20")
	}
}

// Bills of the same source stand beside what counts, unless that has its own.
func TestCallWithBillsBeside(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.Feeds = nil
	r.addFeed(t, Feed{Name: "log", Format: "queue_log", Source: "pbx"})
	r.addFeed(t, Feed{Name: "bills", Format: "cdr_csv", Source: "pbx"})
	base := at("2026-11-21 08:00")
	for i, line := range []string{
		`1795226400|1795226400.1|sales|NONE|ENTERQUEUE||5550001|1`,
		`1795226410|1795226400.1|sales|Kim|CONNECT|10|1795226400.3|3`,
		`1795226430|1795226400.1|sales|Kim|COMPLETECALLER|10|20|1`,
	} {
		r.hear(t, "log", record.New(base+record.Instant(10*i)*record.Second, 0, []byte(line)))
	}
	bill := func(unique, channel string) string {
		return fmt.Sprintf(`"","5550001","sales","in","5550001","%s","PJSIP/101-2","Queue","sales","2026-11-21 08:00:00","2026-11-21 08:00:00",`+
			`"2026-11-21 08:00:30",30,30,"ANSWERED","DOCUMENTATION","%s","","","1795226400.0","7"`, channel, unique)
	}
	r.hear(t, "bills", record.New(base+30*record.Second, 0, []byte(bill("1795226400.1", "PJSIP/trunk-1"))),
		record.New(base+31*record.Second, 0, []byte(bill("1795226400.0", "PJSIP/other-1"))))
	for _, id := range []string{"1795226400.1", "1795226400.0"} {
		table := answers(t)(Call(t.Context(), r.Sources, CallAsk{Call: id, From: base, To: base + record.Minute}))
		wants(t, table, "call event feed", "1795226400.0 offered log", "1795226400.0 call_leg bills", "1795226400.0 call_leg bills",
			"1795226400.0 answered log", "1795226400.0 completed log")
	}
}
