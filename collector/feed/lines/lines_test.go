package lines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

const frameLimit = 256

// A store takes what a source tells, as the collector does.
type store struct {
	q      *feed.Queue
	notify chan struct{}

	mu       sync.Mutex
	records  []record.Record
	rejected int
	marks    []feed.Mark
}

func newStore() *store {
	s := &store{notify: make(chan struct{}, 1)}
	s.q = feed.NewQueue(feed.Options{FrameLimit: frameLimit, QueueLimit: feed.DefaultQueueLimit}, Kind(), func() {
		select {
		case s.notify <- struct{}{}:
		default:
		}
	})
	return s
}

func (s *store) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.notify:
		}
		for b, ok := s.q.Take(); ok; b, ok = s.q.Take() {
			s.mu.Lock()
			for _, r := range b.Records {
				r.Raw = bytes.Clone(r.Raw) // it is the queue's again after Done
				s.records = append(s.records, r)
			}
			s.rejected += b.Rejected
			s.marks = append(s.marks, b.Marks...)
			s.mu.Unlock()
			s.q.Done()
		}
	}
}

// said returns the records as "second text#n", for the tests' second.
func (s *store) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.records {
		_, text, _ := strings.Cut(string(r.Raw), ",")
		all = append(all, fmt.Sprintf("%s#%d", text, r.N))
	}
	return all
}

func (s *store) count(what feed.MarkKind) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.marks {
		if m.What == what {
			n++
		}
	}
	return n
}

func (s *store) rejections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rejected
}

func config(t testing.TB, own *options) feed.Config {
	o := feed.Options{
		Format: "text", FrameLimit: frameLimit, QueueLimit: feed.DefaultQueueLimit,
		Time: &feed.TimeSpec{Field: 1, Separator: ",", Layout: "epoch"},
	}
	format, err := feed.NewFormat(o)
	if err != nil {
		t.Fatal(err)
	}
	return feed.Config{Options: o, Own: own, Format: format, Log: slog.New(slog.DiscardHandler)}
}

// start runs a source with those options until the test ends.
func start(t testing.TB, own *options) *store {
	t.Helper()
	src, err := Kind().Open(config(t, own))
	if err != nil {
		t.Fatal(err)
	}
	s := newStore()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { s.run(ctx) })
	all.Go(func() {
		if err := src.Run(ctx, feed.Start{}, s.q); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); all.Wait() })
	return s
}

func listen(address string) stream.ListenOptions { return stream.ListenOptions{Listen: address} }

// startListening returns the address to dial as well.
func startListening(t testing.TB) (*store, string) {
	t.Helper()
	s := start(t, &options{ListenOptions: listen("127.0.0.1:0"), Late: "2s"})
	await.Until(t, "listen", func() bool { return s.q.Health().Err == stream.ErrWaiting })
	return s, s.q.Health().Address
}

