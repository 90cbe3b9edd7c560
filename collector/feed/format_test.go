package feed_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures"
	"github.com/twinctl/twin/fixtures/calls"
)

// fixture returns a recording of a real Asterisk.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := fixtures.Recording(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func newFormat(t testing.TB, name string, spec *feed.TimeSpec) feed.Format {
	t.Helper()
	f, err := feed.NewFormat(feed.Options{Format: name, Time: spec})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// cdrLine is a line of Master.csv, of a caller with a comma in the name.
const cdrLine = `"","100","7000","in","""Evans, Kim"" <100>","SIP/1-0","","Queue","sales,,,,36",` +
	`"2026-11-21 11:59:51",,"2026-11-21 12:00:00",9,9,"ANSWERED","DOCUMENTATION","1795222294.8",""`

// smdr is a line with so many columns that was held for 5 and parked for 6 s.
func smdr(start, connected, ring string, columns int) string {
	cells := make([]string, max(columns, 17))
	copy(cells, []string{start, connected, ring, "5550001", "I", "201", "201", "", "0", "1000014", "0", "E201", "Kim", "T9001", "Line 1", "5", "6"})
	return strings.Join(cells[:columns], ",")
}

// echRecord is a segment that ended at noon; in the text form where there is a zone.
func echRecord(zone *time.Location) string {
	one := []calls.Segment{{CallID: 7, Number: 1, Start: noonTime.Add(-time.Minute), Stop: noonTime, Disposition: 2}}
	if zone == nil {
		return string(calls.ECH(12, 1, one)[8:])
	}
	return strings.TrimSpace(string(calls.ECHText(one, zone)))
}

// cucmRecord is a leg that ended at noon, as it is cut out of its file.
func cucmRecord(before []string) string {
	file := calls.CUCM([]calls.Leg{{CallID: 7, Start: noonTime.Add(-time.Minute), End: noonTime}}, before, nil)
	names, rest, _ := strings.Cut(string(file), "\n")
	_, line, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	if before == nil {
		return line
	}
	return names + "\n" + line
}

