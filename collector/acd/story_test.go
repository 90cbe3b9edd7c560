package acd_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// eight is 2026-11-21T08:00:00Z, an interval's border.
const eight = 1_795_248_000 * record.Second

// events makes events of lines as "12.5 answered sales agent=Ana leg=1.1 wait=7":
// seconds after eight, type, queue or -, and what else is told.
func events(t testing.TB, story string) (all []acd.Event) {
	t.Helper()
	for line := range strings.Lines(story) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) < 3 {
			t.Fatalf("line %q", line)
		}
		e := acd.Event{At: eight + length(t, words[0]), Type: acd.Type(words[1])}
		if words[2] != "-" {
			e.Queue = words[2]
		}
		for _, word := range words[3:] {
			tell(t, &e, word)
		}
		all = append(all, e)
	}
	return all
}

func tell(t testing.TB, e *acd.Event, word string) {
	t.Helper()
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "agent":
		e.Agent = value
	case "phone":
		e.Interface = value
	case "leg":
		e.Leg, e.Call = value, value
	case "wait":
		e.Wait = acd.Spanning(length(t, value))
	case "ring":
		e.Ring = acd.Spanning(length(t, value))
	case "talk":
		e.Talk = acd.Spanning(length(t, value))
	case "why":
		e.Reason = value
	case "is":
		e.Device = acd.Device(value)
	case "paused":
		on := value == "yes"
		e.Paused = &on
	case "static":
		e.Static = true
	case "did":
		e.Record = &acd.CDR{Application: value}
	case "end":
		e.Record.End = eight + length(t, value)
	default:
		t.Fatalf("word %q", word)
	}
}

func length(t testing.TB, text string) record.Instant {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return record.Instant(n * float64(record.Second))
}

// counts reads "offered 1 abandoned_wait_s 7".
func counts(t testing.TB, text string) map[string]int64 {
	t.Helper()
	words := strings.Fields(strings.ReplaceAll(text, ",", " "))
	row := map[string]int64{}
	for i := 0; i+1 < len(words); i += 2 {
		n, err := strconv.ParseInt(words[i+1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		row[strings.ReplaceAll(words[i], "_for_", " for ")] = n
	}
	return row
}

// until counts events, and the time up to some seconds after eight.
func until(format string, all []acd.Event, end record.Instant) acd.Counted {
	f := acd.NewFold(format)
	for _, e := range all {
		f.Add(e)
	}
	f.Advance(eight + end)
	return f.Take()
}

// rows reads lines as "08:00 sales: offered 1".
func rows(t testing.TB, text string) map[string]map[string]int64 {
	t.Helper()
	all := map[string]map[string]int64{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		who, what, _ := strings.Cut(line, ": ")
		clock, name, _ := strings.Cut(who, " ")
		all["2026-11-21T"+clock+":00Z "+name] = counts(t, what)
	}
	return all
}
