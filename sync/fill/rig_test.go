package fill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// noon is when the upstream of these tests speaks: within a bucket.
var noon = record.At(time.Date(2025, 11, 21, 12, 1, 2, 3000, time.UTC))

const second = record.Second

// fataler is what *testing.T, *testing.B and *rapid.T have in common here.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func open(t testing.TB) Local {
	t.Helper()
	db, err := history.Open(t.Context(), filepath.Join(t.TempDir(), history.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return Local{db}
}

func start(t fataler, l Local, name string) {
	t.Helper()
	if _, err := l.Start(context.Background(), name); err != nil {
		t.Fatal(err)
	}
}

func commit(t fataler, l Local, name string, b feed.Batch) {
	t.Helper()
	if _, err := l.Commit(context.Background(), []history.Batch{{Feed: name, Kind: 1, Batch: b}}); err != nil {
		t.Fatal(err)
	}
}

// hear stores what a server keeps of a session: the records, and the proof that
// it heard all of the span.
func hear(t fataler, l Local, name string, s record.Span, records []record.Record) {
	t.Helper()
	commit(t, l, name, feed.Batch{Records: records, Marks: []feed.Mark{
		{What: feed.BeginMark, Begin: &feed.Session{From: s.From}},
		{What: feed.ProofMark, Until: s.To},
		{What: feed.EndMark, Reason: feed.Unreachable},
	}})
}

// said makes the records that the upstream says in a span, one each step.
func said(s record.Span, step record.Instant) (all []record.Record) {
	for at := s.From; at < s.To; at += step {
		all = append(all, record.New(at, 0, fmt.Appendf(nil, "said at %d", at)))
	}
	return all
}

// in returns the records of a span.
func in(all []record.Record, s record.Span) (some []record.Record) {
	for _, r := range all {
		if s.From <= r.At && r.At < s.To {
			some = append(some, r)
		}
	}
	return some
}

func keysOf(t fataler, l Local, name string, s record.Span) map[record.Key]bool {
	t.Helper()
	all := map[record.Key]bool{}
	for row, err := range l.DB.Records(context.Background(), history.Range{Feed: name, From: s.From, To: s.To}) {
		if err != nil {
			t.Fatal(err)
		}
		all[row.Key] = true
	}
	return all
}

func gapsOf(t fataler, l Local, name string) []history.Gap {
	t.Helper()
	all, err := l.Gaps(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func mustFill(t fataler, into Target, from Side, opt Options) Result {
	t.Helper()
	done, err := Fill(context.Background(), into, from, opt)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func mustCompare(t fataler, here, there Side, opt CompareOptions) Comparison {
	t.Helper()
	c, err := Compare(context.Background(), here, there, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wire carries calls to a handler and a tree, in the form in which they travel
// between twins, and counts the bytes.
type wire struct {
	handler Handler
	tree    Tree
	calls   int
	bytes   atomic.Int64
	// before may fail the call that is due; may be nil.
	before func(call int) error
	// spoil may change an answer or a file; may be nil.
	spoil func(what string, b []byte) []byte
}

func newWire(s Side) *wire { return &wire{handler: Handler{s}, tree: Tree{Side: s}} }

func (w *wire) due() error {
	w.calls++
	if w.before == nil {
		return nil
	}
	return w.before(w.calls)
}

func (w *wire) carry(what string, b []byte) []byte {
	if w.spoil != nil {
		b = w.spoil(what, b)
	}
	w.bytes.Add(int64(len(b)))
	return b
}

func (w *wire) Call(ctx context.Context, verb string, args, answer any) error {
	if err := w.due(); err != nil {
		return err
	}
	q, err := json.Marshal(args)
	if err != nil {
		return err
	}
	w.bytes.Add(int64(len(verb) + len(q)))
	told, err := w.handler.Answer(ctx, verb, q)
	if err != nil {
		return err
	}
	b, err := json.Marshal(told)
	if err != nil {
		return err
	}
	return json.Unmarshal(w.carry(verb, b), answer)
}

func (w *wire) Open(ctx context.Context, path string) (io.ReadCloser, int64, error) {
	if err := w.due(); err != nil {
		return nil, 0, err
	}
	f, err := w.tree.Open(ctx, path)
	if err != nil {
		return nil, 0, err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, 0, err
	}
	b = w.carry("records", b)
	f.Reset(b)
	return f, f.Size(), nil
}
