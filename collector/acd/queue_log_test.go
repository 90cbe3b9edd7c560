package acd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

// An utterance is one record and what it says; nothing, if want has no type.
type utterance struct {
	name, raw string
	want      Event
}

// says checks that each record says what it should, at the time that it is
// told, and that what is no event leaves those before it alone.
func says(t *testing.T, format string, utterances []utterance) {
	t.Helper()
	before := Event{Type: Other, Reason: "before"}
	for _, c := range utterances {
		t.Run(c.name, func(t *testing.T) {
			want := []Event{before}
			if c.want.Type != "" {
				c.want.At = at
				want = append(want, c.want)
			}
			got := decoder(t, format)([]Event{before}, []byte(c.raw), at)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s\n%s", c.raw, d)
			}
		})
	}
}

func secs(n record.Instant) Span { return Spanning(n * record.Second) }

func TestQueueLog(t *testing.T) {
	no, yes := false, true
	call := func(e Event) Event { // of the call in all these lines
		e.Call, e.Leg, e.Queue = "1795226032.8", "1795226032.8", "sales"
		return e
	}
	agents := func(e Event) Event {
		e = call(e)
		e.Agent = "Evans, Kim"
		return e
	}
	const caller = "1795226032|1795226032.8|sales|NONE|"
	const agent = "1795226032|1795226032.8|sales|Evans, Kim|"
	says(t, "queue_log", []utterance{
		{"joined", caller + "ENTERQUEUE||+15555183075|3|Kim", call(Event{Type: Offered, Caller: "+15555183075", Position: 3, CallerName: "Kim"})},
		{"joined, old", caller + "ENTERQUEUE||+15555183075", call(Event{Type: Offered, Caller: "+15555183075"})},
		{"joined, from a database", "2026-11-21 12:00:00.000007|1795226032.8|sales|NONE|ENTERQUEUE||100||", call(Event{Type: Offered, Caller: "100"})},
		{"joined, unnumbered", caller + "ENTERQUEUE||", call(Event{Type: Offered})},
		{"answered", agent + "CONNECT|7|1795226033.18|3", agents(Event{Type: Answered, Wait: secs(7), Ring: secs(3)})},
		{"answered at once", agent + "CONNECT|0|1795226033.18|0", agents(Event{Type: Answered, Wait: secs(0), Ring: secs(0)})},
		{"answered, old", agent + "CONNECT|7|1795226033.18", agents(Event{Type: Answered, Wait: secs(7)})},
		{"answered, older", agent + "CONNECT|7", agents(Event{Type: Answered, Wait: secs(7)})},
		{"by the agent", agent + "COMPLETEAGENT|7|120|1", agents(Event{Type: Completed, Reason: "agent", Wait: secs(7), Talk: secs(120)})},
		{"by the caller", agent + "COMPLETECALLER|7|120|1", agents(Event{Type: Completed, Reason: "caller", Wait: secs(7), Talk: secs(120)})},
		{"by the caller, old", agent + "COMPLETECALLER|7|120", agents(Event{Type: Completed, Reason: "caller", Wait: secs(7), Talk: secs(120)})},
		{"transferred", agent + "BLINDTRANSFER|7000|transfers|7|2|1", agents(Event{Type: Completed, Reason: "transfer", Wait: secs(7), Talk: secs(2)})},
		{"transferred, old", agent + "TRANSFER|7000|transfers|7|2", agents(Event{Type: Completed, Reason: "transfer", Wait: secs(7), Talk: secs(2)})},
		{"transferred, older", agent + "TRANSFER|7000|transfers", agents(Event{Type: Completed, Reason: "transfer"})},
		{"attended", agent + "ATTENDEDTRANSFER|BRIDGE|d3f2|7|2|1", agents(Event{Type: Completed, Reason: "transfer", Wait: secs(7), Talk: secs(2)})},
		{"attended, linked", agent + "ATTENDEDTRANSFER|LINK|SIP/1-0|SIP/2-0|7|2|1", agents(Event{Type: Completed, Reason: "transfer", Wait: secs(7), Talk: secs(2)})},
		{"attended, cut off", agent + "ATTENDEDTRANSFER", agents(Event{Type: Completed, Reason: "transfer"})},
		{"abandoned", caller + "ABANDON|2|4|9", call(Event{Type: Abandoned, Position: 2, Wait: secs(9)})},
		{"abandoned on the way", agent + "ABANDON|2|4|9", agents(Event{Type: Abandoned, Position: 2, Wait: secs(9)})},
		{"abandoned, old", caller + "ABANDON|2", call(Event{Type: Abandoned, Position: 2})},
		{"withdrawn", caller + "WITHDRAW|2|4|9|moved", call(Event{Type: Abandoned, Position: 2, Wait: secs(9), Reason: "withdraw"})},
		{"not put through", agent + "SYSCOMPAT|", agents(Event{Type: Abandoned, Reason: "syscompat"})},
		{"timed out", caller + "EXITWITHTIMEOUT|1|3|24", call(Event{Type: TimedOut, Position: 1, Wait: secs(24)})},
		{"timed out, old", caller + "EXITWITHTIMEOUT|1", call(Event{Type: TimedOut, Position: 1})},
		{"left empty", caller + "EXITEMPTY|1|3|24", call(Event{Type: LeftEmpty, Position: 1, Wait: secs(24)})},
		{"by key", caller + "EXITWITHKEY|9|1|3|24", call(Event{Type: LeftByKey, Position: 1, Wait: secs(24), Reason: "9"})},
		{"by key, old", caller + "EXITWITHKEY|9|1", call(Event{Type: LeftByKey, Position: 1, Reason: "9"})},
		{"not answered", agent + "RINGNOANSWER|8000", agents(Event{Type: RingNoAnswer, Ring: secs(8)})},
		{"not answered at all", agent + "RINGNOANSWER|0", agents(Event{Type: RingNoAnswer, Ring: secs(0)})},
		{"ring cancelled", agent + "RINGCANCELED|497", agents(Event{Type: RingCanceled, Ring: Spanning(497_000)})},
		{"agent hung up", agent + "AGENTDUMP|", agents(Event{Type: RingCanceled, Reason: "dump"})},

		{"added", "1|MANAGER|night|Agent 1007|ADDMEMBER|", Event{Type: LoggedIn, Queue: "night", Agent: "Agent 1007", Paused: &no}},
		{"added, paused", "1|REALTIME|night|Agent 1007|ADDMEMBER|PAUSED", Event{Type: LoggedIn, Queue: "night", Agent: "Agent 1007", Paused: &yes}},
		{"removed", "1|CLI|night|Agent 1007|REMOVEMEMBER|", Event{Type: LoggedOut, Queue: "night", Agent: "Agent 1007"}},
		{"paused", "1|NONE|night|Agent 1007|PAUSE|Break", Event{Type: Paused, Queue: "night", Agent: "Agent 1007", Reason: "Break"}},
		{"paused, no reason", "1|NONE|night|Agent 1007|PAUSE|", Event{Type: Paused, Queue: "night", Agent: "Agent 1007"}},
		{"paused in all", "1|NONE|NONE|Agent 1007|PAUSEALL|Break", Event{Type: Paused, Agent: "Agent 1007", Reason: "Break"}},
		{"unpaused", "1|NONE|night|Agent 1007|UNPAUSE|Auto-Unpause", Event{Type: Unpaused, Queue: "night", Agent: "Agent 1007", Reason: "Auto-Unpause"}},
		{"unpaused in all", "1|NONE|NONE|Agent 1007|UNPAUSEALL|Break", Event{Type: Unpaused, Agent: "Agent 1007", Reason: "Break"}},
		{"logged in", "1|7.8|NONE|Agent/1001|AGENTLOGIN|SIP/1-0", Event{Type: LoggedIn, Call: "7.8", Leg: "7.8", Agent: "Agent/1001", Interface: "SIP/1-0"}},
		{"logged off", "1|7.8|NONE|Agent/1001|AGENTLOGOFF|SIP/1-0|3600", Event{Type: LoggedOut, Call: "7.8", Leg: "7.8", Agent: "Agent/1001", Interface: "SIP/1-0"}},
		{"called back", "1|NONE|NONE|Agent/1001|AGENTCALLBACKLOGIN|100@in", Event{Type: LoggedIn, Agent: "Agent/1001", Interface: "100@in"}},
		{"called back no more", "1|NONE|NONE|Agent/1001|AGENTCALLBACKLOGOFF|100@in|60|Autologoff", Event{Type: LoggedOut, Agent: "Agent/1001", Interface: "100@in"}},
		{"restarted", "1795226028|NONE|NONE|NONE|QUEUESTART|", Event{Type: Restarted}},

		{"penalty", agent + "PENALTY|3", Event{}},
		{"ring in use", agent + "RINGINUSE|1", Event{}},
		{"reloaded", "1|NONE|NONE|NONE|CONFIGRELOAD|", Event{}},
		{"the site's own", agent + "WRAPUPSTART|30", agents(Event{Type: Other, Reason: "WRAPUPSTART"})},
		{"in lower case", agent + "connect|7", agents(Event{Type: Other, Reason: "connect"})},
		{"of another program", agent + "FULL|", agents(Event{Type: Other, Reason: "FULL"})},

		{"with line ends", caller + "ABANDON|2|4|9\r\n", call(Event{Type: Abandoned, Position: 2, Wait: secs(9)})},
		{"with blanks", "1| 1795226032.8 | sales|NONE |ABANDON|2|4| 9 ", call(Event{Type: Abandoned, Position: 2, Wait: secs(9)})},
		{"no numbers", caller + "ABANDON|x|4|-9", call(Event{Type: Abandoned})},
		{"too long to be true", agent + "COMPLETEAGENT|99999999999999999999|2678401|1", agents(Event{Type: Completed, Reason: "agent"})},
		{"as long as is believed", agent + "COMPLETEAGENT|7|2678400|1", agents(Event{Type: Completed, Reason: "agent", Wait: secs(7), Talk: Spanning(longestSpan)})},
		{"more fields than known", agent + "CONNECT|7|c|3|4|5|6|7|8|9|10|11", agents(Event{Type: Answered, Wait: secs(7), Ring: secs(3)})},
		{"no data", agent + "CONNECT", agents(Event{Type: Answered})},
		{"no verb", "1795226032|1795226032.8|sales|NONE|", Event{}},
		{"cut off", "1795226032|1795226032.8|sales|NONE", Event{}},
		{"empty", "", Event{}},
		{"other text", "hello", Event{}},
	})
}

