package acd

import (
	"bytes"

	"github.com/twinctl/twin/collector/record"
)

// A manager event is understood by its first line. Most kinds say nothing of
// calls and cost no more than that line. Names that Asterisk had up to 11 are
// understood too.
func decodeAMI(dst []Event, raw []byte, at record.Instant) []Event {
	first, lines, _ := bytes.Cut(raw, []byte{'\n'})
	name, kind, ok := bytes.Cut(first, []byte{':'})
	if !ok || string(name) != "Event" {
		return dst
	}
	kind = trim(kind)
	switch what := amiType(kind); what {
	case "":
		return dst
	case Outcome:
		return decodeVarSet(dst, lines, at)
	case CallLeg:
		return decodeCDREvent(dst, lines, at)
	case Restarted:
		return decodeRestart(dst, lines, at)
	default:
		var h headers
		h.read(lines)
		if isOldLogin(kind) {
			h.agent = append([]byte("Agent/"), h.agent...)
		}
		dst = append(dst, Event{At: at, Type: what})
		if !h.tell(&dst[len(dst)-1]) {
			return dst[:len(dst)-1]
		}
		return dst
	}
}

// isOldLogin tells the events of Asterisk up to 11 about its own agents, as
// Agentlogin. They leave out how the queues and queue_log of that time begin
// the agent's name; later ones (AgentLogin) do not.
func isOldLogin(kind []byte) bool {
	return bytes.HasPrefix(kind, []byte("Agentl")) || bytes.HasPrefix(kind, []byte("Agentc"))
}

// amiType returns what a kind of event says, "" for nothing.
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
		return Paused // or Unpaused: a header says which
	case "QueueMemberAdded", "AgentLogin", "Agentlogin", "Agentcallbacklogin":
		return LoggedIn
	case "QueueMemberRemoved", "AgentLogoff", "Agentlogoff", "Agentcallbacklogoff":
		return LoggedOut
	case "FullyBooted", "Shutdown":
		return Restarted
	}
	return ""
}

// tell fills in what the headers say, beside time and type. It is false when
// they do not say enough.
func (h *headers) tell(e *Event) bool {
	var t texts
	t.grow(h.queue, h.phone, h.leg, h.call, h.number, h.caller, h.member, h.reason, h.pauseReason)
	h.tellCall(e, &t)
	e.Queue = t.of(h.queue)
	e.Interface = t.of(h.phone)
	e.Agent = e.Interface
	if name := h.member; len(name) > 0 {
		e.Agent = t.of(name)
	} else if e.Agent == "" {
		e.Agent = t.of(h.agent)
	}
	e.Wait, e.Ring, e.Talk = seconds(h.hold), seconds(h.ring), seconds(h.talk)
	e.Position = position(h.position)
	e.Device = deviceOf(h.status)
	e.Static = string(h.membership) == "static"
	switch e.Type {
	case RingNoAnswer:
		e.Ring = milliseconds(h.ring) // here alone
	case RingCanceled:
		e.Reason = dumped
	case Completed:
		e.Reason = t.of(h.reason)
	case AgentState, LoggedIn:
		e.Paused = flag(h.paused)
	case Paused:
		return h.tellPause(e, &t)
	default:
	}
	return true
}

// tellCall fills in which call it is, and who called.
func (h *headers) tellCall(e *Event, t *texts) {
	e.Leg = t.of(h.leg)
	e.Call = e.Leg
	if len(h.call) > 0 {
		e.Call = t.of(h.call)
	}
	if !unknown(h.number) {
		e.Caller = t.of(h.number)
	}
	if !unknown(h.caller) {
		e.CallerName = t.of(h.caller)
	}
}

// tellPause fills in whether a pause begins or ends, and why.
func (h *headers) tellPause(e *Event, t *texts) bool {
	paused := flag(h.paused)
	if paused == nil {
		return false
	}
	if !*paused {
		e.Type = Unpaused
	}
	e.Reason = t.of(h.pauseReason)
	if e.Reason == "" {
		e.Reason = t.of(h.reason)
	}
	return true
}

// unknown tells whether Asterisk filled in that it has no such thing.
func unknown(b []byte) bool { return string(b) == "<unknown>" }

// flag reads 0 or 1; nil is anything else.
func flag(b []byte) *bool {
	var on bool
	switch string(b) {
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
	switch string(b) {
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

// queueStatus is the line of the variable that Queue() leaves behind. A channel
// sets many others.
var queueStatus = []byte("\nVariable: QUEUESTATUS")

// decodeVarSet tells how a wait ended. The event does not say of which queue:
// where the leg joined one it is that. For who was turned away the extension
// that was dialled has to do, which most dialplans name like the queue.
func decodeVarSet(dst []Event, lines []byte, at record.Instant) []Event {
	if !bytes.Contains(lines, queueStatus) {
		return dst
	}
	var h headers
	h.read(lines)
	if string(h.variable) != "QUEUESTATUS" || len(h.value) == 0 {
		return dst
	}
	e := Event{At: at, Type: Outcome}
	var t texts
	h.tellCall(&e, &t)
	e.Queue = t.of(h.extension)
	e.Reason = t.of(bytes.ToLower(h.value[:min(len(h.value), longestText)]))
	return append(dst, e)
}

// freshBoot is for how many seconds after its start FullyBooted tells of the
// start. Who logs in is told, too, with how long the Asterisk is up.
const freshBoot = 60

func decodeRestart(dst []Event, lines []byte, at record.Instant) []Event {
	var h headers
	h.read(lines)
	if _, fresh := whole(h.uptime, freshBoot); !fresh && len(h.uptime) > 0 {
		return dst
	}
	return append(dst, Event{At: at, Type: Restarted})
}
