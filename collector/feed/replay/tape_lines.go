package replay

import (
	"bytes"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// cutLines makes the tape of a file of lines. A line without readable time is
// said together with the one before it.
func cutLines(file string, data []byte, o *Options) (*tape, error) {
	fo := feed.Options{Kind: Lines, Format: o.Format, Time: o.Time}
	format, err := feed.NewFormat(fo)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	t := &tape{file: file, end: "\n", classes: [][]string{nil}}
	if t.stamp, err = newStamper(fo); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	if o.Format == "cdr_csv" {
		t.walls = moveColumns
	}
	place := feed.TimePlace(fo)
	var last record.Instant
	var problem error // with the first line that has no time
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		e := event{raw: line, at: last}
		if at, err := format(bytes.TrimSuffix(line, []byte("\r"))); err == nil {
			e.at, last = at, at
			e.lo, e.hi = span(line, place)
		} else if problem == nil {
			problem = fmt.Errorf("line %d: %w", len(t.events)+1, err)
		}
		t.events = append(t.events, e)
	}
	switch {
	case len(t.events) == 0:
		return nil, fmt.Errorf("replay: %s: no line in it", file)
	case last == 0:
		return nil, fmt.Errorf("replay: %s: no line has a readable time: %w", file, problem)
	}
	t.dateHead()
	return t, nil
}

// dateHead gives the time of the first timed line to those before it.
func (t *tape) dateHead() {
	timed := 0
	for t.events[timed].at == 0 {
		timed++
	}
	for i := range timed {
		t.events[i].at = t.events[timed].at
	}
}

// span returns where in the line its time stands.
func span(line []byte, place func([]byte) ([]byte, bool)) (lo, hi int32) {
	text, ok := place(bytes.TrimSuffix(line, []byte("\r")))
	if !ok {
		return 0, 0
	}
	// A part of a slice ends where that does in memory, so capacities tell
	// where it begins.
	start := cap(line) - cap(text)
	return int32(start), int32(start + len(text))
}

// databaseLayout is how queue_log has its time where it is not seconds, and how
// cdr_csv has it.
const databaseLayout = "2006-01-02 15:04:05"

// newStamper returns what writes times as the options say that they are read.
func newStamper(o feed.Options) (stamper, error) {
	var spec feed.TimeSpec
	if o.Time != nil {
		spec = *o.Time
	}
	zone, err := time.LoadLocation(spec.Zone)
	if err != nil {
		return nil, &feed.KeyError{Key: "time.zone", Err: err}
	}
	if o.Format == "queue_log" {
		return func(dst, recorded []byte, at record.Instant) []byte {
			if bytes.IndexByte(recorded, ':') < 0 {
				return stampEpoch(dst, recorded, at)
			}
			return stampLayout(dst, recorded, at.Time().In(zone).Format(databaseLayout+".000000"))
		}, nil
	}
	if o.Format == "cdr_csv" {
		spec.Layout = databaseLayout
	}
	if spec.Layout == "epoch" {
		return stampEpoch, nil
	}
	return func(dst, _ []byte, at record.Instant) []byte {
		return at.Time().In(zone).AppendFormat(dst, spec.Layout)
	}, nil
}

// stampLayout writes text with as many decimals as recorded.
func stampLayout(dst, recorded []byte, text string) []byte {
	keep := len(databaseLayout)
	if i := bytes.LastIndexByte(recorded, '.'); i >= 0 {
		keep = min(len(text), keep+len(recorded)-i)
	}
	return append(dst, text[:keep]...)
}
