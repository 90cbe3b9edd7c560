package acd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

// bill7 is a caller who waited nine seconds in a queue, was talked to for five,
// and whose call ended at noon (UTC).
func bill7() Event {
	return Event{
		At: at, Type: CallLeg, Queue: "sales", Call: "7.1", Leg: "7.8", Caller: "100", CallerName: "Evans, \"Kim\"",
		Record: &CDR{
			Channel: "SIP/1-0", Destination: "SIP/2-0", Number: "7000", Context: "in", Application: "Queue", Data: "sales,,,,36",
			Start: at - 14*record.Second, Answer: at - 5*record.Second, End: at, Duration: secs(14), Billed: secs(5),
			Disposition: "ANSWERED", Account: "acc", UserField: "u,f", Sequence: "4",
		},
	}
}

const bill7Line = `"acc","100","7000","in","""Evans, ""Kim"""" <100>","SIP/1-0","SIP/2-0","Queue","sales,,,,36",` +
	`"2026-11-21 11:59:46","2026-11-21 11:59:55","2026-11-21 12:00:00",14,5,"ANSWERED","DOCUMENTATION"`

func bill7Block(more ...string) string {
	return block(append([]string{
		"Event: Cdr", "Privilege: cdr,all", "Timestamp: 1795262400.000000", "AccountCode: acc", "Source: 100",
		"Destination: 7000", "DestinationContext: in", `CallerID: "Evans, "Kim"" <100>`, "Channel: SIP/1-0", "DestinationChannel: SIP/2-0",
		"LastApplication: Queue", "LastData: sales,,,,36", "Duration: 14", "BillableSeconds: 5", "Disposition: ANSWERED",
		"AMAFlags: DOCUMENTATION", "UniqueID: 7.8", "UserField: u,f", "LinkedID: 7.1", "Sequence: 4",
	}, more...)...)
}

func TestCDR(t *testing.T) {
	utc := []string{"StartTime: 2026-11-21 11:59:46", "AnswerTime: 2026-11-21 11:59:55", "EndTime: 2026-11-21 12:00:00"}
	for name, c := range map[string]struct {
		format, raw string
		change      func(*Event)
	}{
		"event":         {"ami", bill7Block(utc...), nil},
		"event, plain":  {"ami", strings.NewReplacer("LinkedID: 7.1\r\n", "", "Sequence: 4\r\n", "").Replace(bill7Block(utc...)), func(e *Event) { e.Call, e.Record.Sequence = "7.8", "" }},
		"all columns":   {"cdr_csv", bill7Line + `,"7.8","u,f","","7.1",4`, nil},
		"two more":      {"cdr_csv", bill7Line + `,"7.8","u,f"`, func(e *Event) { e.Call, e.Record.Sequence = "7.8", "" }},
		"the id":        {"cdr_csv", bill7Line + `,"pbx-7.8"`, func(e *Event) { e.Call, e.Leg, e.Record.UserField, e.Record.Sequence = "pbx-7.8", "pbx-7.8", "", "" }},
		"the field":     {"cdr_csv", bill7Line + `,"u,f"`, func(e *Event) { e.Call, e.Leg, e.Record.Sequence = "", "", "" }},
		"no more":       {"cdr_csv", bill7Line, func(e *Event) { e.Call, e.Leg, e.Record.UserField, e.Record.Sequence = "", "", "", "" }},
		"newer alone":   {"cdr_csv", bill7Line + `,"","7.1",4`, func(e *Event) { e.Leg, e.Record.UserField = "", "" }},
		"id and newer":  {"cdr_csv", bill7Line + `,"7.8","","7.1",4`, func(e *Event) { e.Record.UserField = "" }},
		"with line end": {"cdr_csv", bill7Line + ",\"7.8\",\"u,f\",\"\",\"7.1\",4\r\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			want := bill7()
			if c.change != nil {
				c.change(&want)
			}
			got := decoder(t, c.format)(nil, []byte(c.raw), at)
			if d := cmp.Diff([]Event{want}, got); d != "" {
				t.Errorf("%s\n%s", c.raw, d)
			}
		})
	}
	says(t, "cdr_csv", []utterance{
		{"too few columns", strings.TrimSuffix(bill7Line, `,"DOCUMENTATION"`), Event{}},
		{"too many", bill7Line + strings.Repeat(",x", 6), Event{}},
		{"many more", bill7Line + strings.Repeat(",x", 60_000), Event{}},
		{"a quote that never ends", `"acc` + bill7Line[1:5], Event{}},
		{"empty", "", Event{}},
	})
}

