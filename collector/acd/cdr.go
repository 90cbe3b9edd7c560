package acd

import (
	"bytes"
	"strings"
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
func decodeCDREvent(dst []Event, lines []byte, at record.Instant) []Event {
	var b bill
	for len(lines) > 0 {
		end := bytes.IndexByte(lines, '\n')
		if end < 0 {
			end = len(lines) - 1
		}
		line := lines[:end+1] // with its end, which keep takes off
		lines = lines[end+1:]
		switch line[0] {
		case 'S', 'A', 'E', 'B':
			b.when(line)
		default:
			b.who(line)
		}
	}
	return append(dst, b.event(at))
}

// when keeps a line whose name begins like those of times.
func (b *bill) when(line []byte) {
	switch line[0] {
	case 'S':
		keep(line, "Source", &b.source)
		keep(line, "StartTime", &b.start)
		keep(line, "Sequence", &b.sequence)
	case 'A':
		keep(line, "AccountCode", &b.account)
		keep(line, "AnswerTime", &b.answer)
	case 'E':
		keep(line, "EndTime", &b.end)
	case 'B':
		keep(line, "BillableSeconds", &b.billed)
	}
}

// who keeps the others.
func (b *bill) who(line []byte) {
	switch line[0] {
	case 'D':
		keep(line, "Destination", &b.number)
		keep(line, "DestinationContext", &b.context)
		keep(line, "DestinationChannel", &b.destination)
		keep(line, "Duration", &b.duration)
		keep(line, "Disposition", &b.disposition)
	case 'C':
		keep(line, "CallerID", &b.clid)
		keep(line, "Channel", &b.channel)
	case 'L':
		keep(line, "LastApplication", &b.application)
		keep(line, "LastData", &b.data)
		keep(line, "LinkedID", &b.call) // both spellings by cdr_manager.conf alone
		keep(line, "Linkedid", &b.call)
	case 'U':
		keep(line, "UniqueID", &b.leg)
		keep(line, "UserField", &b.userField)
	}
}

// event returns the leg of a call that the record tells of. Its queue is the
// first word of what the application Queue was given.
func (b *bill) event(at record.Instant) Event {
	var t texts
	name := nameOf(b.clid)
	t.grow(b.leg, b.call, b.source, name, b.channel, b.destination, b.number, b.context,
		b.application, b.data, b.disposition, b.account, b.userField, b.sequence)
	e := Event{
		At:         at,
		Type:       CallLeg,
		Leg:        t.of(b.leg),
		Call:       t.of(b.call),
		Caller:     t.of(b.source),
		CallerName: t.of(name),
		Record: &CDR{
			Channel:     t.of(b.channel),
			Destination: t.of(b.destination),
			Number:      t.of(b.number),
			Context:     t.of(b.context),
			Application: t.of(b.application),
			Data:        t.of(b.data),
			Duration:    seconds(b.duration),
			Billed:      seconds(b.billed),
			Disposition: t.of(b.disposition),
			Account:     t.of(b.account),
			UserField:   t.of(b.userField),
			Sequence:    t.of(b.sequence),
		},
	}
	if e.Call == "" {
		e.Call = e.Leg
	}
	if e.Record.Application == "Queue" {
		e.Queue, _, _ = strings.Cut(e.Record.Data, ",")
	}
	e.Record.setTimes(b, at)
	return e
}

// setTimes reads the times of the record. They are written without a zone, in
// the upstream's own or in UTC; but the record was written soon after the end
// of the call, so that at tells how far the clock on its wall was from UTC
// then, and the lengths tell how far it was before.
func (c *CDR) setTimes(b *bill, at record.Instant) {
	end := readWall(b.end)
	c.End = wallTime(end, at)
	before := func(shown record.Instant, length Span) record.Instant {
		switch {
		case c.End == 0:
			return wallTime(shown, at-length.Length)
		case !length.Known:
			return wallTime(shown, shown+c.End-end)
		}
		return wallTime(shown, c.End-length.Length)
	}
	c.Start = before(readWall(b.start), c.Duration)
	c.Answer = before(readWall(b.answer), c.Billed)
}

// wallLayout is how Asterisk writes times in call detail records.
const wallLayout = "2006-01-02 15:04:05"

// readWall reads a wall's time as if it were UTC; 0 is unreadable.
func readWall(b []byte) record.Instant {
	if len(b) != len(wallLayout) {
		return 0
	}
	var field [6]int // year to second
	n := 0
	for i, c := range b {
		switch want := wallLayout[i]; {
		case want < '0' || want > '9':
			n++
			if c != want {
				return 0
			}
		case c < '0' || c > '9':
			return 0
		default:
			field[n] = 10*field[n] + int(c-'0')
		}
	}
	t := time.Date(field[0], time.Month(field[1]), field[2], field[3], field[4], field[5], 0, time.UTC)
	if t.Day() != field[2] || t.Minute() != field[4] || t.Second() != field[5] || int(t.Month()) != field[1] || t.Hour() != field[3] {
		return 0 // as the 30th of February
	}
	return record.At(t)
}

// zoneStep divides all distances of the world's zones from UTC.
const zoneStep = 15 * record.Minute

// wallTime returns when a clock somewhere in the world showed this time, close
// to that instant; 0 stays 0, which is never.
func wallTime(shown, near record.Instant) record.Instant {
	if shown == 0 {
		return 0
	}
	ahead := shown - near + zoneStep/2
	return shown - (ahead - (ahead%zoneStep+zoneStep)%zoneStep)
}

// nameOf returns the name of `"Name" <number>`, without its quotes.
func nameOf(clid []byte) []byte {
	if len(clid) < 2 || clid[0] != '"' {
		return nil
	}
	end := bytes.LastIndexByte(clid[1:], '"')
	if end < 0 {
		return nil
	}
	return clid[1 : 1+end]
}
