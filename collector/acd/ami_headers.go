package acd

import "bytes"

// headers are those of a manager event that say something of a call, as slices
// of the record. Of a header that stands there twice the first one counts.
type headers struct {
	queue, position, extension  []byte
	member, phone, agent        []byte
	leg, call                   []byte
	number, caller              []byte // the caller's
	hold, ring, talk            []byte
	reason, pauseReason, paused []byte
	status, membership          []byte
	variable, value, uptime     []byte
}

// read finds them in an event's lines, by the first letter of each: most lines
// are none of these.
func (h *headers) read(lines []byte) {
	for len(lines) > 0 {
		end := bytes.IndexByte(lines, '\n')
		if end < 0 {
			end = len(lines) - 1
		}
		line := lines[:end+1] // with its end, which keep takes off
		lines = lines[end+1:]
		switch line[0] {
		case 'M', 'I', 'A', 'S', 'R', 'P':
			h.ofMember(line)
		case 'Q', 'U', 'L', 'C', 'H', 'T', 'V', 'E':
			h.ofCall(line)
		}
	}
}

// keep sets value to the line's if it has that name and value is not set.
func keep(line []byte, name string, value *[]byte) {
	if len(line) > len(name) && line[len(name)] == ':' && string(line[:len(name)]) == name && *value == nil {
		*value = trim(line[len(name)+1:])
	}
}

// ofCall keeps a line that says what happened to which call. Second names are
// those of Asterisk up to 11.
func (h *headers) ofCall(line []byte) {
	switch line[0] {
	case 'Q':
		keep(line, "Queue", &h.queue)
	case 'U':
		keep(line, "Uniqueid", &h.leg)
		keep(line, "Uptime", &h.uptime)
	case 'L':
		keep(line, "Linkedid", &h.call)
		keep(line, "Location", &h.phone)
	case 'C':
		keep(line, "CallerIDNum", &h.number)
		keep(line, "CallerIDName", &h.caller)
	case 'H':
		keep(line, "HoldTime", &h.hold)
		keep(line, "Holdtime", &h.hold)
	case 'T':
		keep(line, "TalkTime", &h.talk)
		keep(line, "Talktime", &h.talk)
	case 'V':
		keep(line, "Variable", &h.variable)
		keep(line, "Value", &h.value)
	case 'E':
		keep(line, "Exten", &h.extension)
	}
}

// ofMember keeps a line that says who, and how that one is.
func (h *headers) ofMember(line []byte) {
	switch line[0] {
	case 'M':
		keep(line, "MemberName", &h.member)
		keep(line, "Membership", &h.membership)
		keep(line, "Member", &h.phone)
	case 'I':
		keep(line, "Interface", &h.phone)
	case 'A':
		keep(line, "Agent", &h.agent)
		keep(line, "AgentCalled", &h.phone)
		keep(line, "AgentName", &h.member)
	case 'S':
		keep(line, "Status", &h.status)
	case 'R':
		keep(line, "RingTime", &h.ring)
		keep(line, "Ringtime", &h.ring)
		keep(line, "Reason", &h.reason)
	case 'P':
		keep(line, "Position", &h.position)
		keep(line, "Paused", &h.paused)
		keep(line, "PausedReason", &h.pauseReason)
	}
}