// A wall's clock is understood by when its record came: written in the PBX's
// own zone or in UTC, before or after its clocks were changed.
func TestWallTimes(t *testing.T) {
	for name, c := range map[string]struct {
		near, shown string
		want        string // 0: unreadable
	}{
		"UTC":                 {"2026-11-21T12:00:00Z", "2026-11-21 12:00:00", "2026-11-21T12:00:00Z"},
		"New York":            {"2026-11-21T12:00:00.5Z", "2026-11-21 07:00:00", "2026-11-21T12:00:00Z"},
		"Kathmandu":           {"2026-11-21T12:00:00Z", "2026-11-21 17:44:58", "2026-11-21T11:59:58Z"},
		"Kiritimati":          {"2026-11-21T12:00:00Z", "2026-11-22 02:00:00", "2026-11-21T12:00:00Z"},
		"written in batches":  {"2026-11-21T12:05:00Z", "2026-11-21 07:00:00", "2026-11-21T12:00:00Z"},
		"Marquesas, at night": {"2026-01-01T03:00:00Z", "2025-12-31 17:30:00", "2026-01-01T03:00:00Z"},
		"before 1970":         {"1969-12-31T12:00:00Z", "1969-12-31 13:00:00", "1969-12-31T12:00:00Z"},
		"never":               {"2026-11-21T12:00:00Z", "", ""},
		"no such day":         {"2026-11-21T12:00:00Z", "2026-02-30 12:00:00", ""},
		"no such hour":        {"2026-11-21T12:00:00Z", "2026-11-21 24:00:00", ""},
		"not a time":          {"2026-11-21T12:00:00Z", "2026-11-21T12:00:00", ""},
		"not a number":        {"2026-11-21T12:00:00Z", "2026-11-21 12:00:0x", ""},
		"letters for signs":   {"2026-11-21T12:00:00Z", "2026-11-21 12;00:00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			near, want := instant(t, c.near), record.Instant(0)
			if c.want != "" {
				want = instant(t, c.want)
			}
			if got := wallTime(readWall([]byte(c.shown)), near); got != want {
				t.Errorf("%q near %s is %s, want %s", c.shown, c.near, got, c.want)
			}
		})
	}
}

// A call that began before the clocks were put back has its beginning told by
// another clock than its end.
func TestCDRAcrossClockChange(t *testing.T) {
	end := instant(t, "2026-10-25T01:10:00Z") // 02:10 in Berlin, and 01:50 was 80 minutes before
	raw := block("Event: Cdr", "StartTime: 2026-10-25 01:50:00", "AnswerTime: 2026-10-25 02:00:00", "EndTime: 2026-10-25 02:10:00",
		"Duration: 4800", "BillableSeconds: 4200", "UniqueID: 7.8")
	got := decoder(t, "ami")(nil, []byte(raw), end)[0].Record
	if got.Start != end-80*record.Minute || got.Answer != end-70*record.Minute || got.End != end {
		t.Errorf("from %s, answered %s, to %s", got.Start, got.Answer, got.End)
	}
}

// Where a length or the end is missing, the times say what they can.
func TestCDRWithoutLengths(t *testing.T) {
	const start, end = "StartTime: 2026-11-21 03:00:00", "EndTime: 2026-11-21 07:00:00" // in New York
	for _, c := range []struct {
		lines      []string
		start, end record.Instant
	}{
		{[]string{start, end}, at - 4*record.Hour, at},
		{[]string{start, end, "Duration: 14400"}, at - 4*record.Hour, at},
		{[]string{start, "Duration: 14400"}, at - 4*record.Hour, 0},
		{[]string{end}, 0, at},
		{nil, 0, 0},
	} {
		got := decoder(t, "ami")(nil, []byte(block(append([]string{"Event: Cdr"}, c.lines...)...)), at+record.Second)[0].Record
		if got.Start != c.start || got.End != c.end || got.Answer != 0 {
			t.Errorf("%v: from %s, answered %s, to %s", c.lines, got.Start, got.Answer, got.End)
		}
	}
}

func instant(t *testing.T, text string) record.Instant {
	t.Helper()
	var at record.Instant
	if err := at.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return at
}

// The file of the bills and the events of the bills tell the same of each leg
// that both have.
func TestBillsAgree(t *testing.T) {
	byLeg := map[string]Event{}
	for _, raw := range said(t, "pbx-a.ami.gz") {
		for _, e := range decoder(t, "ami")(nil, raw, eventTime(t, raw)) {
			if e.Type == CallLeg {
				byLeg[e.Leg+e.Record.Destination+e.Record.Disposition] = e
			}
		}
	}
	same := 0
	for _, raw := range said(t, "cdr.csv.gz") {
		for _, line := range decoder(t, "cdr_csv")(nil, raw, billEnd(t, raw)) {
			event, ok := byLeg[line.Leg+line.Record.Destination+line.Record.Disposition]
			if !ok {
				continue
			}
			line.At, event.At = 0, 0
			if d := cmp.Diff(event, line); d != "" {
				t.Fatalf("event and line of %s:\n%s", line.Leg, d)
			}
			same++
		}
	}
	if same < 4000 {
		t.Errorf("%d bills in both", same)
	}
}
