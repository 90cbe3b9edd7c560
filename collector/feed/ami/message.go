package ami

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/twinctl/twin/collector/record"
)

// A message is what must be known of a block to decide what becomes of it. Its
// slices are the block's own bytes; nil means that there is no such header.
type message struct {
	event    []byte // what kind of event; nil if it is none
	response []byte // Success, Error, Goodbye; nil if it answers nothing
	time     []byte
	actionID []byte
	system   []byte
}

// parse reads a block. What a block is, its first line says; of headers that
// stand there twice the first counts.
func parse(block []byte) message {
	var m message
	first, _, _ := bytes.Cut(block, []byte("\n"))
	if name, value, ok := split(first); ok {
		switch string(name) {
		case "Event":
			m.event = value
		case "Response":
			m.response = value
		}
	}
	for line := range lines(block) {
		switch line[0] { // most lines are none of these
		case 'T':
			match(line, "Timestamp", &m.time)
		case 'A':
			match(line, "ActionID", &m.actionID)
		case 'S':
			match(line, "SystemName", &m.system)
		}
	}
	return m
}

// lines yields the lines that are not empty, with the CR that some end in.
func lines(block []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(block) > 0 {
			i := bytes.IndexByte(block, '\n')
			if i < 0 {
				i = len(block) - 1
			}
			if line := block[:i+1]; line[0] != '\n' && !yield(line) {
				return
			}
			block = block[i+1:]
		}
	}
}

// match sets value to the line's, if it has that name and value is not set.
func match(line []byte, name string, value *[]byte) {
	if *value != nil || len(line) <= len(name) || line[len(name)] != ':' || string(line[:len(name)]) != name {
		return
	}
	*value = bytes.TrimSpace(line[len(name)+1:])
	if *value == nil {
		*value = []byte{}
	}
}

// split cuts a header line in two.
func split(line []byte) (name, value []byte, ok bool) {
	name, value, ok = bytes.Cut(line, []byte(":"))
	return name, bytes.TrimSpace(value), ok
}

// header returns the value of a header of the block, "" if it has none.
func header(block []byte, name string) string {
	var value []byte
	for line := range lines(block) {
		match(line, name, &value)
	}
	return string(value)
}

var (
	errNoTime  = errors.New("event without Timestamp: set timestampevents = yes in [general] of Asterisk's manager.conf, then \"manager reload\"")
	errBadTime = errors.New("want seconds since 1970 and microseconds, as 1795222327.141253")
)

// parseTime reads seconds.microseconds, in integers so that it is exact.
func parseTime(b []byte) (record.Instant, error) {
	seconds, fraction, _ := bytes.Cut(b, []byte("."))
	if len(seconds) == 0 || len(seconds) > 12 || len(fraction) > 6 {
		return 0, fmt.Errorf("header Timestamp %q: %w", clip(b), errBadTime)
	}
	var t record.Instant
	for i := range len(seconds) + 6 {
		digit := byte('0')
		if i < len(seconds) {
			digit = seconds[i]
		} else if j := i - len(seconds); j < len(fraction) {
			digit = fraction[j]
		}
		if digit < '0' || digit > '9' {
			return 0, fmt.Errorf("header Timestamp %q: %w", clip(b), errBadTime)
		}
		t = 10*t + record.Instant(digit-'0')
	}
	return t, nil
}

// clip returns so much of what an upstream said as a message can hold.
func clip(b []byte) []byte { return b[:min(len(b), 64)] }
