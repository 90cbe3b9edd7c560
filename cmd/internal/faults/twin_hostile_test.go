package faults

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/fill"
	"github.com/twinctl/twin/sync/link"
)

// A lie is what a twin does whose keys are the right ones and which means no
// good. What is nil is as an honest one does it.
type lie struct {
	name  string
	page  func(record.Span, *record.Key, *fill.Page) // changes a page of records
	file  link.File                                  // in place of any page
	speak func(io.ReadWriter)                        // in place of the control session
	exit  int                                        // of the fill that believes none of it
}

func lies() []lie {
	endless := uint32(0)
	return []lie{
		{name: "records outside of what was asked", exit: 6, page: func(s record.Span, _ *record.Key, p *fill.Page) {
			if n := len(p.Rows); n > 0 {
				p.Rows[n-1].Record = record.New(s.To+record.Second, 0, []byte("of another time"))
			}
		}},
		{name: "false digests", exit: 6, page: func(_ record.Span, _ *record.Key, p *fill.Page) {
			for i := range p.Rows {
				p.Rows[i].Raw = []byte("forged")
			}
		}},
		{name: "records of another feed", exit: 6, page: func(_ record.Span, _ *record.Key, p *fill.Page) {
			for i, r := range p.Rows {
				p.Rows[i].Record = record.New(r.At, 0, append([]byte("another "), r.Raw...))
			}
			slices.SortFunc(p.Rows, func(a, b history.Row) int { return a.Key.Compare(b.Key) })
		}},
		{name: "too many", exit: 6, page: func(s record.Span, _ *record.Key, p *fill.Page) {
			p.Rows = append(p.Rows, history.Row{Record: record.New(s.To-1, 0, []byte("one more"))})
		}},
		{name: "without end", exit: 6, page: func(s record.Span, after *record.Key, p *fill.Page) {
			p.Rows, p.Damaged = nil, nil
			for range 1000 {
				endless++
				p.Rows = append(p.Rows, history.Row{Record: record.New(s.To-1, endless, make([]byte, 4<<10))})
			}
		}},
		{name: "an endless file", exit: 6, file: endlessFile{}},
		{name: "huge frames", exit: 5, speak: hugeFrames},
	}
}

// An endlessFile has as many zeros as anybody wants.
type endlessFile struct{}

func (endlessFile) Size() int64  { return 1 << 50 }
func (endlessFile) Close() error { return nil }

func (endlessFile) ReadAt(p []byte, _ int64) (int, error) { return len(p), nil }

// hugeFrames greets as a twin does, and then says frames of 4 GiB.
func hugeFrames(rw io.ReadWriter) {
	greeting := `{"link":{"oldest":1,"newest":1}}`
	if _, err := rw.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(greeting))), greeting...)); err != nil {
		return
	}
	for err := error(nil); err == nil; {
		_, err = rw.Write(append([]byte{0xff, 0xff, 0xff, 0xff}, make([]byte, 1<<20)...))
	}
}

// A liar serves in a stopped server's place.
type liar struct {
	app.Peer
	telling atomic.Pointer[lie]
}

// newLiar opens the files of a server that is stopped and listens in its place.
func newLiar(t *testing.T, s *server) *liar {
	t.Helper()
	cfg, err := config.Load(s.config, config.Source{}, collector.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	data, err := app.OpenData(t.Context(), cfg.Data, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	have, err := data.Node.Pair(t.Context())
	if err != nil || have == nil {
		t.Fatalf("%+v, %v", have, err)
	}
	say := app.Say(cfg, data)
	l := &liar{Peer: app.Peer{
		Notary: app.Notary{Config: cfg, Node: data.Node}, Key: have.PublicKey, History: data.History, Admin: data.Admin,
		Say: func(ctx context.Context) (exchange.Word, error) {
			w, err := say(ctx)
			w.Doc.Running, w.Silent = true, 0
			return w, err
		},
	}}
	l.telling.Store(&lie{})
	server, err := link.NewServer(link.ServerOptions{
		HostKey: filepath.Join(s.data, "ssh_host_ed25519"), Authorize: l.Authorized, Serve: l.serve,
	})
	if err != nil {
		t.Fatal(err)
	}
	door, err := net.Listen("tcp", s.ssh)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := data.Close(); err != nil {
			t.Error(err)
		}
	})
	await.Run(t, func(ctx context.Context) error { return server.Run(ctx, door) })
	return l
}