func connect(t testing.TB, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func say(t testing.TB, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

func hangUp(t testing.TB, conn net.Conn) {
	t.Helper()
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func (s *store) wait(t testing.TB, want ...string) {
	t.Helper()
	await.Until(t, fmt.Sprintf("store %d records", len(want)), func() bool { return len(s.said()) >= len(want) })
	if diff := cmp.Diff(want, s.said()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// Who is not listened to is hung up on, whatever it said, and leaves no gap.
func TestAllowFrom(t *testing.T) {
	own := &options{ListenOptions: listen("127.0.0.1:0"), Late: "2s"}
	own.AllowFrom = []string{"192.0.2.0/24", "127.0.0.1"}
	s := start(t, own)
	await.Until(t, "listen", func() bool { return s.q.Health().Err == stream.ErrWaiting })
	address := s.q.Health().Address
	pbx := connect(t, address)
	say(t, pbx, "1700000000,one\n")
	s.wait(t, "one#0")
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	stranger, err := from.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(stranger, "1700000001,false\n") // it may be closed already
	if _, err := io.Copy(io.Discard, stranger); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("it is not hung up on: %v", err)
	}
	hangUp(t, stranger)
	say(t, pbx, "1700000002,two\n")
	s.wait(t, "one#0", "two#0")
	if h := s.q.Health(); h.State != feed.Live {
		t.Errorf("health %+v", h)
	}
}

func TestListen(t *testing.T) {
	s, address := startListening(t)
	one, two := connect(t, address), connect(t, address)
	say(t, one, "\x00\x001767225600,a\r\n1767225600,a\n\n")
	s.wait(t, "a#0", "a#1")
	say(t, two, "1767225600,a\n") // a delivery of its own
	s.wait(t, "a#0", "a#1", "a#0")
	say(t, two, "no time\n"+strings.Repeat("x", 3*frameLimit)+"\n1767225600,b\n")
	s.wait(t, "a#0", "a#1", "a#0", "b#0")
	if n := s.rejections(); n != 2 {
		t.Errorf("%d rejected, want 2", n)
	}
	hangUp(t, two) // behind a line, and one is left: the session goes on
	say(t, one, "1767225600,c\n")
	s.wait(t, "a#0", "a#1", "a#0", "b#0", "c#0")
	if n := s.count(feed.EndMark); n != 0 {
		t.Errorf("%d sessions ended", n)
	}
	hangUp(t, one)
	await.Until(t, "end the session", func() bool { return s.count(feed.EndMark) == 1 })
	if h := s.q.Health(); h.State != feed.Connecting || !strings.Contains(h.Err.Error(), "nobody is connected (the last was 127.0.0.1:") || !strings.HasSuffix(h.Err.Error(), ", it closed)") {
		t.Errorf("alone: %+v", h)
	}
	say(t, connect(t, address), "1767225601,d\n")
	await.Until(t, "begin another", func() bool { return s.count(feed.BeginMark) == 2 })
}

// What the end of a connection cut is not stored, and makes a gap.
func TestListenCut(t *testing.T) {
	s, address := startListening(t)
	stays, goes := connect(t, address), connect(t, address)
	say(t, stays, "1767225600,a\n")
	s.wait(t, "a#0")
	say(t, goes, "1767225600,b\n1767225600,ha")
	s.wait(t, "a#0", "b#0")
	hangUp(t, goes)
	await.Until(t, "begin again", func() bool { return s.count(feed.EndMark) == 1 && s.count(feed.BeginMark) == 2 })
	again := connect(t, address)
	say(t, again, "lf\n1767225600,half\n")
	s.wait(t, "a#0", "b#0", "half#0")
	if n := s.rejections(); n != 1 {
		t.Errorf("%d rejected, want the rest of half a line", n)
	}
}

// A line that is too long counts also when it never ends.
func TestListenEndless(t *testing.T) {
	s, address := startListening(t)
	conn := connect(t, address)
	say(t, conn, strings.Repeat("x", 10*frameLimit))
	hangUp(t, conn)
	await.Until(t, "reject it", func() bool { return s.rejections() == 1 })
}

// Many strangers do not keep the upstream out, and hurt nobody who was there.
func TestListenCrowd(t *testing.T) {
	s, address := startListening(t)
	first := connect(t, address)
	say(t, first, "1767225600,first\n")
	s.wait(t, "first#0")
	for range 200 {
		connect(t, address)
	}
	await.Until(t, "hear the upstream", func() bool {
		late, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer late.Close()
		if _, err := io.WriteString(late, "1767225600,late\n"); err != nil {
			return false
		}
		_ = late.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = late.Read(make([]byte, 1)) // it says nothing; refused, it closes at once
		return len(s.said()) > 1
	})
	say(t, first, "1767225600,still here\n")
	await.Until(t, "hear the first", func() bool { return strings.Contains(strings.Join(s.said(), " "), "still here#0") })
}

func TestListenAddressIsHeld(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	own := &options{ListenOptions: listen(held.Addr().String()), Late: "2s"}
	s := start(t, own)
	await.Until(t, "say so", func() bool { return s.q.Health().State == feed.Down })
	if err := s.q.Health().Err; !strings.Contains(err.Error(), "another process holds") {
		t.Errorf("got %v", err)
	}
	src, err := Kind().Open(config(t, own))
	if err != nil {
		t.Fatal(err)
	}
	for twind, want := range map[bool]feed.Verdict{true: feed.Pass, false: feed.Fail} {
		if checks := src.(feed.Tester).Test(t.Context(), !twind); checks[0].Result != want {
			t.Errorf("held, by twind %t: %+v", twind, checks)
		}
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "listen once it is free", func() bool { return s.q.Health().Err == stream.ErrWaiting })
}

func TestDial(t *testing.T) {
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	own := &options{Late: "0s", DialOptions: feed.DialOptions{Addresses: []string{"tcp://" + upstream.Addr().String()}}}
	s := start(t, own)
	conn, err := upstream.Accept()
	if err != nil {
		t.Fatal(err)
	}
	say(t, conn, "1767225600,a\n1767225600,a\n1767225600,ha")
	s.wait(t, "a#0", "a#1")
	if s.q.Health().State != feed.Live {
		t.Errorf("connected: %+v", s.q.Health())
	}
	hangUp(t, conn)
	if conn, err = upstream.Accept(); err != nil {
		t.Fatal(err)
	}
	say(t, conn, "1767225600,half\n")
	s.wait(t, "a#0", "a#1", "half#0")
	if n := s.count(feed.BeginMark); n != 2 {
		t.Errorf("%d sessions, want 2", n)
	}
	hangUp(t, conn)
}

func TestOpen(t *testing.T) {
	tcp := feed.DialOptions{Addresses: []string{"tcp://127.0.0.1:9"}}
	for _, c := range []struct {
		name      string
		own       options
		key, says string
	}{
		{"neither", options{Late: "2s"}, "addresses", "listen ="},
		{"both", options{Late: "2s", ListenOptions: listen("127.0.0.1:9"), DialOptions: tcp}, "listen", "leave one out"},
		{"listen", options{Late: "2s", ListenOptions: listen("9000")}, "listen", "host:port"},
		{"address", options{Late: "2s", DialOptions: feed.DialOptions{Addresses: []string{"udp://a:1"}}}, "addresses", "udp"},
		{"key alone", options{Late: "2s", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0", TLSKeyFile: "k"}}, "tls_cert_file", "missing"},
		{"late", options{Late: "soon", DialOptions: tcp}, "late", "soon"},
		{"never late", options{Late: "-1s", DialOptions: tcp}, "late", "0s"},
		{"silence", options{Late: "2s", Silence: "1ms", DialOptions: tcp}, "silence", "1s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Kind().Open(config(t, &c.own))
			key, ok := errors.AsType[*feed.KeyError](err)
			if !ok || key.Key != c.key || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %s: ... %s", err, c.key, c.says)
			}
		})
	}
}
