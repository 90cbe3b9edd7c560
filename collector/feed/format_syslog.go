package feed

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/rfc3164"
	"github.com/leodido/go-syslog/v4/rfc5424"

	"github.com/twinctl/twin/collector/record"
)

// formatSyslog is the name of the format.
const formatSyslog = "syslog"

// ErrNoTime is returned by the format syslog for a message that has no usable
// time: none at all, "-", or nonsense. A kind that can tells the record with
// the time of its arrival and marks it: record.Untimed.
var ErrNoTime = errors.New("no usable time in the header of the message")

// newSyslog makes the format of syslog messages of RFC 5424 and RFC 3164. The
// latter's time may lack year and zone: it is in time.zone, and in the year
// that is nearest to now.
func newSyslog(o Options) (Format, error) {
	zone := time.UTC
	if o.Time != nil {
		var err error
		if *o.Time != (TimeSpec{Zone: o.Time.Zone}) {
			return nil, &KeyError{"time", errors.New("format syslog knows where its time stands: only zone can be said")}
		}
		if zone, err = loadZone(o.Time.Zone); err != nil {
			return nil, err
		}
	}
	r := &headerReader{modern: rfc5424.NewParser(rfc5424.WithBestEffort()), old: rfc3164.NewParser(
		rfc3164.WithBestEffort(), rfc3164.WithLenientDay(), rfc3164.WithSecondFractions(), rfc3164.WithEmbeddedNewlines())}
	return func(raw []byte) (record.Instant, error) {
		written, err := r.read(raw)
		switch {
		case err != nil:
			return 0, err
		case written.Year() == 0:
			written = nearestYear(written, zone, time.Now())
		}
		return record.At(written), nil
	}, nil
}

// A headerReader finds the time in the header of a message.
type headerReader struct{ modern, old syslog.Machine }

// read returns the time. That of RFC 3164 is of year 0. Any error is ErrNoTime.
func (r *headerReader) read(raw []byte) (time.Time, error) {
	if _, ok := afterVersion(raw); ok {
		m, err := r.modern.Parse(raw)
		if m, ok := m.(*rfc5424.SyslogMessage); ok && m != nil && m.Timestamp != nil {
			return *m.Timestamp, nil
		}
		return time.Time{}, noTime(err)
	}
	// What rsyslog sends unless told otherwise, and the parser does not know.
	if rest, ok := afterPriority(raw); ok {
		word, _, _ := bytes.Cut(rest[:min(len(rest), 40)], []byte{' '})
		if at, err := time.Parse(time.RFC3339Nano, string(word)); err == nil {
			return at, nil
		}
	}
	m, err := r.old.Parse(raw)
	if m, ok := m.(*rfc3164.SyslogMessage); ok && m != nil && m.Timestamp != nil {
		return *m.Timestamp, nil
	}
	return time.Time{}, noTime(err)
}

func noTime(err error) error {
	if err == nil {
		return ErrNoTime
	}
	return fmt.Errorf("%w: %w", ErrNoTime, err)
}

// nearestYear returns what a clock of that zone showed as t, which has no year,
// at the time that is nearest to now. A 29 February is of a leap year.
func nearestYear(t time.Time, zone *time.Location, now time.Time) time.Time {
	var best time.Time
	this := now.In(zone).Year()
	for _, year := range []int{this, this - 1, this + 1, this - 2, this - 3, this - 4} {
		at := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
		if at.Day() == t.Day() && (best.IsZero() || at.Sub(now).Abs() < best.Sub(now).Abs()) {
			best = at
		}
	}
	return best
}