func TestFormat(t *testing.T) {
	const noon = "2026-11-21T12:00:00.000000Z"
	text := func(field int, sep, layout, zone string) *feed.TimeSpec {
		return &feed.TimeSpec{Field: field, Separator: sep, Layout: layout, Zone: zone}
	}
	const dateTime = "2006-01-02 15:04:05"
	for _, c := range []struct {
		name, format string
		spec         *feed.TimeSpec
		raw          string
		want         string // "" is an error
	}{
		{"ami", "ami", nil, "Event: X\r\nTimestamp: 1795262400.000000\r\nQueue: a", noon},
		{"ami, fraction", "ami", nil, "Event: X\r\nTimestamp: 1795262400.25\r\n", "2026-11-21T12:00:00.250000Z"},
		{"ami, finer than kept", "ami", nil, "Timestamp: 1795262400.0000019", "2026-11-21T12:00:00.000001Z"},
		{"ami, none", "ami", nil, "Event: X\r\nXTimestamp: 1795262400.000000\r\n", ""},
		{"ami, in a value", "ami", nil, "Event: Timestamp: 1795262400.000000\r\n", ""},
		{"ami, bad", "ami", nil, "Timestamp: 17952624OO\r\n", ""},
		{"ami, empty fraction", "ami", nil, "Timestamp: 1795262400.\r\n", ""},
		{"ami, negative", "ami", nil, "Timestamp: -5\r\n", ""},
		{"ami, beyond all time", "ami", nil, "Timestamp: 99999999999999999999\r\n", ""},
		{"queue_log", "queue_log", nil, "1795262400|NONE|NONE|NONE|QUEUESTART|", noon},
		{"queue_log, database", "queue_log", nil, "2026-11-21 12:00:00.000007|1|q|a|ENTERQUEUE||", "2026-11-21T12:00:00.000007Z"},
		{"queue_log, zone", "queue_log", &feed.TimeSpec{Zone: "Europe/Berlin"}, "2026-11-21 13:00:00.000000|1|q|a|X", noon},
		{"queue_log, no bar", "queue_log", nil, "1795262400", ""},
		{"queue_log, empty", "queue_log", nil, "|a", ""},
		{"cdr_csv", "cdr_csv", nil, cdrLine, noon},
		{"cdr_csv, zone", "cdr_csv", &feed.TimeSpec{Zone: "America/New_York"}, cdrLine, "2026-11-21T17:00:00.000000Z"},
		{"cdr_csv, no end", "cdr_csv", nil, strings.Replace(cdrLine, "12:00:00", "", 1), ""},
		{"cdr_csv, too short", "cdr_csv", nil, `"","2026-11-21 12:00:00"`, ""},
		{"smdr", "smdr", nil, smdr("2026/11/21 11:58:00", "00:01:40", "9", 30), noon},
		{"smdr of 35", "smdr", nil, smdr("2026/11/21 11:58:00", "00:01:40", "9", 35), noon},
		{"smdr of 37", "smdr", nil, smdr("2026/11/21 11:58:00", "00:01:40", "9", 37), noon},
		{"smdr, zone", "smdr", &feed.TimeSpec{Zone: "Europe/Berlin"}, smdr("2026/11/21 12:58:00", "00:01:40", "9", 30), noon},
		{"smdr, no ring", "smdr", nil, smdr("2026/11/21 11:58:09", "00:01:40", "", 30), noon},
		{"smdr, 100 hours", "smdr", nil, smdr("2026/11/17 07:59:40", "100:00:00", "9", 30), noon},
		{"smdr, cut", "smdr", nil, smdr("2026/11/21 11:58:00", "00:01:40", "9", 29), ""},
		{"smdr of 35, cut", "smdr", nil, smdr("2026/11/21 11:58:00", "00:01:40", "9", 34), ""},
		{"smdr, its names", "smdr", nil, smdr("Call Start", "Connected", "Ring", 30), ""},
		{"smdr, bad length", "smdr", nil, smdr("2026/11/21 11:58:00", "00:01:40", "nine", 30), ""},
		{"smdr, bad clock", "smdr", nil, smdr("2026/11/21 11:58:00", "1:40", "9", 30), ""},
		{"ech", "ech", nil, echRecord(nil), noon},
		{"ech, binary has no zone", "ech", &feed.TimeSpec{Zone: "Europe/Berlin"}, echRecord(nil), noon},
		{"ech, text", "ech", nil, echRecord(time.UTC), noon},
		{"ech, text in a zone", "ech", &feed.TimeSpec{Zone: "Etc/GMT-3"}, echRecord(time.FixedZone("", 3*3600)), noon},
		{"ech, cut", "ech", nil, echRecord(nil)[:492], ""},
		{"ech, text, cut", "ech", nil, echRecord(time.UTC)[:100], ""},
		{"ech, no time", "ech", nil, strings.Repeat("\x00", 493), ""},
		{"cucm_cdr", "cucm_cdr", nil, cucmRecord(nil), noon},
		{"cucm_cdr, more columns", "cucm_cdr", nil, cucmRecord(nil) + `,"x","y"`, noon},
		{"cucm_cdr, moved columns", "cucm_cdr", nil, cucmRecord([]string{"first"}), noon},
		{"cucm_cdr, names", "cucm_cdr", nil, `"cdrRecordType","globalCallID_callManagerId"`, ""},
		{"cucm_cdr, types", "cucm_cdr", nil, `INTEGER,INTEGER`, ""},
		{"cucm_cdr, cut", "cucm_cdr", nil, cucmRecord(nil)[:60], ""},
		{"cucm_cdr, never", "cucm_cdr", nil, strings.Replace(cucmRecord(nil), "1795262400", "0", 1), ""},
		{"words", "text", text(2, "", "epoch", ""), "  a \t 1795262400  b", noon},
		{"words, missing", "text", text(3, "", "epoch", ""), "a 1795262400 ", ""},
		{"words, layout of two", "text", text(2, "", dateTime, ""), "x 2026-11-21 12:00:00 y", noon},
		{"words, padded day", "text", text(1, "", "Jan _2 15:04:05 2006", ""), "Nov  1 12:00:00 2026 x", "2026-11-01T12:00:00.000000Z"},
		{"words, layout of two, one there", "text", text(2, "", dateTime, ""), "x 2026-11-21", ""},
		{"separator", "text", text(2, "||", dateTime, ""), "x||2026-11-21 12:00:00||y", noon},
		{"separator, last", "text", text(2, ";", dateTime, ""), "x;2026-11-21 12:00:00", noon},
		{"separator, missing", "text", text(3, ";", dateTime, ""), "x;2026-11-21 12:00:00", ""},
		{"separator, in the layout", "text", text(1, ";", "2006-01-02;15:04:05", ""), "2026-11-21;12:00:00;y", noon},
		{"cells", "text", text(1, ",", "2006/01/02 15:04:05", "Europe/Berlin"), "2026/11/21 13:00:00,00:00:05,7", noon},
		{"cells, quoted", "text", text(3, ",", dateTime, ""), `"Evans, Kim","say ""hi"", you","2026-11-21 12:00:00",x`, noon},
		{"cells, comma in the time", "text", text(2, ",", "2006-01-02, 15:04:05", ""), `a,"2026-11-21, 12:00:00",x`, noon},
		{"cells, comma in the layout", "text", text(2, ",", "2006-01-02,15:04:05", ""), `a,2026-11-21,12:00:00,x`, noon},
		{"cells, never closed", "text", text(2, ",", "epoch", ""), `"a,1795262400`, ""},
		{"cells, missing", "text", text(3, ",", "epoch", ""), `a,1795262400`, ""},
		{"zone in the layout wins", "text", text(1, ",", time.RFC3339, "Europe/Berlin"), "2026-11-21T14:00:00+02:00,x", noon},
		{"not written so", "text", text(1, ",", dateTime, ""), "21.11.2026 12:00,x", ""},
		{"an hour that was put forward", "text", text(1, ",", dateTime, "Europe/Berlin"), "2026-03-29 02:30:00", "2026-03-29T01:30:00.000000Z"},
		{"an hour that came twice", "text", text(1, ",", dateTime, "Europe/Berlin"), "2026-10-25 02:30:00", "2026-10-25T01:30:00.000000Z"},
		{"skipped, west of Greenwich", "text", text(1, ",", dateTime, "America/New_York"), "2026-03-08 02:30:00", "2026-03-08T06:30:00.000000Z"},
		{"twice, west of Greenwich", "text", text(1, ",", dateTime, "America/New_York"), "2026-11-01 01:30:00", "2026-11-01T05:30:00.000000Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFormat(t, c.format, c.spec)
			for range 2 { // the second time from memory
				at, err := f([]byte(c.raw))
				if c.want == "" && err == nil {
					t.Errorf("%q: got %s, want an error", c.raw, at)
				}
				if c.want != "" && (err != nil || at.String() != c.want) {
					t.Errorf("%q: got %s, %v; want %s", c.raw, at, err, c.want)
				}
			}
		})
	}
}

