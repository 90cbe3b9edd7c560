package report

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/count"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures"
	"github.com/twinctl/twin/fixtures/await"
)

// recorded returns the records of a recording.
func recorded(t testing.TB, name, format string) []record.Record {
	t.Helper()
	data, err := fixtures.Recording(name)
	if err != nil {
		t.Fatal(err)
	}
	timeOf, err := feed.NewFormat(feed.Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	end := "\n"
	if format == "ami" {
		end = "\r\n\r\n"
	}
	var all []record.Record
	var same record.Ordinals
	for raw := range bytes.SplitSeq(data, []byte(end)) {
		if len(raw) == 0 {
			continue
		}
		at, err := timeOf(raw)
		if err != nil {
			t.Fatal(err)
		}
		one := record.New(at, 0, raw)
		one.N = same.Next(at, one.Digest)
		all = append(all, one)
	}
	return all
}

// collect stores recordings as feeds of their own source, of which all was
// heard from and to whole quarter hours.
func (r *rig) collect(t testing.TB, recordings map[string]string) {
	t.Helper()
	r.Feeds = nil
	for name, format := range recordings {
		records := recorded(t, name, format)
		span := record.Span{From: records[0].At, To: records[0].At}
		for _, one := range records {
			span.From, span.To = min(span.From, one.At), max(span.To, one.At)
		}
		span = record.Span{From: floor(span.From), To: ceil(span.To + 1)}
		r.now = span.From // as if each were alone
		r.addFeed(t, Feed{Name: name, Format: format, Source: name})
		r.hear(t, name, records...)
		r.mark(t, name, feed.Mark{What: feed.ProofMark, Until: span.To})
	}
	r.countAll(t)
}

// countAll counts what is stored, as a server does.
func (r *rig) countAll(t testing.TB) {
	t.Helper()
	c := count.New(r.History, count.Options{Log: slog.New(slog.DiscardHandler)})
	var feeds []count.Feed
	for _, f := range r.Feeds {
		feeds = append(feeds, count.Feed{Name: f.Name, Format: f.Format})
	}
	c.SetFeeds(feeds)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	await.Until(t, "all is counted", func() bool { return r.isCounted(t) })
}

func (r *rig) isCounted(t testing.TB) bool {
	t.Helper()
	for _, f := range r.Feeds {
		state, err := r.History.CountedState(t.Context(), f.Name)
		if err != nil {
			t.Fatal(err)
		}
		extent, err := r.History.Extent(t.Context(), f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if state.Through < extent.CoveredUntil || len(state.Marked) > 0 {
			return false
		}
	}
	return true
}

// An expectation is what somebody else counted in a recording.
type expectation struct{ fixtures.Expectation }

// What a real Asterisk said is reported as somebody else counted it.
func TestRecordings(t *testing.T) {
	recordings := map[string]string{
		"pbx-a.ami.gz": "ami", "varied-a.ami.gz": "ami", "queue_log.gz": "queue_log", "varied-queue_log.gz": "queue_log",
	}
	r := newRig(t, "2026-11-01 00:00")
	r.collect(t, recordings)
	r.set(t, "interval", "15m")
	for name, file := range map[string]string{
		"pbx-a.ami.gz": "pbx-ami", "varied-a.ami.gz": "varied-ami", "queue_log.gz": "pbx-queue_log", "varied-queue_log.gz": "varied-queue_log",
	} {
		t.Run(name, func(t *testing.T) {
			want := expected(t, file)
			extent, err := r.History.Extent(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			ask := Ask{From: at("2026-11-01 00:00"), To: at("2026-12-01 00:00"), Now: extent.CoveredUntil, Feed: name}
			table := answers(t)(Queue(t.Context(), r.Sources, ask))
			want.check(t, table)
			ask.By = Month
			table = answers(t)(Queue(t.Context(), r.Sources, ask))
			if got, sum := cellsOf(table, table.Total), want.Total["offered"]; got["offered"] != sum {
				t.Errorf("in a month %v were offered, want %v", got["offered"], sum)
			}
		})
	}
}

// What is told of each call is what is counted of all, also where bills alone
// tell how a wait ended.
func TestRecordedCalls(t *testing.T) {
	for name, c := range map[string]struct {
		recording, format, expected string
		silent                      bool
	}{
		"the long run":              {"pbx-a.ami.gz", "ami", "pbx-ami", false},
		"the varied run":            {"varied-a.ami.gz", "ami", "varied-ami", false},
		"the varied run, as a log":  {"varied-queue_log.gz", "queue_log", "varied-queue_log", false},
		"the long run, by bills":    {"pbx-a.ami.gz", "ami", "pbx-ami", true},
		"the varied run, by bills ": {"varied-a.ami.gz", "ami", "varied-ami", true},
	} {
		t.Run(name, func(t *testing.T) {
			want := expected(t, c.expected)
			records := recorded(t, c.recording, c.format)
			if c.silent {
				records = slices.DeleteFunc(records, func(r record.Record) bool { return bytes.HasPrefix(r.Raw, []byte("Event: VarSet")) })
				want.Total["refused"] = 0 // nothing else tells
			}
			r := newRig(t, "2026-11-01 00:00")
			r.Feeds = nil
			r.addFeed(t, Feed{Name: "pbx", Format: c.format, Source: "pbx"})
			r.hear(t, "pbx", records...)
			ask := CallAsk{From: at("2026-11-01 00:00"), To: at("2026-12-01 00:00"), Limit: 100_000}
			got := events(answers(t)(Call(t.Context(), r.Sources, ask)))
			for _, count := range []string{
				"offered", "answered", "abandoned", "timed_out", "exit_key", "exit_empty", "refused", "completed", "transferred", "ring_no_answer",
			} {
				if got[count] != want.Total[count] {
					t.Errorf("%s: %v, want %v", count, got[count], want.Total[count])
				}
			}
		})
	}
}

// events counts the rows of a report of calls by what happened, as reports of
// queues name it.
func events(table Table) map[string]float64 {
	n := map[string]float64{}
	for _, row := range table.Rows {
		cells := cellsOf(table, row)
		n[fmt.Sprint(cells["event"])]++
		if cells["event"] == "completed" && cells["reason"] == "transfer" {
			n["transferred"]++
		}
	}
	n["exit_key"], n["exit_empty"] = n["left_by_key"], n["left_empty"]
	return n
}

func expected(t *testing.T, name string) expectation {
	t.Helper()
	want, err := fixtures.Expected("expected-" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return expectation{want}
}

// cellsOf returns the numbers of a row by the names of their columns.
func cellsOf(table Table, row []any) map[string]any {
	all := map[string]any{}
	for i, c := range table.Columns {
		switch v := row[i].(type) {
		case int64:
			all[c.Name] = float64(v)
		case time.Time:
			all[c.Name] = v.UTC().Format(time.RFC3339)
		default:
			all[c.Name] = v
		}
	}
	return all
}

// check compares all that the expectation counts; what it leaves out is zero.
func (x expectation) check(t *testing.T, table Table) {
	t.Helper()
	columns := []string{
		"offered", "answered", "answered_wait_s", "answered_wait_max_s", "answered_within", "abandoned", "abandoned_wait_s", "abandoned_within",
		"timed_out", "exit_key", "exit_empty", "refused", "transferred", "completed", "talk_s", "ring_no_answer",
	}
	line := func(row map[string]any) string {
		var text strings.Builder
		fmt.Fprint(&text, row["start"], " ", row["queue"])
		for _, name := range columns {
			value := row[name]
			if value == nil {
				value = 0.0
			}
			fmt.Fprintf(&text, " %s=%v", name, value)
		}
		return text.String()
	}
	var want, got []string
	for _, row := range x.Rows {
		want = append(want, line(row))
	}
	for _, row := range table.Rows {
		cells := cellsOf(table, row)
		if text := line(cells); strings.Contains(strings.NewReplacer("=0 ", "", "=0", "").Replace(text), "=") {
			got = append(got, text)
		}
		if cells["complete"] != true || cells["coverage_pct"] != 100.0 {
			t.Errorf("%s of %s: complete %v, covered %v", cells["start"], cells["queue"], cells["complete"], cells["coverage_pct"])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
