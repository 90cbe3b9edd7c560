package replay

import (
	"bytes"
	"fmt"
)

// A queueState is what a PBX would know of a queue after some of the events.
type queueState struct {
	name                        string
	calls, completed, abandoned int
	members                     []*memberState
}

// A memberState is what it would know of one member of a queue.
type memberState struct {
	name, location string
	absent         bool   // not added yet, or removed
	told           []byte // the latest event that told its state; nil before
}

// queuesAt returns the queues and members that the events name anywhere, as
// they are after the first said of them: a PBX knows its queues from the start.
// A member who is added by an event is absent before it.
func queuesAt(events []event, said int) []*queueState {
	var f queueFold
	for i := range events {
		raw := events[i].raw
		if bytes.HasPrefix(raw, []byte("Event: Queue")) || bytes.HasPrefix(raw, []byte("Event: Agent")) {
			f.event(raw, i < said)
		}
	}
	return f.queues
}

type queueFold struct{ queues []*queueState }

// event registers whom the event names and, if it was said, what it tells.
func (f *queueFold) event(raw []byte, said bool) {
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
		q.apply(kind, m, raw)
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

func (q *queueState) apply(kind string, m *memberState, raw []byte) {
	switch kind {
	case "QueueCallerJoin":
		q.calls++
	case "QueueCallerLeave":
		q.calls = max(0, q.calls-1)
	case "QueueCallerAbandon":
		q.abandoned++
	case "AgentComplete":
		q.completed++
	case "QueueMemberAdded", "QueueMemberStatus", "QueueMemberPause", "QueueMemberPenalty", "QueueMemberRemoved":
		if m != nil {
			m.told, m.absent = raw, kind == "QueueMemberRemoved"
		}
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
		fmt.Sprintf("Calls: %d", q.calls),
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
		if m.told != nil {
			v = value(m.told, field.name)
		}
		lines = append(lines, field.name+": "+v)
	}
	return lines
}