func TestFormatKeys(t *testing.T) {
	epoch := feed.TimeSpec{Field: 1, Layout: "epoch"}
	with := func(change func(*feed.TimeSpec)) *feed.TimeSpec {
		s := epoch
		change(&s)
		return &s
	}
	for _, c := range []struct {
		name, format string
		spec         *feed.TimeSpec
		key, says    string
	}{
		{"unknown", "smoke", nil, "format", "queue_log"},
		{"misspelt", "quelog", nil, "format", "known"},
		{"nearly", "queue-log", nil, "format", `did you mean "queue_log"`},
		{"ami with a time", "ami", &epoch, "time", "leave this out"},
		{"queue_log with a field", "queue_log", &epoch, "time", "only zone"},
		{"cdr_csv with a layout", "cdr_csv", &feed.TimeSpec{Layout: "epoch"}, "time", "only zone"},
		{"cdr_csv, zone", "cdr_csv", &feed.TimeSpec{Zone: "Mars/Base"}, "time.zone", "Mars/Base"},
		{"smdr with a field", "smdr", &epoch, "time", "only zone"},
		{"ech, zone", "ech", &feed.TimeSpec{Zone: "Mars/Base"}, "time.zone", "Mars/Base"},
		{"cucm_cdr with a time", "cucm_cdr", &epoch, "time", "leave this out"},
		{"queue_log, zone", "queue_log", &feed.TimeSpec{Zone: "Mars/Base"}, "time.zone", "Mars/Base"},
		{"text without", "text", nil, "time", "missing"},
		{"field", "text", with(func(s *feed.TimeSpec) { s.Field = 0 }), "time.field", "count from 1"},
		{"separator", "text", with(func(s *feed.TimeSpec) { s.Separator = "\n" }), "time.separator", "never"},
		{"zone", "text", with(func(s *feed.TimeSpec) { s.Zone = "Europe/Berlyn" }), "time.zone", "Europe/Berlyn"},
		{"zone of this machine", "text", with(func(s *feed.TimeSpec) { s.Zone = "Local" }), "time.zone", "twins"},
		{"no layout", "text", with(func(s *feed.TimeSpec) { s.Layout = "" }), "time.layout", "missing"},
		{"another language's", "text", with(func(s *feed.TimeSpec) { s.Layout = "YYYY-MM-DD" }), "time.layout", "2006"},
		{"no year", "text", with(func(s *feed.TimeSpec) { s.Layout = time.Stamp }), "time.layout", "year"},
		{"twelve hours", "text", with(func(s *feed.TimeSpec) { s.Layout = "2006-01-02 03:04:05" }), "time.layout", "hour"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := feed.NewFormat(feed.Options{Format: c.format, Time: c.spec})
			key, ok := errors.AsType[*feed.KeyError](err)
			if !ok || key.Key != c.key || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %s: ... %s", err, c.key, c.says)
			}
		})
	}
}

