package acd

import (
	"bytes"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// bill holds the columns of a call detail record as its upstream wrote them.
type bill struct {
	account, source, number, context, clid      []byte
	channel, destination, application, data     []byte
	start, answer, end, duration, billed        []byte
	disposition, leg, userField, call, sequence []byte
}

// decodeCDREvent understands the lines of a Cdr event.
func decodeCDREvent(dst []Event, rest []byte, at record.Instant) []Event {
	var b bill
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok {
			continue
		}
		if place := b.place(name); place != nil && *place == nil {
			*place = bytes.TrimSpace(value)
		}
	}
	return append(dst, b.event(at))
}

// place returns where the value of a header belongs, nil for nowhere.
func (b *bill) place(name []byte) *[]byte {
	switch string(name) {
	case "AccountCode":
		return &b.account
	case "Source":
		return &b.source
	case "Destination":
		return &b.number
	case "DestinationContext":
		return &b.context
	case "CallerID":
		return &b.clid
	case "Channel":
		return &b.channel
	case "DestinationChannel":
		return &b.destination
	case "LastApplication":
		return &b.application
	case "LastData":
		return &b.data
	case "StartTime":
		return &b.start
	case "AnswerTime":
		return &b.answer
	case "EndTime":
		return &b.end
	case "Duration":
		return &b.duration
	case "BillableSeconds":
		return &b.billed
	case "Disposition":
		return &b.disposition
	case "UniqueID", "Uniqueid":
		return &b.leg
	case "LinkedID", "Linkedid":
		return &b.call
	case "UserField":
		return &b.userField
	case "Sequence":
		return &b.sequence
	}
	return nil
}

// event returns the leg of a call that the record tells of. Its queue is the
// first word of what the application Queue was given.
func (b *bill) event(at record.Instant) Event {
	e := Event{
		At:         at,
		Type:       CallLeg,
		Leg:        text(b.leg),
		Call:       text(b.call),
		Caller:     text(b.source),
		CallerName: callerName(b.clid),
		Record: &CDR{
			Channel:     text(b.channel),
			Destination: text(b.destination),
			Number:      text(b.number),
			Context:     text(b.context),
			Application: text(b.application),
			Data:        text(b.data),
			Duration:    seconds(b.duration),
			Billed:      seconds(b.billed),
			Disposition: text(b.disposition),
			Account:     text(b.account),
			UserField:   text(b.userField),
			Sequence:    text(b.sequence),
		},
	}
	if e.Call == "" {
		e.Call = e.Leg
	}
	if e.Record.Application == "Queue" {
		queue, _, _ := bytes.Cut(b.data, []byte{','})
		e.Queue = text(queue)
	}
	e.Record.setTimes(b, at)
	return e
}

// setTimes reads the times of the record. They are written without a zone, in
// the upstream's own or in UTC; but the record was written soon after the end
// of the call, so that at tells how far the clock on its wall is from UTC.
func (c *CDR) setTimes(b *bill, at record.Instant) {
	c.End = wallTime(b.end, at)
	if c.End == 0 {
		c.Start = wallTime(b.start, at-c.Duration.Length)
		return
	}
	c.Start = wallTime(b.start, c.End-c.Duration.Length)
	c.Answer = wallTime(b.answer, c.End-c.Billed.Length)
}

// wallLayout is how Asterisk writes times in call detail records.
const wallLayout = "2006-01-02 15:04:05"

// zoneStep divides all distances of the world's zones from UTC.
const zoneStep = 15 * record.Minute

// wallTime reads a time that somebody's clock showed close to that instant.
// Unreadable is 0, which is never.
func wallTime(b []byte, near record.Instant) record.Instant {
	if len(b) != len(wallLayout) {
		return 0
	}
	t, err := time.Parse(wallLayout, string(b))
	if err != nil {
		return 0
	}
	shown := record.At(t)
	ahead := shown - near + zoneStep/2
	return shown - (ahead - (ahead%zoneStep+zoneStep)%zoneStep)
}

// callerName returns the name of `"Name" <number>`, without its quotes.
func callerName(clid []byte) string {
	if len(clid) < 2 || clid[0] != '"' {
		return ""
	}
	end := bytes.LastIndexByte(clid[1:], '"')
	if end < 0 {
		return ""
	}
	return text(clid[1 : 1+end])
}
