package acd

import (
	"bytes"

	"github.com/twinctl/twin/collector/record"
)

// A manager event is understood by its first line. Most kinds say nothing of
// calls and cost no more than that line. Names that Asterisk had up to 11 are
// understood too.
func decodeAMI(dst []Event, raw []byte, at record.Instant) []Event {
	first, rest, _ := bytes.Cut(raw, []byte{'\n'})
	name, kind, ok := bytes.Cut(first, []byte{':'})
	if !ok || string(name) != "Event" {
		return dst
	}
	kind = bytes.TrimSpace(kind)
	what := amiType(kind)
	switch what {
	case "":
		return dst
	case Outcome:
		return decodeVarSet(dst, rest, at)
	case CallLeg:
		return decodeCDREvent(dst, rest, at)
	case Restarted:
		return decodeRestart(dst, rest, at)
	default:
		if e := callEvent(what, rest, at); e.Type != "" {
			dst = append(dst, e)
		}
		return dst
	}
}

// amiType returns what a kind of event says, "" for nothing. The pause and the
// outcome are told by the event's own headers.
func amiType(kind []byte) Type {
	switch string(kind) {
	case "QueueMemberStatus":
		return AgentState
	case "Cdr":
		return CallLeg
	case "QueueCallerJoin", "Join":
		return Offered
	case "QueueCallerLeave", "Leave":
		return Left
	case "QueueCallerAbandon":
		return Abandoned
	case "VarSet":
		return Outcome
	case "AgentCalled":
		return Called
	case "AgentConnect":
		return Answered
	case "AgentComplete":
		return Completed
	case "AgentRingNoAnswer":
		return RingNoAnswer
	case "AgentDump":
		return RingCanceled
	case "QueueMemberPause", "QueueMemberPaused":
		return Paused
	case "QueueMemberAdded", "AgentLogin", "Agentlogin", "Agentcallbacklogin":
		return LoggedIn
	case "QueueMemberRemoved", "AgentLogoff", "Agentlogoff", "Agentcallbacklogoff":
		return LoggedOut
	case "FullyBooted", "Shutdown":
		return Restarted
	}
	return ""
}

// callEvent makes the event of all kinds but the odd ones.
func callEvent(what Type, rest []byte, at record.Instant) Event {
	h := readHeaders(rest)
	e := Event{
		At:         at,
		Type:       what,
		Queue:      text(h.queue),
		Interface:  text(h.phone),
		Leg:        text(h.leg),
		Call:       text(h.call),
		Caller:     known(h.number),
		CallerName: known(h.caller),
		Wait:       seconds(h.hold),
		Talk:       seconds(h.talk),
		Ring:       seconds(h.ring),
		Position:   position(h.position),
	}
	e.Agent = agentName(h, e.Interface)
	if e.Call == "" {
		e.Call = e.Leg
	}
	switch what {
	case RingNoAnswer:
		e.Ring = milliseconds(h.ring) // here alone
	case RingCanceled:
		e.Reason = dumped
	case Completed:
		e.Reason = text(h.reason)
	case Paused:
		e.Type, e.Reason = pauseOf(h)
	case AgentState, LoggedIn:
		e.Paused = flag(h.paused)
	default:
	}
	e.Device = deviceOf(h.status)
	e.Static = string(bytes.TrimSpace(h.membership)) == "static"
	return e
}

// known returns the text of a header that Asterisk fills with <unknown>.
func known(b []byte) string {
	if string(bytes.TrimSpace(b)) == "<unknown>" {
		return ""
	}
	return text(b)
}

// agentName returns the member's name, or the phone's where it has none. Who
// logs in as an agent of Asterisk's own is called as queues and queue_log do.
func agentName(h headers, phone string) string {
	switch {
	case len(h.member) > 0:
		return text(h.member)
	case phone == "" && len(h.agent) > 0:
		if bytes.IndexByte(h.agent, '/') < 0 {
			return text(append([]byte("Agent/"), h.agent...))
		}
		return text(h.agent)
	}
	return phone
}

// pauseOf returns no type where the event does not say which of both it is.
func pauseOf(h headers) (Type, string) {
	why := h.pauseReason
	if len(why) == 0 {
		why = h.reason
	}
	switch paused := flag(h.paused); {
	case paused == nil:
		return "", ""
	case *paused:
		return Paused, text(why)
	}
	return Unpaused, text(why)
}

// flag reads 0 or 1; nil is anything else.
func flag(b []byte) *bool {
	var on bool
	switch string(bytes.TrimSpace(b)) {
	case "0":
	case "1":
		on = true
	default:
		return nil
	}
	return &on
}

// deviceOf reads Asterisk's number of a device's state. A phone that rings
// while it is in use is in use; one whose state Asterisk itself does not know
// (0) is unknown.
func deviceOf(b []byte) Device {
	switch string(bytes.TrimSpace(b)) {
	case "1":
		return Idle
	case "2", "3", "7", "8": // in use, busy, ringing too, on hold
		return InUse
	case "4", "5": // invalid, unavailable
		return Unreachable
	case "6":
		return Ringing
	}
	return ""
}

// queueStatus is what VarSet says of the variable that Queue() leaves behind.
// A channel sets many others.
var queueStatus = []byte("\nVariable: QUEUESTATUS")

// decodeVarSet tells how a wait ended. The event does not say of which queue:
// where the leg joined one it is that. For who was turned away the extension
// that was dialled has to do, which most dialplans name like the queue.
func decodeVarSet(dst []Event, rest []byte, at record.Instant) []Event {
	if !bytes.Contains(rest, queueStatus) {
		return dst
	}
	h := readHeaders(rest)
	if string(bytes.TrimSpace(h.variable)) != "QUEUESTATUS" || len(h.value) == 0 {
		return dst
	}
	e := Event{
		At:         at,
		Type:       Outcome,
		Queue:      text(h.extension),
		Leg:        text(h.leg),
		Call:       text(h.call),
		Caller:     known(h.number),
		CallerName: known(h.caller),
		Reason:     text(bytes.ToLower(h.value[:min(len(h.value), longestText)])),
	}
	if e.Call == "" {
		e.Call = e.Leg
	}
	return append(dst, e)
}

// freshBoot is how long after its start an Asterisk may say FullyBooted of
// that start. It says so to everyone who logs in, too, with how long it is up.
const freshBoot = 60

func decodeRestart(dst []Event, rest []byte, at record.Instant) []Event {
	h := readHeaders(rest)
	if up, ok := whole(h.uptime, 1<<40); len(h.uptime) > 0 && (!ok || up > freshBoot) {
		return dst
	}
	return append(dst, Event{At: at, Type: Restarted})
}
