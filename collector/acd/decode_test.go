package acd

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures"
)

// recording returns what a real Asterisk said.
func recording(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := fixtures.Recording(name)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// said returns the records of a recording: blocks of an .ami, lines of others.
func said(tb testing.TB, name string) [][]byte {
	tb.Helper()
	end := "\n"
	if strings.Contains(name, ".ami") {
		end = "\r\n\r\n"
	}
	all := bytes.Split(recording(tb, name), []byte(end))
	if last := len(all) - 1; len(all[last]) == 0 {
		all = all[:last]
	}
	return all
}

func decoder(tb testing.TB, format string) Decoder {
	tb.Helper()
	d, ok := NewDecoder(format)
	if !ok {
		tb.Fatalf("no decoder of %s", format)
	}
	return d
}

// eventTime returns when an event of a recording was said.
func eventTime(tb testing.TB, raw []byte) record.Instant {
	tb.Helper()
	_, rest, _ := bytes.Cut(raw, []byte("Timestamp: "))
	seconds, err := strconv.ParseFloat(string(rest[:len("1795222327.141253")]), 64)
	if err != nil {
		tb.Fatal(err)
	}
	return record.Instant(seconds*1e6 + 0.5)
}

// billEnd returns when the call of a line of a recording's bills ended.
func billEnd(tb testing.TB, raw []byte) record.Instant {
	tb.Helper()
	cells, err := csv.NewReader(bytes.NewReader(raw)).Read()
	if err != nil {
		tb.Fatal(err)
	}
	end, err := time.Parse(time.DateTime, cells[11])
	if err != nil {
		tb.Fatal(err)
	}
	return record.At(end)
}

// at is the time of the events in these tables: 2026-11-21 12:00:00.
const at = 1795262400 * record.Second

func TestNoDecoder(t *testing.T) {
	for _, format := range []string{"", "text", "AMI"} {
		if _, ok := NewDecoder(format); ok {
			t.Errorf("%q has a decoder", format)
		}
	}
}

// TestTold counts the types of each recording against the counts that were made
// outside this project, as far as an event is a count.
func TestTold(t *testing.T) {
	for _, c := range []struct{ recording, format, expected string }{
		{"pbx-a.ami.gz", "ami", "expected-pbx-ami.json"},
		{"pbx-b.ami.gz", "ami", "expected-pbx-ami.json"},
		{"varied-a.ami.gz", "ami", "expected-varied-ami.json"},
		{"varied-b.ami.gz", "ami", "expected-varied-ami.json"},
		{"queue_log.gz", "queue_log", "expected-pbx-queue_log.json"},
		{"varied-queue_log.gz", "queue_log", "expected-varied-queue_log.json"},
	} {
		t.Run(c.recording, func(t *testing.T) {
			want := expectedTotal(t, c.expected)
			got := map[string]record.Instant{}
			var events []Event
			for _, raw := range said(t, c.recording) {
				events = decoder(t, c.format)(events[:0], raw, at)
				for _, e := range events {
					tell(got, e)
				}
			}
			for _, name := range []string{"offered", "answered", "answered_wait_s", "answered_within", "ring_no_answer", "completed", "talk_s", "transferred", "exit_key"} {
				if name == "exit_key" && c.format == "ami" {
					continue // told by what is missing
				}
				if got[name] != record.Instant(want[name]) {
					t.Errorf("%s: %d, want %d", name, got[name], want[name])
				}
			}
			// AMI says abandoned of some that an Outcome tells apart.
			gone := want["abandoned"] + want["timed_out"] + want["exit_empty"]
			if n := got["abandoned"] + got["timed_out"] + got["exit_empty"]; n != record.Instant(gone) {
				t.Errorf("abandoned, timed out or left empty: %d, want %d", n, gone)
			}
		})
	}
}

func expectedTotal(t *testing.T, name string) map[string]int64 {
	t.Helper()
	want, err := fixtures.Expected(name)
	if err != nil {
		t.Fatal(err)
	}
	total := map[string]int64{}
	for column, n := range want.Total {
		total[column] = int64(n)
	}
	return total
}

func tell(counts map[string]record.Instant, e Event) {
	switch e.Type {
	case Offered, RingNoAnswer, Abandoned, TimedOut:
		counts[string(e.Type)]++
	case LeftByKey:
		counts["exit_key"]++
	case LeftEmpty:
		counts["exit_empty"]++
	case Answered:
		counts["answered"]++
		counts["answered_wait_s"] += e.Wait.Length / record.Second
		if e.Wait.Length <= 20*record.Second {
			counts["answered_within"]++
		}
	case Completed:
		counts["completed"]++
		counts["talk_s"] += e.Talk.Length / record.Second
		if e.Reason == "transfer" {
			counts["transferred"]++
		}
	default:
	}
}
