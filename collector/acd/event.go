package acd

import "github.com/twinctl/twin/collector/record"

// A Type is what happened, in one vocabulary for all formats.
type Type string

// The types.
const (
	Offered      Type = "offered"        // a caller joined a queue
	Refused      Type = "refused"        // a queue turned the caller away; AMI tells it as an Outcome without Offered
	Called       Type = "called"         // an agent's phone rings for a caller
	RingNoAnswer Type = "ring_no_answer" // it rang in vain
	RingCanceled Type = "ring_cancelled" // it stopped because somebody else answered or the caller left; Reason dump: the agent hung up before the talk began
	Answered     Type = "answered"
	Completed    Type = "completed"   // the talk ended; Reason: agent, caller or transfer
	Abandoned    Type = "abandoned"   // the caller hung up waiting; Reason: withdraw, syscompat or nothing. From AMI: or left in a way that an Outcome tells
	TimedOut     Type = "timed_out"   // the caller had waited as long as the queue allows
	LeftByKey    Type = "left_by_key" // the caller pressed a key to leave; Reason: the key
	LeftEmpty    Type = "left_empty"  // nobody was there any more
	Left         Type = "left"        // out of the queue, for whatever reason
	// Outcome is how a wait ended, told apart from the end. Reason: timeout,
	// leaveempty, leaveunavail; full, joinempty, joinunavail, which turned the
	// caller away; continue, withdraw. Queue is the extension that was dialled:
	// where the leg had joined a queue, it is of that one.
	Outcome    Type = "outcome"
	LoggedIn   Type = "logged_in"   // an agent, or a member that was added to a queue
	LoggedOut  Type = "logged_out"  // an agent, or a member that was removed
	Paused     Type = "paused"      // in Queue, or in all queues where that is empty; Reason: the site's own word
	Unpaused   Type = "unpaused"    // likewise
	AgentState Type = "agent_state" // of the agent's phone; State and Membership say it
	CallLeg    Type = "call_leg"    // a call detail record
	Restarted  Type = "restarted"   // the upstream began anew: no open call of before will ever end
	Other      Type = "other"       // a verb of the site's own; Reason: the verb
)

// A Span is a length of time that a feed may not know. The zero value is
// unknown, which is not a length of zero.
type Span struct {
	Length record.Instant // microseconds
	Known  bool
}

// Spanning returns a known length.
func Spanning(length record.Instant) Span { return Span{length, true} }

// A Device is the state of an agent's phone.
type Device string

// The states of a phone. An empty one is unknown.
const (
	Idle        Device = "idle"
	InUse       Device = "in_use"
	Ringing     Device = "ringing"
	Unreachable Device = "unreachable"
)

// An Event is a record understood. What the feed does not tell is empty, or
// an unknown Span.
type Event struct {
	At    record.Instant
	Type  Type
	Queue string
	// Agent is who: the member's name, or its interface where it has none.
	Agent     string
	Interface string // the agent's phone, as Local/1004@agents/n
	// Call is the same for all legs of a call: its Linkedid, else its
	// Uniqueid. Leg is one channel's: its Uniqueid.
	Call, Leg  string
	Caller     string // the caller's number
	CallerName string
	Wait       Span // from joining to answer or leaving, as the upstream counted it
	Ring       Span
	Talk       Span
	Position   int // in the queue; 0: unknown
	Reason     string
	Device     Device // of AgentState and others that a member's state came with
	Paused     *bool  // of AgentState and LoggedIn, where told
	Static     bool   // the member is configured, never added: staffed while reachable
	Record     *CDR   // of CallLeg
}

// A CDR is a call detail record, a line of the bill.
type CDR struct {
	Channel, Destination string // channels; the second is empty where none was called
	Number               string // that was dialled
	Context              string
	Application, Data    string         // the last one that ran, and what it was given, as "sales,,,,36"
	Start, Answer, End   record.Instant // 0: never, or unknown
	Duration, Billed     Span
	Disposition, Account string
	UserField, Sequence  string
}
