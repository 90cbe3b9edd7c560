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

// readHeaders finds them in an event's lines.
func readHeaders(lines []byte) (h headers) {
	for len(lines) > 0 {
		var line []byte
		line, lines, _ = bytes.Cut(lines, []byte{'\n'})
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok {
			continue
		}
		if place := h.ofCall(name); place != nil && *place == nil {
			*place = bytes.TrimSpace(value)
		}
	}
	return h
}

// ofCall returns where the value of a header belongs, nil for nowhere. Second
// names are those of Asterisk up to 11.
func (h *headers) ofCall(name []byte) *[]byte {
	switch string(name) {
	case "Queue":
		return &h.queue
	case "Position":
		return &h.position
	case "Exten":
		return &h.extension
	case "Uniqueid", "UniqueID":
		return &h.leg
	case "Linkedid", "LinkedID":
		return &h.call
	case "CallerIDNum":
		return &h.number
	case "CallerIDName":
		return &h.caller
	case "HoldTime", "Holdtime":
		return &h.hold
	case "RingTime", "Ringtime":
		return &h.ring
	case "TalkTime", "Talktime":
		return &h.talk
	case "Variable":
		return &h.variable
	case "Value":
		return &h.value
	case "Uptime":
		return &h.uptime
	}
	return h.ofMember(name)
}

// ofMember goes on with those that say who.
func (h *headers) ofMember(name []byte) *[]byte {
	switch string(name) {
	case "MemberName", "AgentName":
		return &h.member
	case "Interface", "Location", "Member", "AgentCalled":
		return &h.phone
	case "Agent":
		return &h.agent
	case "Reason":
		return &h.reason
	case "PausedReason":
		return &h.pauseReason
	case "Paused":
		return &h.paused
	case "Status":
		return &h.status
	case "Membership":
		return &h.membership
	}
	return nil
}
