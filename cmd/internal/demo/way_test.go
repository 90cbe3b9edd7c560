package demo

import (
	"bytes"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures"
)

func TestWays(t *testing.T) {
	for kinds, want := range map[string][]string{
		"ami": {"pbx"}, "tail": {"pbx"}, "relp": {"pbx"}, "tail,relp": {"pbx", "pbx-relp"}, "relp,tail": {"pbx", "pbx-tail"},
		"": nil, "ami,relp": nil, "tail,ami": nil, "tail,tail": nil, "lines": nil, "tail,": nil,
	} {
		all, err := ways(kinds)
		var names []string
		for _, w := range all {
			names = append(names, w.feed)
		}
		if diff := cmp.Diff(want, names); diff != "" || (want == nil) != errors.Is(err, ErrFeed) {
			t.Errorf("%q: %v (-want +got)\n%s", kinds, err, diff)
		}
	}
}

// Of the queue_log that stretch is played of which the recorded manager told, by
// every count that was made outside of this project, and at any speed.
func TestRecordedLinesTellWhatTheManagerDid(t *testing.T) {
	expected, err := fixtures.Expected("expected-pbx-ami.json")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]int64{}
	offered := int64(0)
	for name, row := range expected.ByRow() {
		delete(row, "refused") // what a queue_log does not know
		want[name] = row
		offered += row["offered"]
	}
	lines, err := recordedLines(0)
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(lines, []byte("\n")); got != recordingLines || offered != recordingCalls {
		t.Errorf("%d lines, want %d; %d calls, want %d", got, recordingLines, offered, recordingCalls)
	}
	if diff := cmp.Diff(want, counted(t, lines)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	moved, err := recordedLines(15 * 60)
	if err != nil {
		t.Fatal(err)
	}
	if got := counted(t, moved); len(got) != len(want) || got["2026-11-21T01:00:00Z billing"]["offered"] != want["2026-11-21T00:45:00Z billing"]["offered"] {
		t.Errorf("moved by a quarter of an hour it tells %v", got)
	}
}

// counted counts lines, as expectations do.
func counted(t *testing.T, lines []byte) map[string]map[string]int64 {
	t.Helper()
	decode, _ := acd.NewDecoder("queue_log")
	fold := acd.NewFold("queue_log")
	var last record.Instant
	for line := range bytes.Lines(lines) {
		text, _, _ := bytes.Cut(line, []byte("|"))
		at, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		last = record.Instant(at) * record.Second
		for _, e := range decode(nil, bytes.TrimSuffix(line, []byte("\n")), last) {
			fold.Add(e)
		}
	}
	fold.Advance(last + record.Second)
	rows := map[string]map[string]int64{}
	for _, r := range fold.Take().Queues {
		c := r.Counts
		row := map[string]int64{
			"offered": c.Offered, "answered": c.Answered, "abandoned": c.Abandoned, "timed_out": c.TimedOut, "completed": c.Completed,
			"ring_no_answer": c.RingNoAnswer, "answered_wait_s": int64(c.AnsweredWait / record.Second), "talk_s": int64(c.Talk / record.Second),
			"abandoned_wait_s": int64(c.AbandonedWait / record.Second), "answered_wait_max_s": int64(c.AnsweredWaitMax / record.Second),
			"answered_within": within(c.AnsweredWaits), "abandoned_within": within(c.AbandonedWaits),
		}
		for column, n := range row {
			if n == 0 {
				delete(row, column)
			}
		}
		if len(row) > 0 {
			rows[r.Start.Time().Format(time.RFC3339)+" "+r.Queue] = row
		}
	}
	return rows
}

// within counts the waits of at most 20 seconds.
func within(w acd.Waits) (n int64) {
	for i, limit := range acd.Bins() {
		if limit <= 20 {
			n += w[i]
		}
	}
	return n
}

// What is played lies on one day, and never an hour ahead.
func TestPresentFor(t *testing.T) {
	for now, want := range map[string]string{
		"2026-11-22T08:30:00.7Z":    "2026-11-22T08:30:00Z",
		"2026-11-22T23:34:55Z":      "2026-11-22T23:34:55Z",
		"2026-11-22T23:34:57Z":      "2026-11-23T00:00:00Z",
		"2026-12-31T23:59:59Z":      "2027-01-01T00:00:00Z",
		"2026-11-23T00:50:00+01:00": "2026-11-23T00:00:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Unix(presentFor(at), 0).UTC()
		if got := begin.Format(time.RFC3339); got != want {
			t.Errorf("at %s it begins at %s, want %s", now, got, want)
		}
		if last := begin.Add(recordingLength - time.Second); last.Day() != begin.Day() || last.Sub(at) >= time.Hour {
			t.Errorf("at %s it ends at %s", now, last)
		}
	}
}
