package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	killedCalls = 3000
	callsApart  = 5 * time.Second // so that they take more than four hours
)

// TestKillWhileCounting kills a server that counts, at any moment. What it
// counted in the end is what its records make.
func TestKillWhileCounting(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "queue_log")
	s := newServer(t, fmt.Sprintf("[[feed]]\nname = \"log\"\nkind = \"tail\"\nformat = \"queue_log\"\npath = %q\n", path))
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan error, 1)
	go func() { written <- writeCalls(ctx, path) }()
	defer cancel()
	for range 8 {
		s.start()
		<-time.After(rand.N(2 * time.Second))
		s.kill()
	}
	s.start()
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	h, err := history.Open(ctx, filepath.Join(s.data, history.File), store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	eventually(t, "all is counted", func() bool {
		end, err := h.Horizon(ctx, "log")
		if err != nil {
			t.Fatal(err)
		}
		have, err := h.CountedState(ctx, "log")
		if err != nil {
			t.Fatal(err)
		}
		return s.feed("log").Records == 3*killedCalls && have.Through > end.Newest && len(have.Marked) == 0
	})
	s.stop()
	mustCount(t, h)
}

// writeCalls writes calls to a queue_log, some hundreds in a second.
func writeCalls(ctx context.Context, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	at := time.Now().Add(-killedCalls * callsApart)
	for i := range killedCalls {
		said := fmt.Sprintf("%d|%d.1|sales|NONE|ENTERQUEUE||555|1\n", at.Unix(), i)
		said += fmt.Sprintf("%d|%d.1|sales|SIP/%d|CONNECT|2|x|1\n", at.Unix()+2, i, i%7)
		said += fmt.Sprintf("%d|%d.1|sales|SIP/%d|COMPLETECALLER|2|2|1\n", at.Unix()+4, i, i%7)
		if _, err := file.WriteString(said); err != nil {
			return err
		}
		if at = at.Add(callsApart); i%100 == 0 {
			pause(ctx, 300*time.Millisecond)
		}
	}
	return nil
}

// mustCount holds what is counted of the feed "log" against a fold of its
// records.
func mustCount(t *testing.T, h *history.DB) {
	t.Helper()
	have, err := h.CountedState(t.Context(), "log")
	if err != nil {
		t.Fatal(err)
	}
	fold := acd.NewFold("queue_log")
	decode, _ := acd.NewDecoder("queue_log")
	for row, err := range h.Records(t.Context(), history.Range{Feed: "log"}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range decode(nil, row.Raw, row.At) {
			fold.Add(e)
		}
	}
	fold.Advance(have.Through)
	want, got := fold.Take(), acd.Counted{}
	span := history.Intervals{Feed: "log", Span: record.Span{To: 1 << 62}}
	for row, err := range h.QueueIntervals(t.Context(), span) {
		if err != nil {
			t.Fatal(err)
		}
		got.Queues = append(got.Queues, row)
	}
	for row, err := range h.AgentIntervals(t.Context(), span) {
		if err != nil {
			t.Fatal(err)
		}
		got.Agents = append(got.Agents, row)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got.Queues) < 16 {
		t.Errorf("%d rows of queues (-a fold of the records, +what was counted)\n%s", len(got.Queues), diff)
	}
}
