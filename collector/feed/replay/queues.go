package replay

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// A queueState is what a PBX would know of a queue after some of the events.
type queueState struct {
	name                 string
	completed, abandoned int
	members              []*memberState
	callers              []callerState // who waits, who joined first at first
}

// A callerState is what it would know of a caller who waits.
type callerState struct {
	id     string // Uniqueid
	joined record.Instant
	raw    []byte // the event that told
}

// A memberState is what it would know of one member of a queue.
type memberState struct {
	name, location string
	absent         bool   // not added yet, or removed
	told           []byte // the latest event that told its state; nil before
	inCall         bool   // with a caller of this queue
}

// queuesAt returns the queues and members that the events name anywhere, as
// they are after the first said of them: a PBX knows its queues from the start.
// A member who is added by an event is absent before it.
func queuesAt(events []event, said int) []*queueState {
	var f queueFold
	for i := range events {
		raw := events[i].raw
		if bytes.HasPrefix(raw, []byte("Event: Queue")) || bytes.HasPrefix(raw, []byte("Event: Agent")) {
			f.event(&events[i], i < said)
		}
	}
	return f.queues
}

type queueFold struct{ queues []*queueState }

// event registers whom the event names and, if it was said, what it tells.
func (f *queueFold) event(e *event, said bool) {
	raw := e.raw
	name := value(raw, "Queue")
	if name == "" {
		return
	}
	q := f.queue(name)
	kind := eventName(raw)
	var m *memberState
	if location := value(raw, "Interface"); location != "" {
		m = q.member(location, value(raw, "MemberName"), kind == "QueueMemberAdded")
	}
	if said {
		q.apply(kind, m, e)
	}
}

func (f *queueFold) queue(name string) *queueState {
	for _, q := range f.queues {
		if q.name == name {
			return q
		}
	}
	q := &queueState{name: name}
	f.queues = append(f.queues, q)
	return q
}

func (q *queueState) member(location, name string, added bool) *memberState {
	for _, m := range q.members {
		if m.location == location {
			return m
		}
	}
	m := &memberState{name: name, location: location, absent: added}
	q.members = append(q.members, m)
	return m
}

func (q *queueState) apply(kind string, m *memberState, e *event) {
	switch kind {
	case "QueueCallerJoin":
		q.callers = append(q.callers, callerState{id: value(e.raw, "Uniqueid"), joined: e.at, raw: e.raw})
	case "QueueCallerLeave":
		q.leave(value(e.raw, "Uniqueid"))
	case "QueueCallerAbandon":
		q.abandoned++
	case "AgentConnect":
		if m != nil {
			m.inCall = true
		}
	case "AgentComplete":
		q.completed++
		if m != nil {
			m.inCall = false
		}
	case "QueueMemberAdded", "QueueMemberStatus", "QueueMemberPause", "QueueMemberPenalty", "QueueMemberRemoved":
		if m != nil {
			m.told, m.absent = e.raw, kind == "QueueMemberRemoved"
		}
	}
}

// leave takes a caller out of the queue.
func (q *queueState) leave(id string) {
	if i := slices.IndexFunc(q.callers, func(c callerState) bool { return c.id == id }); i >= 0 {
		q.callers = slices.Delete(q.callers, i, i+1)
	}
}

// params returns the lines of QueueParams. What a recording cannot tell is as
// in a queue that nobody has set up.
func (q *queueState) params() []string {
	return []string{
		"Event: QueueParams",
		"Queue: " + q.name,
		"Max: 0",
		"Strategy: ringall",
		fmt.Sprintf("Calls: %d", len(q.callers)),
		"Holdtime: 0",
		"TalkTime: 0",
		fmt.Sprintf("Completed: %d", q.completed),
		fmt.Sprintf("Abandoned: %d", q.abandoned),
		"ServiceLevel: 0",
		"ServicelevelPerf: 0.0",
		"ServicelevelPerf2: 0.0",
		"Weight: 0",
	}
}

// status returns the lines of QueueMember. Before any event told its state, it
// is unknown.
func (m *memberState) status(queue string) []string {
	lines := []string{"Event: QueueMember", "Queue: " + queue, "Name: " + m.name, "Location: " + m.location}
	for _, field := range []struct{ name, unknown string }{
		{"StateInterface", m.location},
		{"Membership", "static"},
		{"Penalty", "0"},
		{"CallsTaken", "0"},
		{"LastCall", "0"},
		{"LastPause", "0"},
		{"LoginTime", "0"},
		{"InCall", "0"},
		{"Status", "0"},
		{"Paused", "0"},
		{"PausedReason", ""},
		{"Wrapuptime", "0"},
	} {
		v := field.unknown
		switch {
		case field.name == "InCall" && m.inCall: // hardly any event tells
			v = "1"
		case m.told != nil:
			v = value(m.told, field.name)
		}
		lines = append(lines, field.name+": "+v)
	}
	return lines
}

// entry returns the lines of QueueEntry of a caller who stands at that position,
// and has been waiting so many seconds.
func (c callerState) entry(queue string, position int, wait record.Instant) []string {
	lines := []string{"Event: QueueEntry", "Queue: " + queue, fmt.Sprintf("Position: %d", position)}
	for _, name := range []string{"Channel", "Uniqueid", "CallerIDNum", "CallerIDName", "ConnectedLineNum", "ConnectedLineName"} {
		lines = append(lines, name+": "+value(c.raw, name))
	}
	return append(lines, fmt.Sprintf("Wait: %d", wait), "Priority: 0")
}
