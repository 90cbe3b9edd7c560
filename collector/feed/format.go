package feed

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/nearest"
	"github.com/twinctl/twin/collector/record"
)

// A Format finds the upstream's own time in the canonical bytes of a record.
// One goroutine calls it at a time: it may remember what it saw last.
type Format func(raw []byte) (record.Instant, error)

// Told returns the time that the beginning of what was rejected tells, 0 if none.
func (f Format) Told(head []byte) record.Instant {
	at, err := f(head)
	if err != nil {
		return 0
	}
	return at
}

// namedFormat is one line in the list of formats.
type namedFormat struct {
	name string
	make func(Options) (Format, error)
}

// formats is the list of what a record can look like.
func formats() []namedFormat {
	return []namedFormat{
		{"ami", newAMI},
		{"queue_log", newQueueLog},
		{"cdr_csv", newCDR},
		{"smdr", newSMDR},
		{"ech", newECH},
		{"cucm_cdr", newCUCM},
		{"text", newText},
		{formatSyslog, newSyslog},
	}
}

// FormatNames returns the formats that there are.
func FormatNames() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// NewFormat makes the format that o asks for. Its errors are *KeyError.
//
//   - ami: the header Timestamp, which an Asterisk sends that has
//     timestampevents = yes.
//   - queue_log: the first field, up to the first "|": seconds since 1970, or
//     the date and time that Asterisk writes for databases, which are in
//     time.zone.
//   - cdr_csv: the end of the call, in time.zone.
//   - smdr: the start of the call, in time.zone, and the lengths of the segment
//     behind that.
//   - ech: the end of the segment; what the text form says is in time.zone.
//   - cucm_cdr: the end of the leg, in seconds since 1970.
//   - text: where Options.Time says.
//   - syslog: the header of RFC 5424 or RFC 3164; see newSyslog.
//
// Where a zone is needed to understand a time, the clock that was put back
// shows an hour twice, and the clock that was put forward skips one. What such a
// time means is up to [time.Date]: one of the two instants, and for the same
// time of the same zone always the same one. An upstream that writes UTC or
// seconds since 1970 avoids the question.
func NewFormat(o Options) (Format, error) {
	for _, f := range formats() {
		if f.name == o.Format {
			return f.make(o)
		}
	}
	names := FormatNames()
	hint := "want " + strings.Join(names, ", ")
	if near, ok := nearest.Word(o.Format, names); ok {
		hint = fmt.Sprintf("did you mean %q? Known are %s", near, strings.Join(names, ", "))
	}
	return nil, &KeyError{"format", fmt.Errorf("%q is not known: %s", o.Format, hint)}
}

func newAMI(o Options) (Format, error) {
	if o.Time != nil {
		return nil, &KeyError{"time", errors.New("format ami has its own time, leave this out")}
	}
	return amiTime, nil
}

func amiTime(raw []byte) (record.Instant, error) {
	value, ok := header(raw, "Timestamp:")
	if !ok {
		return 0, errors.New("event without Timestamp: set timestampevents = yes in manager.conf and reload manager")
	}
	at, err := parseEpoch(bytes.TrimSpace(value))
	if err != nil {
		return 0, fmt.Errorf("header Timestamp: %w", err)
	}
	return at, nil
}

// header returns what follows name on the first line that begins with it.
func header(raw []byte, name string) ([]byte, bool) {
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte{'\n'})
		if len(line) >= len(name) && string(line[:len(name)]) == name {
			return line[len(name):], true
		}
		raw = rest
	}
	return nil, false
}

// databaseLayout is what Asterisk's %F %T.%6q writes; the fraction is read
// without being asked for.
const databaseLayout = "2006-01-02 15:04:05"

func newQueueLog(o Options) (Format, error) {
	zone, err := o.onlyZone()
	if err != nil {
		return nil, err
	}
	written := layoutReader{layout: databaseLayout, zone: zone}
	return func(raw []byte) (record.Instant, error) {
		first, _, ok := bytes.Cut(raw, []byte{'|'})
		if !ok {
			return 0, errors.New(`no "|": not a line of queue_log`)
		}
		if at, err := parseEpoch(first); err == nil {
			return at, nil
		}
		return written.read(first)
	}, nil
}

// onlyZone returns the zone that is configured for a format that knows where its
// time stands.
func (o Options) onlyZone() (*time.Location, error) {
	if o.Time == nil {
		return time.UTC, nil
	}
	if *o.Time != (TimeSpec{Zone: o.Time.Zone}) {
		return nil, &KeyError{"time", fmt.Errorf("format %s knows where its time stands: only zone can be said", o.Format)}
	}
	return loadZone(o.Time.Zone)
}
