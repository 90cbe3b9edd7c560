package collector_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures/await"
)

// A twin is one of two collectors, each with a history of its own.
type twin struct {
	t       *testing.T
	history *history.DB
	*collector.Collector
	feeds  []collector.Feed
	cancel context.CancelFunc
	ended  chan error
}

// newTwin makes a collector that runs no feed yet. It is stopped at the end of
// the test, or by stop.
func newTwin(t *testing.T) *twin {
	t.Helper()
	w := &twin{t: t}
	var err error
	if w.history, err = history.Open(t.Context(), filepath.Join(t.TempDir(), history.File), store.Create); err != nil {
		t.Fatal(err)
	}
	w.start()
	t.Cleanup(func() {
		w.stop()
		if err := w.history.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *twin) start() {
	w.Collector = collector.New(w.history, collector.Options{
		Log:     slog.New(slog.DiscardHandler),
		Observe: func(collector.Commit) {},
		Room:    func() bool { return true },
	})
	w.Set(w.feeds)
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel, w.ended = cancel, make(chan error, 1)
	go func() { w.ended <- w.Run(ctx) }()
}

func (w *twin) stop() {
	w.cancel()
	if err := <-w.ended; err != nil {
		w.t.Errorf("collect: %v", err)
	}
	w.ended <- nil // may be stopped again
}

func (w *twin) restart() {
	w.stop()
	w.start()
}

// collect makes this the only feed.
func (w *twin) collect(f collector.Feed) {
	w.feeds = []collector.Feed{f}
	w.Set(w.feeds)
}

// held returns all that is stored of the feed once that is n records.
func (w *twin) held(name string, n int) []history.Row {
	w.t.Helper()
	w.until(fmt.Sprintf("%d records of %s", n, name), func() bool { return w.summary(name).Records >= int64(n) })
	var rows []history.Row
	for r, err := range w.history.Records(w.t.Context(), history.Range{Feed: name}) {
		if err != nil {
			w.t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

func (w *twin) summary(name string) history.Summary {
	w.t.Helper()
	all, err := w.history.Summaries(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return all[name]
}

func (w *twin) until(what string, so func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(await.Most); !so(); <-time.After(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s; feeds: %+v", what, w.Status())
		}
	}
}

// buckets returns those of the feed: what twins are compared by.
func (w *twin) buckets(name string) []history.Slot {
	w.t.Helper()
	always := record.Span{From: 0, To: record.At(time.Now().AddDate(1, 0, 0))}
	all, err := w.history.Tallies(w.t.Context(), name, always, 5*time.Minute)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// configured makes a feed of a kind; own are the keys that the kind alone
// understands.
func configured(t *testing.T, o feed.Options, own map[string]any) collector.Feed {
	t.Helper()
	kinds := collector.Kinds()
	kind := kinds[slices.IndexFunc(kinds, func(k feed.Kind) bool { return k.Name == o.Kind })]
	if err := o.Fill(kind); err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	options := kind.Options()
	if err := json.Unmarshal(keys, options); err != nil {
		t.Fatal(err)
	}
	return collector.Feed{Options: o, Kind: kind, Fingerprint: string(keys), Open: func(log *slog.Logger) (feed.Source, error) {
		format, err := feed.NewFormat(o)
		if err != nil {
			return nil, err
		}
		return kind.Open(feed.Config{Options: o, Own: options, Format: format, Log: log})
	}}
}

// sameRecords returns how what is held differs from what was said, in key order.
func sameRecords(said []record.Record, held []history.Row) string {
	slices.SortFunc(said, func(a, b record.Record) int { return a.Compare(b.Key) })
	var got []record.Record
	for _, r := range held {
		got = append(got, r.Record)
	}
	return cmp.Diff(said, got)
}
