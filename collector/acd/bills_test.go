package acd

import (
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/calls"
)

// smdrLine is a segment that rang for 9 s, was connected for 60, held for 5 and
// parked for 6, of a call that began 80 s before noon.
const smdrLine = "2026/11/21 11:58:40,00:01:00,9,5550001,I,201,8000,acc,0,1000014,1,E201,Kim,T9001,Line 1.1,5,6,,,,,,,,,,,,,"

func TestSMDR(t *testing.T) {
	want := func(change func(*Event)) Event {
		e := Event{
			Type: CallLeg, Call: "1000014-20261121115840", Caller: "5550001", Interface: "E201", Ring: secs(9),
			Record: &CDR{
				Channel: "E201", Destination: "T9001", Number: "201", Data: "8000", Account: "acc",
				Start: at - 80*record.Second, Answer: at - 71*record.Second, End: at, Duration: secs(80), Billed: secs(60),
			},
		}
		change(&e)
		return e
	}
	says(t, "smdr", []utterance{
		{"30 columns", smdrLine, want(func(*Event) {})},
		{"35 columns", smdrLine + ",10.0.0.1,8,10.0.0.2,9,2026/11/21 12:00:00", want(func(*Event) {})},
		{"lost", strings.Replace(smdrLine, "00:01:00", "00:00:00", 1), want(func(e *Event) {
			e.Record.Billed, e.Record.Duration, e.Record.Start, e.Record.Answer = secs(0), secs(20), at-20*record.Second, 0
		})},
		{"lengths that are none", strings.Replace(smdrLine, ",9,", ",x,", 1), want(func(e *Event) {
			e.Ring, e.Record.Duration, e.Record.Start, e.Record.Answer = Span{}, Span{}, 0, 0
		})},
		{"connected for years", strings.Replace(smdrLine, "00:01:00", "9999:00:00", 1), want(func(e *Event) {
			e.Record.Billed, e.Record.Duration, e.Record.Start, e.Record.Answer = Span{}, Span{}, 0, 0
		})},
		{"no number", strings.Replace(smdrLine, "1000014", "", 1), want(func(e *Event) { e.Call = "" })},
		{"cut", smdrLine[:60], Event{}},
		{"empty", "", Event{}},
	})
}

// cucmLine is a record as it is cut out of its file.
func cucmLine(before []string) string {
	noon := at.Time()
	file := calls.CUCM([]calls.Leg{{
		CallID: 54321, From: "5550001", To: "8000", Final: "201", Start: noon.Add(-80 * time.Second), Answered: noon.Add(-60 * time.Second),
		End: noon, FromDevice: "TRUNK", ToDevice: "SEP0011", Key: "a-b", Cause: 16,
	}}, before, nil)
	names, rest, _ := strings.Cut(string(file), "\n")
	_, line, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	if before == nil {
		return line
	}
	return names + "\n" + line
}

func TestCUCM(t *testing.T) {
	want := func(change func(*Event)) Event {
		e := Event{
			Type: CallLeg, Call: "1-54321", Leg: "a-b", Caller: "5550001", Interface: "SEP0011",
			Record: &CDR{
				Channel: "TRUNK", Destination: "SEP0011", Number: "8000", Data: "201", Disposition: "16",
				Start: at - 80*record.Second, Answer: at - 60*record.Second, End: at, Duration: secs(80), Billed: secs(60),
			},
		}
		change(&e)
		return e
	}
	says(t, "cucm_cdr", []utterance{
		{"usual", cucmLine(nil), want(func(*Event) {})},
		{"more columns", cucmLine(nil) + `,"x",7`, want(func(*Event) {})},
		{"moved columns", cucmLine([]string{"one", "two"}), want(func(*Event) {})},
		{"began later than it ended", strings.Replace(cucmLine(nil), "1795262320", "1795262500", 1), want(func(e *Event) {
			e.Record.Start, e.Record.Duration = 0, Span{}
		})},
		{"cut", cucmLine(nil)[:40], Event{}},
		{"empty", "", Event{}},
	})
}

func FuzzSMDR(f *testing.F) {
	f.Add([]byte(smdrLine))
	f.Add([]byte("2026/11/21 11:58:40,99999:00:00," + strings.Repeat("\xff,", 40)))
	f.Fuzz(func(t *testing.T, raw []byte) { survives(t, "smdr", raw) })
}

func FuzzCUCM(f *testing.F) {
	f.Add([]byte(cucmLine(nil)))
	f.Add([]byte(cucmLine([]string{"one"})))
	f.Fuzz(func(t *testing.T, raw []byte) { survives(t, "cucm_cdr", raw) })
}
