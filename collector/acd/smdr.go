package acd

import (
	"bytes"

	"github.com/twinctl/twin/collector/record"
)

// Columns of a line of SMDR, counted from 0.
const (
	smdrStart = iota
	smdrConnected
	smdrRing
	smdrCaller
	_ // whether it came in or went out
	smdrCalled
	smdrDialled
	smdrAccount
	_ // whether it is internal
	smdrCallID
	_ // whether more of the call follows
	smdrParty1
	_ // its name
	smdrParty2
	_ // its name
	smdrHold
	smdrPark
	smdrCells

	smdrLeast = 30
)

// decodeSMDR understands a line of SMDR of an IP Office, one segment of a call.
// The call is its number and when it started, which all of its segments tell:
// numbers begin anew. Where an extension took part, the first party is one, so
// that is the phone of the event. SMDR tells of no queue: who was called may
// be a hunt group, but how long somebody waited in it is not said.
func decodeSMDR(dst []Event, raw []byte, at record.Instant) []Event {
	var c [smdrCells][]byte
	if n := bytes.Count(raw, []byte{','}); n+1 < smdrLeast {
		return dst
	}
	for i := range c {
		c[i], raw, _ = bytes.Cut(raw, []byte{','})
		c[i] = trim(c[i])
	}
	var t texts
	id := bytes.Join([][]byte{c[smdrCallID], digitsOf(c[smdrStart])}, []byte{'-'})
	t.grow(id, c[smdrCaller], c[smdrParty1], c[smdrParty1], c[smdrParty2], c[smdrCalled], c[smdrDialled], c[smdrAccount])
	e := Event{
		At: at, Type: CallLeg, Caller: t.of(c[smdrCaller]), Interface: t.of(c[smdrParty1]), Ring: seconds(c[smdrRing]),
		Record: &CDR{
			Channel: t.of(c[smdrParty1]), Destination: t.of(c[smdrParty2]), Number: t.of(c[smdrCalled]), Data: t.of(c[smdrDialled]),
			Account: t.of(c[smdrAccount]), End: at, Billed: clock(c[smdrConnected]),
		},
	}
	if len(c[smdrCallID]) > 0 {
		e.Call = t.of(id)
	}
	e.Record.setSegment(&e, seconds(c[smdrHold]), seconds(c[smdrPark]))
	return append(dst, e)
}

// setSegment sets what follows from the lengths, of which all must be known.
func (c *CDR) setSegment(e *Event, held, parked Span) {
	total := c.Billed.Length + e.Ring.Length + held.Length + parked.Length
	if !c.Billed.Known || !e.Ring.Known || !held.Known || !parked.Known || total > longestSpan {
		return
	}
	c.Duration, c.Start = Spanning(total), c.End-total
	if c.Billed.Length > 0 {
		c.Answer = c.Start + e.Ring.Length
	}
}

// clock reads a length that is written as 00:00:00.
func clock(b []byte) Span {
	hours, rest, ok := bytes.Cut(b, []byte{':'})
	if !ok || len(rest) != len("00:00") || rest[2] != ':' {
		return Span{}
	}
	h, m, s := span(hours, record.Hour), span(rest[:2], record.Minute), span(rest[3:], record.Second)
	total := h.Length + m.Length + s.Length
	if !h.Known || !m.Known || !s.Known || total > longestSpan {
		return Span{}
	}
	return Spanning(total)
}

// digitsOf returns the digits of a time, as they are written.
func digitsOf(b []byte) []byte {
	digits := make([]byte, 0, len("20060102150405"))
	for _, c := range b {
		if c >= '0' && c <= '9' && len(digits) < cap(digits) {
			digits = append(digits, c)
		}
	}
	return digits
}
