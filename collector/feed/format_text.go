package feed

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// newText makes the format of lines that have their time in a field. A layout
// that holds the separator takes as many fields as it needs: the time of
// "2026-11-21 08:30:00 up" is field 1 with layout "2006-01-02 15:04:05". Where
// the separator is a comma, a field may stand in double quotes and hold commas.
func newText(o Options) (Format, error) {
	if o.Time == nil {
		return nil, &KeyError{"time", errors.New(
			`missing: say where the time stands, as time = {field = 1, layout = "2006-01-02 15:04:05", zone = "Europe/Berlin"}`)}
	}
	spec := *o.Time
	if spec.Field < 1 {
		return nil, &KeyError{"time.field", fmt.Errorf("%d: fields count from 1", spec.Field)}
	}
	if strings.ContainsAny(spec.Separator, "\n\x00") {
		return nil, &KeyError{"time.separator", fmt.Errorf("%q: a line never holds this", spec.Separator)}
	}
	read, err := spec.reader()
	if err != nil {
		return nil, err
	}
	find := fieldFinder(spec)
	return func(raw []byte) (record.Instant, error) {
		field, ok := find(raw)
		if !ok {
			return 0, fmt.Errorf("no field %d", spec.Field)
		}
		at, err := read(field)
		if err != nil {
			return 0, fmt.Errorf("field %d: %w", spec.Field, err)
		}
		return at, nil
	}, nil
}

// reader returns what makes an instant of the field's text.
func (s TimeSpec) reader() (func([]byte) (record.Instant, error), error) {
	zone, err := loadZone(s.Zone)
	if err != nil {
		return nil, err
	}
	if s.Layout == "epoch" {
		return parseEpoch, nil
	}
	if err := checkLayout(s.Layout); err != nil {
		return nil, &KeyError{"time.layout", err}
	}
	r := layoutReader{layout: s.Layout, zone: zone}
	return r.read, nil
}

func loadZone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, &KeyError{"time.zone", errors.New("\"Local\" may differ between the twins: want a name, as Europe/Berlin")}
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, &KeyError{"time.zone", fmt.Errorf("%q is not known: want an IANA name, as Europe/Berlin, or nothing for UTC: %w", name, err)}
	}
	return zone, nil
}

// checkLayout refuses a layout that does not tell the day and hour.
func checkLayout(layout string) error {
	const want = `want "epoch" or how Go would write 3:04:05 pm on 2 January 2006, as "2006-01-02 15:04:05"`
	if layout == "" {
		return errors.New("missing: " + want)
	}
	sample := time.Date(2021, 11, 23, 17, 48, 59, 0, time.UTC)
	got, err := time.Parse(layout, sample.Format(layout))
	if err != nil || !got.Truncate(time.Hour).Equal(sample.Truncate(time.Hour)) {
		return fmt.Errorf("%q does not tell year, month, day and hour: %s", layout, want)
	}
	return nil
}

// A layoutReader reads times of one layout. It remembers the last one, because
// neighbouring lines tend to carry the same.
type layoutReader struct {
	layout string
	zone   *time.Location
	text   string
	at     record.Instant
}

func (r *layoutReader) read(field []byte) (record.Instant, error) {
	if r.text != "" && string(field) == r.text {
		return r.at, nil
	}
	text := string(field)
	t, err := time.ParseInLocation(r.layout, text, r.zone)
	if err != nil {
		return 0, fmt.Errorf("time %.64q is not written as %q", text, r.layout)
	}
	r.text, r.at = text, record.At(t)
	return r.at, nil
}

// parseEpoch reads seconds since 1970 with or without a fraction. What is finer
// than a microsecond is cut off.
func parseEpoch(b []byte) (record.Instant, error) {
	const most = 11 // digits: up to the year 5138
	var seconds, micros record.Instant
	i := 0
	for ; i < len(b) && isDigit(b[i]) && i <= most; i++ {
		seconds = seconds*10 + record.Instant(b[i]-'0')
	}
	bad := i == 0 || i > most
	if !bad && i < len(b) {
		bad = b[i] != '.' || i+1 == len(b)
		unit := record.Second / 10
		for i++; i < len(b) && !bad; i++ {
			bad = !isDigit(b[i])
			micros += unit * record.Instant(b[i]-'0')
			unit /= 10
		}
	}
	if bad {
		return 0, fmt.Errorf("time %.64q is not seconds since 1970", b)
	}
	return seconds*record.Second + micros, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// fieldFinder returns what finds the field, or the neighbouring fields, that
// hold the time.
func fieldFinder(s TimeSpec) func([]byte) ([]byte, bool) {
	switch s.Separator {
	case "":
		return func(raw []byte) ([]byte, bool) { return words(raw, s.Field, max(1, len(strings.Fields(s.Layout)))) }
	case ",":
		return func(raw []byte) ([]byte, bool) { return cells(raw, s.Field, 1+strings.Count(s.Layout, ",")) }
	}
	sep, count := []byte(s.Separator), 1+strings.Count(s.Layout, s.Separator)
	return func(raw []byte) ([]byte, bool) { return parts(raw, sep, s.Field, count) }
}

// words returns count words of raw from the one numbered first on, with what
// stands between them. Words are separated by runs of spaces and tabs.
func words(raw []byte, first, count int) ([]byte, bool) {
	from, end := 0, 0
	for n := 1; n < first+count; n++ {
		for end < len(raw) && isBlank(raw[end]) {
			end++
		}
		if end == len(raw) {
			return nil, false
		}
		if n == first {
			from = end
		}
		for end < len(raw) && !isBlank(raw[end]) {
			end++
		}
	}
	return raw[from:end], true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// parts does the same for fields that stand between separators.
func parts(raw, sep []byte, first, count int) ([]byte, bool) {
	for range first - 1 {
		_, rest, ok := bytes.Cut(raw, sep)
		if !ok {
			return nil, false
		}
		raw = rest
	}
	end := 0
	for n := 1; ; n++ {
		i := bytes.Index(raw[end:], sep)
		switch {
		case i < 0 && n < count:
			return nil, false
		case i < 0:
			return raw, true
		case n == count:
			return raw[:end+i], true
		}
		end += i + len(sep)
	}
}

// cells does the same for comma-separated values. A cell in double quotes may
// hold commas, is all of the time, and comes back without the quotes.
func cells(raw []byte, first, count int) ([]byte, bool) {
	from, end := 0, -1
	for n := 1; n < first+count; n++ {
		if end == len(raw) {
			return nil, false
		}
		start := end + 1
		end = cellEnd(raw, start)
		if n != first {
			continue
		}
		if from = start; from < end && raw[from] == '"' {
			return bytes.Trim(raw[from:end], `"`), true
		}
	}
	return raw[from:end], true
}

// cellEnd returns where the cell that begins at i ends. A quote that is never
// closed takes in the rest of the line.
func cellEnd(raw []byte, i int) int {
	if i < len(raw) && raw[i] == '"' {
		i = quoteEnd(raw, i+1)
	}
	if comma := bytes.IndexByte(raw[i:], ','); comma >= 0 {
		return i + comma
	}
	return len(raw)
}

// quoteEnd returns where the quote ends whose text begins at i. Inside of it a
// doubled quote stands for one.
func quoteEnd(raw []byte, i int) int {
	for ; i < len(raw); i++ {
		if raw[i] != '"' {
			continue
		}
		if i+1 == len(raw) || raw[i+1] != '"' {
			return i
		}
		i++
	}
	return len(raw)
}