// Names can be anything that an upstream says; what an event holds is bounded,
// and good for SQL and JSON.
func TestHostileNames(t *testing.T) {
	long := strings.Repeat("x", 255)
	for name, c := range map[string]struct{ said, want string }{
		"too long":           {long + "yz", long + "y"},
		"as long as can be":  {long + "y", long + "y"},
		"cut in a letter":    {long + "é", long},
		"latin-1":            {"Chlo\xe9", "Chlo\ufffd"},
		"NUL":                {"a\x00b", "a\ufffdb"},
		"grown by that":      {strings.Repeat("\xff\x00", 128), strings.Repeat("\ufffd", 85)},
		"beyond ASCII":       {"Chloé Martin", "Chloé Martin"},
		"control characters": {"\x1b[2Ja\tb", "[2Ja\tb"},
		"right to left":      {"a\u202eb", "a\u202eb"},
		"quotes":             {`'"; --`, `'"; --`},
	} {
		t.Run(name, func(t *testing.T) {
			log := decoder(t, "queue_log")(nil, []byte("1|2.3|sales|"+c.said+"|CONNECT|1"), at)
			ami := decoder(t, "ami")(nil, []byte("Event: AgentConnect\r\nMemberName: "+c.said+"\r\nUniqueid: 2.3\r\n"), at)
			if log[0].Agent != c.want || ami[0].Agent != c.want {
				t.Errorf("%q: queue_log %q, AMI %q, want %q", c.said, log[0].Agent, ami[0].Agent, c.want)
			}
		})
	}
}
