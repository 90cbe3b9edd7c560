package acd_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures"
)

// A told is a record of a recording, at its upstream's time.
type told struct {
	at     record.Instant
	digest [sha256.Size]byte
	raw    []byte
}

// keyed returns the records of a recording in the order of their keys.
func keyed(t testing.TB, name, format string) []told {
	t.Helper()
	data := unpacked(t, name)
	separator := []byte("\n")
	if format == "ami" {
		separator = []byte("\r\n\r\n")
	}
	var all []told
	for raw := range bytes.SplitSeq(data, separator) {
		if len(raw) > 0 {
			all = append(all, told{at: timeOf(t, raw, format), digest: sha256.Sum256(raw), raw: raw})
		}
	}
	slices.SortFunc(all, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.at, b.at), bytes.Compare(a.digest[:], b.digest[:]))
	})
	return all
}

func unpacked(t testing.TB, name string) []byte {
	t.Helper()
	data, err := fixtures.Recording(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func timeOf(t testing.TB, raw []byte, format string) record.Instant {
	t.Helper()
	if format == "ami" {
		_, raw, _ = bytes.Cut(raw, []byte("\nTimestamp: "))
		raw, _, _ = bytes.Cut(raw, []byte("\r"))
		raw = bytes.Replace(raw, []byte("."), nil, 1)
	} else {
		raw, _, _ = bytes.Cut(raw, []byte("|"))
		raw = append(slices.Clone(raw), "000000"...)
	}
	at, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		t.Fatalf("%.40q: %v", raw, err)
	}
	return record.Instant(at)
}

// understood returns the events of records.
func understood(t testing.TB, records []told, format string) []acd.Event {
	t.Helper()
	decode, ok := acd.NewDecoder(format)
	if !ok {
		t.Fatalf("no decoder for %s", format)
	}
	var all []acd.Event
	for _, r := range records {
		all = decode(all, r.raw, r.at)
	}
	return all
}

// expected returns the counts that were made outside of this project.
func expected(t testing.TB, name string) map[string]map[string]int64 {
	t.Helper()
	want, err := fixtures.Expected(name)
	if err != nil {
		t.Fatal(err)
	}
	return want.ByRow()
}

// columns names the counts of queues as the expectations do; no zeros.
func columns(rows []acd.QueueRow) map[string]map[string]int64 {
	sums := map[string]map[string]int64{}
	for _, r := range rows {
		name := r.Start.Time().Format(time.RFC3339) + " " + r.Queue
		row := sums[name]
		if row == nil {
			row = map[string]int64{}
			sums[name] = row
		}
		c := r.Counts
		for column, n := range map[string]int64{
			"offered": c.Offered, "answered": c.Answered, "abandoned": c.Abandoned, "timed_out": c.TimedOut,
			"exit_key": c.ExitKey, "exit_empty": c.ExitEmpty, "lost": c.Lost, "refused": c.Refused,
			"completed": c.Completed, "transferred": c.Transferred, "ring_no_answer": c.RingNoAnswer,
			"answered_wait_s": int64(c.AnsweredWait), "abandoned_wait_s": int64(c.AbandonedWait), "talk_s": int64(c.Talk),
			"answered_within": within20(c.AnsweredWaits), "abandoned_within": within20(c.AbandonedWaits),
		} {
			row[column] += n
		}
		row["answered_wait_max_s"] = max(row["answered_wait_max_s"], int64(c.AnsweredWaitMax))
	}
	for name, row := range sums {
		for column, n := range row {
			if strings.HasSuffix(column, "_s") {
				n /= int64(record.Second)
				row[column] = n
			}
			if n == 0 {
				delete(row, column)
			}
		}
		if len(row) == 0 {
			delete(sums, name)
		}
	}
	return sums
}

// agentColumns names the counts of agents; no zeros.
func agentColumns(rows []acd.AgentRow) map[string]map[string]int64 {
	sums := map[string]map[string]int64{}
	for _, r := range rows {
		name := r.Start.Time().Format(time.RFC3339) + " " + r.Agent
		row := sums[name]
		if row == nil {
			row = map[string]int64{}
			sums[name] = row
		}
		c := r.Counts
		for column, n := range map[string]int64{
			"staffed": int64(c.Staffed), "available": int64(c.Available), "paused": int64(c.Paused),
			"ringing": int64(c.Ringing), "talk": int64(c.Talk), "other": int64(c.OtherCall), "unknown": int64(c.Unknown),
			"answered": c.Answered, "ring_no_answer": c.RingNoAnswer, "ring_cancelled": c.RingCancelled,
			"transferred": c.Transferred, "completed": c.Completed, "handled": int64(c.Handled),
		} {
			row[column] += n
		}
		for why, length := range c.PausedFor {
			row["paused for "+why] += int64(length)
		}
		if c.FirstLogin != 0 && (row["first_login"] == 0 || row["first_login"] > int64(c.FirstLogin)) {
			row["first_login"] = int64(c.FirstLogin)
		}
		row["last_logout"] = max(row["last_logout"], int64(c.LastLogout))
	}
	for name, row := range sums {
		for column, n := range row {
			if n == 0 {
				delete(row, column)
			}
		}
		if len(row) == 0 {
			delete(sums, name)
		}
	}
	return sums
}

func within20(w acd.Waits) (n int64) {
	for i, limit := range acd.Bins() {
		if limit <= 20 {
			n += w[i]
		}
	}
	return n
}

// folded counts events and everything after them.
func folded(format string, events []acd.Event) acd.Counted {
	f := acd.NewFold(format)
	for _, e := range events {
		f.Add(e)
	}
	f.Advance(events[len(events)-1].At + record.Second)
	return f.Take()
}

var runs = []struct{ file, format, want string }{
	{"pbx-a.ami.gz", "ami", "expected-pbx-ami.json"},
	{"pbx-b.ami.gz", "ami", "expected-pbx-ami.json"},
	{"queue_log.gz", "queue_log", "expected-pbx-queue_log.json"},
	{"varied-a.ami.gz", "ami", "expected-varied-ami.json"},
	{"varied-b.ami.gz", "ami", "expected-varied-ami.json"},
	{"varied-queue_log.gz", "queue_log", "expected-varied-queue_log.json"},
}

// The counts of recordings are those that were made outside of this project.
func TestFoldCountsRecordings(t *testing.T) {
	for _, run := range runs {
		t.Run(run.file, func(t *testing.T) {
			got := folded(run.format, understood(t, keyed(t, run.file, run.format), run.format))
			if diff := gocmp.Diff(expected(t, run.want), columns(got.Queues)); diff != "" {
				t.Errorf("expected, got: %s", diff)
			}
		})
	}
}
