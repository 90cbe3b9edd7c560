package acd

import (
	"strings"
	"testing"
)

// block returns an event of these lines, as the manager sends it.
func block(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// ofCall returns an event about a caller on a channel, with more lines.
func ofCall(kind string, more ...string) string {
	return block(append([]string{
		"Event: " + kind, "Privilege: agent,all", "Timestamp: 1795262400.000000", "Channel: SIP/trunk-1", "ChannelState: 6",
		"CallerIDNum: +15555183075", "CallerIDName: Kim", "ConnectedLineNum: <unknown>", "Context: inbound", "Exten: tiny",
		"Uniqueid: 7.8", "Linkedid: 7.1",
	}, more...)...)
}

// ofMember returns an event about a member of a queue, with more lines.
func ofMember(kind string, more ...string) string {
	return block(append([]string{
		"Event: " + kind, "Privilege: agent,all", "Timestamp: 1795262400.000000", "Queue: sales", "MemberName: Evans, Kim",
		"Interface: Local/1004@agents/n", "StateInterface: Local/1004@agents/n", "Penalty: 0", "CallsTaken: 0", "LoginTime: 1795226028",
	}, more...)...)
}

func TestAMI(t *testing.T) {
	call := func(e Event) Event {
		e.Call, e.Leg, e.Caller, e.CallerName, e.Queue = "7.1", "7.8", "+15555183075", "Kim", "sales"
		return e
	}
	agents := func(e Event) Event {
		e = call(e)
		e.Agent, e.Interface = "Evans, Kim", "Local/1004@agents/n"
		return e
	}
	dest := []string{
		"DestChannel: Local/1004@agents-1;1", "DestCallerIDNum: sales", "DestUniqueid: 9.9", "DestLinkedid: 7.1",
		"Queue: sales", "Interface: Local/1004@agents/n", "MemberName: Evans, Kim",
	}
	with := func(more ...string) []string { return append(dest[:len(dest):len(dest)], more...) }
	says(t, "ami", []utterance{
		{"joined", ofCall("QueueCallerJoin", "Queue: sales", "Position: 3", "Count: 3"), call(Event{Type: Offered, Position: 3})},
		{"left", ofCall("QueueCallerLeave", "Queue: sales", "Position: 1", "Count: 2"), call(Event{Type: Left, Position: 1})},
		{"abandoned", ofCall("QueueCallerAbandon", "Queue: sales", "Position: 1", "OriginalPosition: 3", "HoldTime: 24"), call(Event{Type: Abandoned, Position: 1, Wait: secs(24)})},
		{"called", ofCall("AgentCalled", dest...), agents(Event{Type: Called})},
		{"answered", ofCall("AgentConnect", with("HoldTime: 7", "RingTime: 3")...), agents(Event{Type: Answered, Wait: secs(7), Ring: secs(3)})},
		{"completed", ofCall("AgentComplete", with("HoldTime: 7", "TalkTime: 120", "Reason: transfer")...), agents(Event{Type: Completed, Wait: secs(7), Talk: secs(120), Reason: "transfer"})},
		{"not answered", ofCall("AgentRingNoAnswer", with("RingTime: 8000")...), agents(Event{Type: RingNoAnswer, Ring: secs(8)})},
		{"agent hung up", ofCall("AgentDump", dest...), agents(Event{Type: RingCanceled, Reason: "dump"})},
		{"no number", block("Event: QueueCallerJoin", "CallerIDNum: <unknown>", "CallerIDName: <unknown>", "Uniqueid: 7.8", "Queue: sales"), Event{Type: Offered, Queue: "sales", Call: "7.8", Leg: "7.8"}},
		{"no name", block("Event: AgentCalled", "Uniqueid: 7.8", "Queue: sales", "Interface: SIP/100"), Event{Type: Called, Queue: "sales", Call: "7.8", Leg: "7.8", Agent: "SIP/100", Interface: "SIP/100"}},

		{"outcome", ofCall("VarSet", "Variable: QUEUESTATUS", "Value: JOINEMPTY"), func() Event {
			e := call(Event{Type: Outcome, Reason: "joinempty"})
			e.Queue = "tiny"
			return e
		}()},
		{"outcome taken back", ofCall("VarSet", "Variable: QUEUESTATUS", "Value: "), Event{}},
		{"another variable", ofCall("VarSet", "Variable: QUEUEPOSITION", "Value: 1"), Event{}},
		{"of a longer name", ofCall("VarSet", "Variable: QUEUESTATUSES", "Value: FULL"), Event{}},
		{"in a value", ofCall("VarSet", "Variable: X", "Value: Variable: QUEUESTATUS"), Event{}},

		{"booted", block("Event: FullyBooted", "Uptime: 12", "LastReload: 12", "Status: Fully Booted"), Event{Type: Restarted}},
		{"booted, old", block("Event: FullyBooted", "Status: Fully Booted"), Event{Type: Restarted}},
		{"booted long ago", block("Event: FullyBooted", "Uptime: 61", "LastReload: 1"), Event{}},
		{"booted beyond numbers", block("Event: FullyBooted", "Uptime: 99999999999999999999"), Event{}},
		{"shut down", block("Event: Shutdown", "Shutdown: Cleanly", "Restart: False"), Event{Type: Restarted}},

		{"another kind", ofCall("Newexten", "Queue: sales"), Event{}},
		{"an answer", block("Response: Success", "Event: QueueCallerJoin"), Event{}},
		{"no line end", "Event: Shutdown", Event{Type: Restarted}},
		{"line feeds alone", "Event: Shutdown\nShutdown: Cleanly\n\n", Event{Type: Restarted}},
		{"only a name", "Event:", Event{}},
		{"empty", "", Event{}},
		{"lower case", "event: Shutdown", Event{}},
		{"the first one counts", block("Event: Join", "Queue: a", "Queue: b", "Uniqueid: 1.2", "Uniqueid: 3.4"), Event{Type: Offered, Queue: "a", Call: "1.2", Leg: "1.2"}},
		{"empty ones count", block("Event: Join", "Queue:", "Queue: b", "Uniqueid: 1.2"), Event{Type: Offered, Call: "1.2", Leg: "1.2"}},
	})
}

func TestAMIMembers(t *testing.T) {
	no, yes := false, true
	member := func(e Event) Event {
		e.Queue, e.Agent, e.Interface = "sales", "Evans, Kim", "Local/1004@agents/n"
		return e
	}
	state := func(status string) string {
		return ofMember("QueueMemberStatus", "Membership: dynamic", "Status: "+status, "Paused: 0", "PausedReason: ")
	}
	stateOf := func(d Device) Event { return member(Event{Type: AgentState, Device: d, Paused: &no}) }
	says(t, "ami", []utterance{
		{"unknown", state("0"), stateOf("")},
		{"free", state("1"), stateOf(Idle)},
		{"in use", state("2"), stateOf(InUse)},
		{"busy", state("3"), stateOf(InUse)},
		{"invalid", state("4"), stateOf(Unreachable)},
		{"unavailable", state("5"), stateOf(Unreachable)},
		{"ringing", state("6"), stateOf(Ringing)},
		{"in use and ringing", state("7"), stateOf(InUse)},
		{"on hold", state("8"), stateOf(InUse)},
		{"not a state", state("9"), stateOf("")},
		{"static", ofMember("QueueMemberStatus", "Membership: static", "Status: 1", "Paused: 1"), member(Event{Type: AgentState, Device: Idle, Paused: &yes, Static: true})},
		{"nothing told", ofMember("QueueMemberStatus"), member(Event{Type: AgentState})},
		{"added", ofMember("QueueMemberAdded", "Membership: dynamic", "Status: 1", "Paused: 1"), member(Event{Type: LoggedIn, Device: Idle, Paused: &yes})},
		{"removed", ofMember("QueueMemberRemoved", "Membership: dynamic", "Status: 5", "Paused: 0"), member(Event{Type: LoggedOut, Device: Unreachable})},
		{"paused", ofMember("QueueMemberPause", "Status: 1", "Paused: 1", "PausedReason: Lunch"), member(Event{Type: Paused, Device: Idle, Reason: "Lunch"})},
		{"unpaused", ofMember("QueueMemberPause", "Status: 2", "Paused: 0", "PausedReason: "), member(Event{Type: Unpaused, Device: InUse})},
		{"one of both", ofMember("QueueMemberPause", "Status: 2"), Event{}},
		{"penalty", ofMember("QueueMemberPenalty", "Penalty: 3"), Event{}},
		{"in a list", ofMember("QueueMember", "Status: 1"), Event{}},
		{"logged in", block("Event: AgentLogin", "Channel: SIP/1-0", "Uniqueid: 7.8", "Linkedid: 7.8", "Agent: 1001"), Event{Type: LoggedIn, Call: "7.8", Leg: "7.8", Agent: "1001"}},
		{"logged off", block("Event: AgentLogoff", "Uniqueid: 7.8", "Agent: 1001", "Logintime: 60"), Event{Type: LoggedOut, Call: "7.8", Leg: "7.8", Agent: "1001"}},
	})
}

// TestOldAMI holds what Asterisk up to 11 said of the same.
func TestOldAMI(t *testing.T) {
	no, yes := false, true
	call := Event{Queue: "sales", Call: "7.8", Leg: "7.8"}
	agents := call
	agents.Agent, agents.Interface = "Kim", "SIP/100"
	member := Event{Queue: "sales", Agent: "Kim", Interface: "SIP/100"}
	type fill func(*Event)
	is := func(e Event, what Type, more fill) Event {
		e.Type = what
		more(&e)
		return e
	}
	says(t, "ami", []utterance{
		{"joined", block("Event: Join", "Channel: SIP/trunk-1", "CallerIDNum: 555", "CallerIDName: unknown", "Queue: sales", "Position: 1", "Count: 1", "Uniqueid: 7.8"), is(call, Offered, func(e *Event) { e.Caller, e.CallerName, e.Position = "555", "unknown", 1 })},
		{"left", block("Event: Leave", "Channel: SIP/trunk-1", "Queue: sales", "Count: 0", "Position: 1", "Uniqueid: 7.8"), is(call, Left, func(e *Event) { e.Position = 1 })},
		{"called", block("Event: AgentCalled", "Queue: sales", "AgentCalled: SIP/100", "AgentName: Kim", "ChannelCalling: SIP/trunk-1", "Uniqueid: 7.8"), is(agents, Called, func(*Event) {})},
		{"answered", block("Event: AgentConnect", "Queue: sales", "Uniqueid: 7.8", "Channel: SIP/100-2", "Member: SIP/100", "MemberName: Kim", "Holdtime: 7", "BridgedChannel: 9.9", "Ringtime: 3"), is(agents, Answered, func(e *Event) { e.Wait, e.Ring = secs(7), secs(3) })},
		{"completed", block("Event: AgentComplete", "Queue: sales", "Uniqueid: 7.8", "Channel: SIP/100-2", "Member: SIP/100", "MemberName: Kim", "HoldTime: 7", "TalkTime: 60", "Reason: agent"), is(agents, Completed, func(e *Event) { e.Wait, e.Talk, e.Reason = secs(7), secs(60), "agent" })},
		{"not answered", block("Event: AgentRingNoAnswer", "Queue: sales", "Uniqueid: 7.8", "Channel: SIP/trunk-1", "Member: SIP/100", "MemberName: Kim", "Ringtime: 8000"), is(agents, RingNoAnswer, func(e *Event) { e.Ring = secs(8) })},
		{"state", block("Event: QueueMemberStatus", "Queue: sales", "Location: SIP/100", "MemberName: Kim", "Membership: static", "Status: 6", "Paused: 0"), is(member, AgentState, func(e *Event) { e.Device, e.Static, e.Paused = Ringing, true, &no })},
		{"added", block("Event: QueueMemberAdded", "Queue: sales", "Location: SIP/100", "MemberName: Kim", "Membership: dynamic", "Status: 1", "Paused: 1"), is(member, LoggedIn, func(e *Event) { e.Device, e.Paused = Idle, &yes })},
		{"removed", block("Event: QueueMemberRemoved", "Queue: sales", "Location: SIP/100", "MemberName: Kim"), is(member, LoggedOut, func(*Event) {})},
		{"paused", block("Event: QueueMemberPaused", "Queue: sales", "Location: SIP/100", "MemberName: Kim", "Paused: 1", "Reason: Lunch"), is(member, Paused, func(e *Event) { e.Reason = "Lunch" })},
		{"unpaused", block("Event: QueueMemberPaused", "Queue: sales", "Location: SIP/100", "MemberName: Kim", "Paused: 0"), is(member, Unpaused, func(*Event) {})},
		{"logged in", block("Event: Agentlogin", "Agent: 1001", "Channel: SIP/1-0", "Uniqueid: 7.8"), Event{Type: LoggedIn, Call: "7.8", Leg: "7.8", Agent: "Agent/1001"}},
		{"logged off", block("Event: Agentlogoff", "Agent: 1001", "Logintime: 60", "Uniqueid: 7.8"), Event{Type: LoggedOut, Call: "7.8", Leg: "7.8", Agent: "Agent/1001"}},
		{"called back", block("Event: Agentcallbacklogin", "Agent: 1001", "Loginchan: 100@in"), Event{Type: LoggedIn, Agent: "Agent/1001"}},
		{"called back no more", block("Event: Agentcallbacklogoff", "Agent: 1001", "Loginchan: 100@in"), Event{Type: LoggedOut, Agent: "Agent/1001"}},
	})
}

// What a busy Asterisk says beside calls must cost next to nothing.
func TestOtherEventsCostNoMemory(t *testing.T) {
	decode := decoder(t, "ami")
	for _, raw := range [][]byte{
		[]byte(ofCall("Newexten", "Application: Queue")),
		[]byte(ofCall("VarSet", "Variable: QUEUEPOSITION", "Value: 1")),
	} {
		if n := testing.AllocsPerRun(100, func() { decode(nil, raw, at) }); n != 0 {
			t.Errorf("%.20q: %v allocations", raw, n)
		}
	}
}
