package count

import (
	"bytes"
	"context"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

// A record that is damaged is passed over, told, and counted once it is healed.
func TestADamagedRecordIsPassedOver(t *testing.T) {
	r := &rig{h: openHistory(t), name: "log", format: "queue_log"}
	all := entered(begins, 5)
	bad := all[2]
	bad.Raw = []byte("rotten")
	r.commit(t, append(all[:2:2], bad, all[3], all[4]))
	f := r.counting()
	r.catchUp(t, f)
	if c := r.counted(t); len(c.Queues) != 1 || c.Queues[0].Counts.Offered != 4 || r.rots == 0 {
		t.Errorf("%+v, told %d times", c.Queues, r.rots)
	}
	if err := r.h.Heal(t.Context(), r.name, history.Row{Record: entered(begins, 5)[2]}); err != nil {
		t.Fatal(err)
	}
	r.catchUp(t, f)
	r.check(t)
}

// What was spoilt on the disk does not stop the counting, and a rebuild makes it
// right.
func TestRebuildMendsWhatWasSpoilt(t *testing.T) {
	r := &rig{h: openHistory(t), name: "log", format: "queue_log"}
	r.commit(t, entered(begins, 2000))
	r.catchUp(t, r.counting())
	from := begins + 12*record.Minute
	s := history.Stretch{Feed: r.name, Span: record.Span{From: from, To: from + acd.IntervalWidth}}
	s.Told = []history.Told{{At: from, Counted: acd.Counted{Queues: []acd.QueueRow{{Start: from, Queue: "no such queue"}}}}}
	s.Borders = []history.Border{{At: s.Span.To, Carry: []byte("rubbish")}}
	if _, err := r.h.Count(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	f := r.counting()
	r.catchUp(t, f)
	w := &work{span: record.Span{From: from, To: from + 1}, report: func(Progress) {}, done: make(chan struct{})}
	if f.do(t.Context(), w); w.err != nil {
		t.Fatal(w.err)
	}
	r.check(t)
}

// A feed over whose records the counting breaks is tried again, and no other
// feed is hurt.
func TestABrokenDecoderHurtsNoOtherFeed(t *testing.T) {
	r := runs(t, Options{})
	defer r.stop()
	broken := &rig{h: r.h, name: "hostile", format: "queue_log"}
	broken.commit(t, entered(begins, 3))
	f := broken.counting()
	var said bytes.Buffer
	f.log = slog.New(slog.NewTextHandler(&said, nil))
	f.decode = func([]acd.Event, []byte, record.Instant) []acd.Event { panic("what is this") }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.run(ctx) }()
	r.commit(t, entered(begins, 3))
	await.Until(t, "the other feed is counted", func() bool { return r.offered(t) >= 3 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(said.String(), "what is this") {
		t.Errorf("said %q", said.String())
	}
}

// What was counted of records that were dropped stays, also where the head stood
// among them.
func TestDroppedRecordsStayCounted(t *testing.T) {
	for name, again := range map[string]func(r *rig, f *counting) *counting{
		"running on":      func(_ *rig, f *counting) *counting { return f },
		"after a restart": func(r *rig, _ *counting) *counting { return r.counting() },
		"by other rules": func(r *rig, _ *counting) *counting {
			if err := r.h.CountBy(t.Context(), r.name, r.format, acd.FoldVersion+1); err != nil {
				t.Fatal(err)
			}
			return r.counting()
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &rig{h: openHistory(t), name: "log", format: "queue_log"}
			r.commit(t, entered(begins, 1000))
			f := r.counting()
			r.catchUp(t, f)
			want := r.counted(t)
			other := rig{h: r.h, name: "other"}
			other.commit(t, entered(begins, 1)) // the last one of all stays for a while
			if n, err := r.h.Drop(t.Context(), r.name, begins+2*record.Day, true); n != 1000 || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
			f = again(r, f)
			for _, more := range [][]record.Record{nil, entered(begins+3*record.Day, 10)} {
				r.commit(t, more)
				r.catchUp(t, f)
				w := &work{span: record.Span{To: 1 << 62}, report: func(Progress) {}, done: make(chan struct{})}
				if f.do(t.Context(), w); w.err != nil {
					t.Fatal(w.err)
				}
				if got := r.counted(t); len(got.Queues) < len(want.Queues) || !reflect.DeepEqual(got.Queues[:len(want.Queues)], want.Queues) {
					t.Errorf("with %d more: was %+v, is %+v", len(more), want.Queues, got.Queues)
				}
			}
			if got := r.counted(t); got.Queues[len(got.Queues)-1].Counts.Offered != 10 {
				t.Errorf("%+v", got.Queues)
			}
		})
	}
}