// Every line of a real queue_log has a time, and they never run backwards.
func TestFormatQueueLogFixture(t *testing.T) {
	f := newFormat(t, "queue_log", nil)
	last := record.Instant(0)
	for line := range bytes.Lines(fixture(t, "queue_log.gz")) {
		at, err := f(bytes.TrimRight(line, "\n"))
		if err != nil || at < last {
			t.Fatalf("%q: %s after %s, %v", line, at, last, err)
		}
		last = at
	}
}

func TestFormatAllocates(t *testing.T) {
	for name, c := range map[string]struct {
		f   feed.Format
		raw string
	}{
		"ami":       {newFormat(t, "ami", nil), "Event: X\r\nTimestamp: 1795262400.000001\r\n"},
		"queue_log": {newFormat(t, "queue_log", nil), "1795262400|a|b"},
		"epoch":     {newFormat(t, "text", &feed.TimeSpec{Field: 2, Separator: ",", Layout: "epoch"}), "a,1795262400.5,b"},
		"the same": {
			newFormat(t, "text", &feed.TimeSpec{Field: 1, Separator: ",", Layout: time.DateTime}),
			"2026-11-21 12:00:00,b",
		},
	} {
		raw := []byte(c.raw)
		if n := testing.AllocsPerRun(100, func() { _, _ = c.f(raw) }); n != 0 {
			t.Errorf("%s: %v allocations for each record", name, n)
		}
	}
}

func FuzzFormat(f *testing.F) {
	for line := range bytes.Lines(fixture(f, "queue_log.gz")[:2000]) {
		f.Add(line)
	}
	f.Add([]byte("Event: X\r\nTimestamp: 1795262400.000000\r\n"))
	f.Add([]byte(cdrLine))
	f.Add([]byte(smdr("2026/11/21 11:58:00", "00:01:40", "9", 30)))
	f.Add([]byte(echRecord(nil)))
	f.Add([]byte(echRecord(time.UTC)))
	f.Add([]byte(cucmRecord(nil)))
	f.Add([]byte(cucmRecord([]string{"x"})))
	f.Add([]byte(`"a ""b""",2026-11-21 12:00:00,`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		kept := bytes.Clone(raw)
		for name, spec := range map[string]*feed.TimeSpec{
			"ami":       nil,
			"queue_log": {Zone: "Europe/Berlin"},
			"cdr_csv":   {Zone: "Europe/Berlin"},
			"smdr":      {Zone: "Europe/Berlin"},
			"ech":       {Zone: "Europe/Berlin"},
			"cucm_cdr":  nil,
			"text":      {Field: 2, Separator: ",", Layout: time.DateTime},
		} {
			first, err := newFormat(t, name, spec)(raw)
			again, errAgain := newFormat(t, name, spec)(raw)
			if first != again || (err == nil) != (errAgain == nil) {
				t.Errorf("%s of %q: %s, %v and then %s, %v", name, raw, first, err, again, errAgain)
			}
		}
		if !bytes.Equal(kept, raw) {
			t.Errorf("%q was changed", kept)
		}
	})
}
