package acd

import (
	"bytes"

	"github.com/twinctl/twin/collector/record"
)

// dumped is the reason of a ring that ended because the agent picked up and
// hung up again before the caller was put through.
const dumped = "dump"

// Fields of a line of queue_log, before those of the verb.
const (
	logCall = iota + 1
	logQueue
	logAgent
	logVerb
	logData
	logFields = logData + 8 // more has no verb
)

// A logLine is a line of queue_log in its fields. What the line does not have
// is nil.
type logLine [logFields][]byte

// decodeQueueLog understands a line of queue_log:
// time|call|queue|agent|verb|data... What a verb of the site's own means is
// not known; it is kept as Other.
func decodeQueueLog(dst []Event, raw []byte, at record.Instant) []Event {
	line, n := splitLog(raw)
	if n <= logVerb || len(line[logVerb]) == 0 {
		return dst
	}
	e := Event{At: at}
	if !e.setVerb(line, n) {
		return dst
	}
	e.Queue = named(line[logQueue])
	e.Agent = named(line[logAgent])
	e.Leg = logLeg(line[logCall])
	e.Call = e.Leg
	return append(dst, e)
}

// splitLog cuts a line into fields and says how many there are. A line with
// too many has the rest in the last one.
func splitLog(raw []byte) (line logLine, n int) {
	for n < logFields-1 {
		var more bool
		line[n], raw, more = bytes.Cut(raw, []byte{'|'})
		line[n] = trim(line[n])
		n++
		if !more {
			return line, n
		}
	}
	line[n] = trim(raw)
	return line, n + 1
}

// named returns a name of queue_log, where NONE is none.
func named(b []byte) string {
	if string(b) == "NONE" {
		return ""
	}
	return text(b)
}

// logLeg returns the call of a line; who acted without one says how instead.
func logLeg(b []byte) string {
	switch string(b) {
	case "MANAGER", "REALTIME", "CLI":
		return ""
	}
	return named(b)
}

// setVerb fills in what the verb and its data say. It is false for a verb that
// says nothing of a call or an agent's time.
func (e *Event) setVerb(line logLine, n int) bool {
	data := line[logData:]
	switch string(line[logVerb]) {
	case "ENTERQUEUE": // url|caller[|position[|name]]
		e.Type, e.Caller, e.Position, e.CallerName = Offered, text(data[1]), position(data[2]), text(data[3])
	case "CONNECT": // wait|channel[|ring]
		e.Type, e.Wait, e.Ring = Answered, seconds(data[0]), seconds(data[2])
	case "COMPLETEAGENT": // wait|talk[|position]
		e.completed("agent", data)
	case "COMPLETECALLER":
		e.completed("caller", data)
	case "BLINDTRANSFER", "TRANSFER": // extension|context[|wait|talk[|position]]
		e.completed("transfer", data[2:])
	case "ATTENDEDTRANSFER": // method|of the method...|wait|talk|position
		e.completed("transfer", line[max(logData, min(n, logFields)-3):])
	case "ABANDON": // position|first position|wait
		e.ended(Abandoned, data)
	case "EXITEMPTY":
		e.ended(LeftEmpty, data)
	case "EXITWITHTIMEOUT": // position[|first position|wait]
		e.ended(TimedOut, data)
	case "EXITWITHKEY": // key|position[|first position|wait]
		e.ended(LeftByKey, data[1:])
		e.Reason = text(data[0])
	default:
		return e.setRareVerb(line)
	}
	return true
}

// setRareVerb goes on with the verbs that are not of a call's usual way. Who
// was withdrawn by the manager, or answered by a channel that cannot be put
// through, is told by AMI as abandoned.
func (e *Event) setRareVerb(line logLine) bool {
	data := line[logData:]
	switch string(line[logVerb]) {
	case "WITHDRAW": // position|first position|wait|why
		e.ended(Abandoned, data)
		e.Reason = "withdraw"
	case "SYSCOMPAT":
		e.Type, e.Reason = Abandoned, "syscompat"
	case "RINGNOANSWER":
		e.Type, e.Ring = RingNoAnswer, milliseconds(data[0])
	case "RINGCANCELED":
		e.Type, e.Ring = RingCanceled, milliseconds(data[0])
	case "AGENTDUMP":
		e.Type, e.Reason = RingCanceled, dumped
	case "ADDMEMBER": // PAUSED or nothing
		paused := string(data[0]) == "PAUSED"
		e.Type, e.Paused = LoggedIn, &paused
	case "REMOVEMEMBER":
		e.Type = LoggedOut
	case "AGENTLOGIN", "AGENTCALLBACKLOGIN": // channel
		e.Type, e.Interface = LoggedIn, text(data[0])
	case "AGENTLOGOFF", "AGENTCALLBACKLOGOFF": // channel|seconds
		e.Type, e.Interface = LoggedOut, text(data[0])
	case "PAUSE", "PAUSEALL": // why
		e.Type, e.Reason = Paused, text(data[0])
	case "UNPAUSE", "UNPAUSEALL":
		e.Type, e.Reason = Unpaused, text(data[0])
	case "QUEUESTART":
		e.Type = Restarted
	case "PENALTY", "RINGINUSE", "CONFIGRELOAD":
		return false
	default:
		e.Type, e.Reason = Other, text(line[logVerb])
	}
	return true
}

// completed reads wait|talk|first position.
func (e *Event) completed(reason string, data [][]byte) {
	e.Type, e.Reason = Completed, reason
	e.Wait, e.Talk = seconds(data[0]), seconds(data[1])
}

// ended reads position|first position|wait.
func (e *Event) ended(how Type, data [][]byte) {
	e.Type, e.Position, e.Wait = how, position(data[0]), seconds(data[2])
}
