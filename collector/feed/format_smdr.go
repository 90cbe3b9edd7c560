package feed

import (
	"bytes"
	"fmt"

	"github.com/twinctl/twin/collector/record"
)

// How a line of SMDR writes when the call started, and how many columns it has.
const (
	smdrLayout = "2006/01/02 15:04:05"
	smdrOld    = 30
	smdrNew    = 35 // and later ones more
)

// newSMDR makes the format of the lines that an Avaya IP Office writes, one for
// each segment of a call, when that is over.
//
// The time is when the call started, and as much later as the segment rang, was
// connected, held and parked: about when the line was written, so that an outage
// cost the lines of its own time. It is less for the later segments of a call,
// which all tell the call's own start. The time of the record that newer
// versions write too is not asked: others do not have it, and nothing says of
// which zone it is.
func newSMDR(o Options) (Format, error) {
	zone, err := o.onlyZone()
	if err != nil {
		return nil, err
	}
	written := layoutReader{layout: smdrLayout, zone: zone}
	return func(raw []byte) (record.Instant, error) {
		if n := 1 + bytes.Count(raw, []byte{','}); n < smdrOld || n > smdrOld && n < smdrNew {
			return 0, fmt.Errorf("%d columns: a line of smdr has %d, or %d and more: cut off, or none", n, smdrOld, smdrNew)
		}
		start, _ := cells(raw, 1, 1)
		at, err := written.read(start)
		if err != nil {
			return 0, fmt.Errorf("column 1, the start of the call: %w", err)
		}
		connected, _ := cells(raw, 2, 1)
		length, ok := clockLength(connected)
		if !ok {
			return 0, fmt.Errorf("column 2, how long it was connected: %.64q is not written as 00:00:00", connected)
		}
		for _, column := range []int{3, 16, 17} { // rang, held, parked
			cell, _ := cells(raw, column, 1)
			n, ok := secondsLength(cell)
			if !ok {
				return 0, fmt.Errorf("column %d, a length: %.64q is no number of seconds", column, cell)
			}
			length += n
		}
		return at + length, nil
	}, nil
}

// clockLength reads a length of at most 9999:59:59.
func clockLength(b []byte) (record.Instant, bool) {
	hours, rest, ok := bytes.Cut(b, []byte{':'})
	if !ok || len(rest) != len("00:00") || rest[2] != ':' || len(hours) > 4 {
		return 0, false
	}
	h, okHours := secondsLength(hours)
	m, okMinutes := secondsLength(rest[:2])
	s, okSeconds := secondsLength(rest[3:])
	return 3600*h + 60*m + s, len(hours) > 0 && okHours && okMinutes && okSeconds
}

// secondsLength reads a number of seconds of at most 8 digits. None is 0.
func secondsLength(b []byte) (n record.Instant, ok bool) {
	const digits = 8
	b = bytes.TrimSpace(b)
	if len(b) > digits {
		return 0, false
	}
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = 10*n + record.Instant(c-'0')
	}
	return n * record.Second, true
}
