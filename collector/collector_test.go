package collector

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// bubble runs a test in a bubble of time, with a real history.
func bubble(t *testing.T, test func(t *testing.T, h *history.DB)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), history.File)
	synctest.Test(t, func(t *testing.T) {
		h, err := history.Open(t.Context(), path, store.Create)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(t, h)
	})
}

// rig is a collector that runs.
type rig struct {
	*Collector
	cancel context.CancelFunc
	ended  chan error
}

func run(t *testing.T, h History, feeds ...Feed) *rig {
	t.Helper()
	return runWith(t, h, Options{Observe: func(Commit) {}, Room: func() bool { return true }}, feeds...)
}

func runWith(t *testing.T, h History, opt Options, feeds ...Feed) *rig {
	t.Helper()
	opt.Log = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r := &rig{New(h, opt), cancel, make(chan error, 1)}
	r.Set(feeds)
	go func() { r.ended <- r.Run(ctx) }()
	return r
}

// stop ends it and returns what Run returned.
func (r *rig) stop() error {
	r.cancel()
	return <-r.ended
}

// mike is an upstream that a test speaks into. It begins a session whenever
// its source is started, and ends it when that is stopped.
type mike struct {
	begin  feed.Session
	said   chan func(context.Context, *feed.Queue) error
	starts []feed.Start
}

func newMike() *mike { return &mike{said: make(chan func(context.Context, *feed.Queue) error)} }

func (m *mike) Run(ctx context.Context, from feed.Start, q *feed.Queue) error {
	m.starts = append(m.starts, from)
	begin := m.begin
	begin.From = record.At(time.Now())
	q.Begin(begin, "mike")
	for {
		select {
		case <-ctx.Done():
			q.End(feed.Stopped, nil)
			return nil
		case say := <-m.said:
			if err := say(ctx, q); err != nil {
				return err
			}
		}
	}
}

// say tells one record, at the time that it is now.
func (m *mike) say(text string) {
	m.said <- func(ctx context.Context, q *feed.Queue) error {
		return q.Record(ctx, record.New(record.At(time.Now()), 0, []byte(text)), []byte("after "+text))
	}
}

// flush says that there is no more for now.
func (m *mike) flush() {
	m.said <- func(_ context.Context, q *feed.Queue) error { q.Flush(); return nil }
}

// feed is the mike as it is configured.
func (m *mike) feed(name string) Feed {
	return feedOf(name, func(*slog.Logger) (feed.Source, error) { return m, nil })
}

func feedOf(name string, open func(*slog.Logger) (feed.Source, error)) Feed {
	return Feed{
		Options:     feed.Options{Name: name, QueueLimit: 1 << 20},
		Kind:        feed.Kind{Name: "mike", Code: 7},
		Fingerprint: "1",
		Open:        open,
	}
}

// stored returns the texts that the history holds of a feed, in key order.
func stored(t *testing.T, h *history.DB, name string) (all []string) {
	t.Helper()
	for row, err := range h.Records(context.Background(), history.Range{Feed: name}) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Kind != 7 || row.Origin != history.FromFeed {
			t.Errorf("row %+v", row)
		}
		all = append(all, string(row.Raw))
	}
	return all
}

func checkStored(t *testing.T, h *history.DB, name string, want ...string) {
	t.Helper()
	got := stored(t, h, name)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stored of %s (-want +got):\n%s", name, diff)
	}
}

// checkGaps compares reasons and lengths; a gap that lasts has none.
func checkGaps(t *testing.T, h *history.DB, name string, want ...string) {
	t.Helper()
	gaps, err := h.Gaps(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range gaps {
		if g.To == nil {
			got = append(got, string(g.Reason))
		} else {
			got = append(got, fmt.Sprintf("%s for %s", g.Reason, g.To.Sub(g.From)))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("gaps of %s (-want +got):\n%s", name, diff)
	}
}

// pass lets that much time pass, and then whatever is due come to rest.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func checkState(t *testing.T, c *rig, want ...feed.State) {
	t.Helper()
	var got []feed.State
	for _, s := range c.Status() {
		got = append(got, s.State)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestALoneRecordIsOnDiskAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		m := newMike()
		c := run(t, h, m.feed("pbx"))
		pass(time.Second)
		m.say("lone")
		pass(100 * time.Millisecond)
		checkStored(t, h, "pbx", "lone")
		m.say("prompt")
		m.flush()
		synctest.Wait()
		checkStored(t, h, "pbx", "lone", "prompt")
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestRecordsAreStoredOnce(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		mikes := []*mike{newMike(), newMike()}
		c := run(t, h, mikes[0].feed("a"), mikes[1].feed("b"))
		at := record.At(time.Now())
		const n = 3000
		for i := range n {
			for _, m := range mikes {
				m.said <- func(ctx context.Context, q *feed.Queue) error {
					r := record.New(at.Add(time.Duration(i/2)*time.Millisecond), 0, fmt.Appendf(nil, "record %d", i/2)) // each twice
					return q.Record(ctx, r, fmt.Append(nil, i))
				}
			}
		}
		if err := c.stop(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b"} {
			if got := stored(t, h, name); len(got) != n/2 {
				t.Errorf("%s: %d records, want %d", name, len(got), n/2)
			}
			from, err := h.Start(t.Context(), name)
			if err != nil || string(from.Position) != fmt.Sprint(n-1) {
				t.Errorf("%s: starts from %q, %v", name, from.Position, err)
			}
		}
		for _, s := range c.Status() {
			if got := s.Counts; got.Records != n/2 || got.Duplicates != n/2 || got.Sessions != 1 || got.Bytes == 0 {
				t.Errorf("%s: %+v", s.Name, got)
			}
		}
	})
}

func TestAnOrderlyStopStoresWhatWasHeard(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		m := newMike()
		c := run(t, h, m.feed("pbx"))
		m.say("last")
		if err := c.stop(); err != nil {
			t.Error(err)
		}
		checkStored(t, h, "pbx", "last")
		checkGaps(t, h, "pbx", "stopped")
	})
}

func TestStatus(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		m := newMike()
		c := run(t, h, m.feed("pbx"))
		pass(time.Second)
		for i := range 20 {
			m.say(fmt.Sprint(i))
		}
		got := c.Status()[0]
		if got.QueueBytes == 0 || got.QueueLimit != 1<<20 || got.Rate != 0 {
			t.Errorf("while it is queued %+v", got)
		}
		pass(time.Second)
		got = c.Status()[0]
		if got.Name != "pbx" || got.Kind != "mike" || got.State != feed.Live || got.Address != "mike" ||
			got.Rate != 2 || got.QueueBytes != 0 || got.Counts.Records != 20 {
			t.Errorf("once it is stored %+v", got)
		}
		pass(meterSlots * time.Second)
		if got := c.Status()[0]; got.Rate != 0 || got.Counts.Records != 20 {
			t.Errorf("later %+v", got)
		}
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}
