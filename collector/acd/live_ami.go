package acd

import (
	"bytes"

	"github.com/twinctl/twin/collector/record"
)

// readStand reads what an Asterisk answers to QueueStatus: a QueueParams for
// each queue, with its QueueMembers and QueueEntries. What it does not
// understand says nothing.
func readStand(at record.Instant, answers [][]byte, cut bool) stand {
	s := stand{at: at, partial: cut}
	for _, raw := range answers {
		get := listItem(raw)
		queue := text(get("Queue"))
		if queue == "" {
			continue
		}
		switch string(get("Event")) {
		case "QueueParams":
			s.queues = append(s.queues, queue)
		case "QueueMember":
			if m := readMember(queue, get); m.agent != "" {
				m.member.told = at
				s.members = append(s.members, m)
			}
		case "QueueEntry":
			if leg := text(get("Uniqueid")); leg != "" {
				s.waits = append(s.waits, standWait{leg, liveWait{queue, at - seconds(get("Wait")).Length}})
			}
		}
	}
	return s
}

func readMember(queue string, get func(name string) []byte) standMember {
	m := standMember{agent: text(get("Name")), inCall: flag(get("InCall"))}
	phone := get("Location")
	if len(phone) == 0 {
		phone = get("Interface")
	}
	m.member = liveMember{queue: queue, phone: text(phone), device: deviceOf(get("Status"))}
	if m.agent == "" {
		m.agent = m.member.phone
	}
	if paused := flag(get("Paused")); paused != nil && *paused {
		m.member.paused, m.member.reason = true, text(get("PausedReason"))
		if since, ok := whole(get("LastPause"), latestSecond); ok {
			m.member.since = record.Instant(since) * record.Second
		}
	}
	return m
}

// latestSecond is the end of the year 9999.
const latestSecond = 253_402_300_799

// listItem returns a function that looks up the headers of an event of a list.
func listItem(raw []byte) func(name string) []byte {
	return func(name string) []byte {
		for line := range bytes.Lines(raw) {
			if len(line) > len(name) && line[len(name)] == ':' && string(line[:len(name)]) == name {
				return bytes.TrimSpace(line[len(name)+1:])
			}
		}
		return nil
	}
}