func (l *liar) serve(ctx context.Context, _ string, s link.Session, rw io.ReadWriter) error {
	now := l.telling.Load()
	switch {
	case s == link.Files:
		return link.ServeFiles(ctx, rw, l, link.Options{})
	case now.speak != nil:
		now.speak(rw)
		return nil
	}
	return link.ServeControl(ctx, rw, l, link.Options{})
}

// Answer implements link.Handler.
func (l *liar) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	return l.Peer.Answer(ctx, verb, args)
}

// Open implements link.Tree.
func (l *liar) Open(ctx context.Context, path string) (link.File, error) {
	now := l.telling.Load()
	switch {
	case now.file != nil:
		return now.file, nil
	case now.page == nil:
		return l.Peer.Open(ctx, path)
	}
	f, err := fill.Tree{Side: forged{fill.Local{DB: l.History}, now}}.Open(ctx, path)
	if err != nil {
		return nil, fs.ErrNotExist
	}
	return f, nil
}

// Forged is a history whose pages are lies.
type forged struct {
	fill.Side
	now *lie
}

func (f forged) Records(ctx context.Context, feed string, s record.Span, after *record.Key, most int) (fill.Page, error) {
	p, err := f.Side.Records(ctx, feed, s, after, most)
	f.now.page(s, after, &p)
	return p, err
}

// TestTwinHostile fills from a twin that lies. Nothing of that is stored, no gap
// is called filled, memory stays, and another feed does not notice. When the
// twin becomes honest, all comes.
func TestTwinHostile(t *testing.T) {
	t.Parallel()
	good := newSpeaker(t)
	w, calls := hearing(t, 500)
	calls.missed(t, 1000)
	w.a.stop()
	calls.missed(t, spoken)
	w.b.stop()
	calls.rate.Store(100)
	bad := newLiar(t, w.b)
	all := lies()
	bad.telling.Store(&all[0])
	w.a.configure(calls.section("calls"), good.section("good"))
	watch := w.a.observe(good)
	eventually(t, "the twin is known", func() bool { return w.a.seen().Twin.State == "ok" })
	for i := range all {
		bad.telling.Store(&all[i])
		if all[i].speak != nil {
			w.a.rehear(w.toB)
			eventually(t, all[i].name+": the twin is not well", func() bool { return w.a.seen().Twin.State != "ok" })
		}
		if _, exit, said := w.a.fill("--feed", "calls"); exit != all[i].exit {
			t.Errorf("%s: exit status %d, want %d: %s", all[i].name, exit, all[i].exit, said)
		} else {
			t.Logf("%s: %.160s", all[i].name, said)
		}
		if !w.a.open("calls") {
			t.Errorf("%s: the gap is not open any more: %+v", all[i].name, w.a.gaps("calls"))
		}
	}
	stored := w.a.export("calls")
	said := calls.lines() // more than what was stored
	for _, r := range stored {
		if n := numberOf(r.Raw); n < 1 || n > len(said) || said[n-1] != r.Raw {
			t.Fatalf("stored, and never said: %+v", r)
		}
	}
	watch.undisturbed()

	bad.telling.Store(&lie{})
	theirs := w.b.export("calls")
	eventually(t, "filled by an honest twin", func() bool {
		held := map[shown]bool{}
		for _, r := range w.a.export("calls") {
			held[r] = true
		}
		return !slices.ContainsFunc(theirs, func(r shown) bool { return !held[r] })
	})
	w.a.stop()
}
