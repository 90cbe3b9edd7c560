package syslog

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
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
	"github.com/twinctl/twin/fixtures/await"
)

const frameLimit = 256

// A store takes what a source tells, as the collector does.
type store struct {
	q      *feed.Queue
	notify chan struct{}

	mu       sync.Mutex
	said     []string // "text#ordinal", or "text without time"
	rejected []string
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
			s.store(b)
			s.q.Done()
		}
	}
}

func (s *store) store(b feed.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range b.Records {
		text := fmt.Sprintf("%s#%d", r.Raw, r.N)
		if !r.Timed() {
			text = string(r.Raw) + " without time"
		}
		s.said = append(s.said, text)
	}
	for _, r := range b.Quarantine {
		s.rejected = append(s.rejected, string(r.Reason)+": "+r.Text)
	}
	s.marks = append(s.marks, b.Marks...)
}

func (s *store) heard() (said, rejected []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.said...), append([]string(nil), s.rejected...)
}

func config(t *testing.T, own *options) feed.Config {
	t.Helper()
	return configOf(t, "syslog", own)
}

func configOf(t *testing.T, format string, own *options) feed.Config {
	t.Helper()
	o := feed.Options{Format: format, FrameLimit: frameLimit, QueueLimit: feed.DefaultQueueLimit}
	f, err := feed.NewFormat(o)
	if err != nil {
		t.Fatal(err)
	}
	return feed.Config{Options: o, Own: own, Format: f, Log: slog.New(slog.DiscardHandler)}
}

// start runs a source until the test ends, and returns where it listens.
func start(t *testing.T, transport string) (*store, string) {
	t.Helper()
	return startOwn(t, &options{Transport: transport, Late: "0s", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0"}})
}

func startOwn(t *testing.T, own *options) (*store, string) {
	t.Helper()
	return startOf(t, config(t, own))
}

func startOf(t *testing.T, c feed.Config) (*store, string) {
	t.Helper()
	src, err := Kind().Open(c)
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
	await.Until(t, "listen", func() bool { return strings.HasPrefix(s.q.Health().Address, "127.0.0.1:") })
	return s, s.q.Health().Address
}

func say(t *testing.T, network, address string, texts ...string) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	for _, text := range texts {
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

const one = "<13>1 2026-01-01T00:00:00Z pbx app - - - one"

func TestUDP(t *testing.T) {
	s, address := start(t, "udp")
	if s.q.Health().State != feed.Live {
		t.Errorf("%+v", s.q.Health())
	}
	say(t, "udp", address, one+"\n", one, "<13>when?", strings.Repeat("x", frameLimit+1), one)
	want := []string{one + "#0", one + "#1", "<13>when? without time", one + "#2"}
	await.Until(t, "hear all", func() bool { said, _ := s.heard(); return len(said) >= len(want) })
	said, rejected := s.heard()
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(rejected) != 1 || rejected[0] != "rejected: datagram is longer than frame_limit = 256" {
		t.Errorf("rejected %q", rejected)
	}
	began := time.Now()
	await.Until(t, "prove what is heard", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, m := range s.marks {
			if m.What == feed.ProofMark && m.Until.Time().After(began) {
				return true
			}
		}
		return false
	})
}

// What the kernel throws away is told as a hole.
func TestUDPOverrun(t *testing.T) {
	own := &options{Transport: "udp", Late: "0s", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0"}}
	src, err := Kind().Open(config(t, own))
	if err != nil {
		t.Fatal(err)
	}
	d := src.(*datagrams)
	conn, err := d.bind(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadBuffer(1); err != nil { // the least there is
		t.Fatal(err)
	}
	up := say(t, "udp", conn.LocalAddr().String())
	for range 500 {
		_, _ = io.WriteString(up, one)
	}
	s := newStore()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { s.run(ctx) })
	all.Go(func() { _ = d.guard(ctx, conn, s.q) })
	t.Cleanup(func() { cancel(); all.Wait() })
	await.Until(t, "tell of it", func() bool {
		_, _ = io.WriteString(up, one) // the count comes with what is taken after it
		_, rejected := s.heard()
		return len(rejected) > 0
	})
	_, rejected := s.heard()
	if !strings.HasPrefix(rejected[0], "overrun: ") || !strings.HasSuffix(rejected[0], "datagrams came faster than they could be read, and are lost") {
		t.Errorf("told %q", rejected)
	}
}

func TestTCP(t *testing.T) {
	s, address := start(t, "tcp")
	framed := func(m string) string { return fmt.Sprintf("%d %s", len(m), m) }
	say(t, "tcp", address, framed(one)+framed(one+"\nwith a second line")+framed(strings.Repeat("x", 1000))+framed(one))
	say(t, "tcp", address, one+"\n\n"+strings.Repeat("y", 1000)+"\n"+one+"\r\n")
	await.Until(t, "hear all", func() bool { said, rejected := s.heard(); return len(said) == 5 && len(rejected) == 2 })
	_, rejected := s.heard()
	for _, r := range rejected {
		if !strings.HasSuffix(r, "is longer than frame_limit = 256") {
			t.Errorf("rejected %q", r)
		}
	}
}

// However a stream is cut into packets, it says the same messages.
func FuzzCutter(f *testing.F) {
	f.Add([]byte("5 hello0 3 abc"))
	f.Add([]byte("<13>a\n<13>b\n"))
	f.Add([]byte("300 " + strings.Repeat("x", 300) + "1 y"))
	f.Add([]byte("9999999999 x"))
	f.Add([]byte("12<13>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, end := frames(t, bytes.NewReader(b))
		bytewise, sameEnd := frames(t, iotest.OneByteReader(bytes.NewReader(b)))
		if diff := cmp.Diff(whole, bytewise); diff != "" || end != sameEnd {
			t.Errorf("%q and byte by byte %q (-whole +bytewise)\n%s", end, sameEnd, diff)
		}
	})
}

// frames returns what a cutter makes of a stream, and how it ended.
func frames(t *testing.T, src io.Reader) (all []string, end string) {
	c := &cutter{src: src, limit: frameLimit, body: func(b []byte) []byte { return b }}
	for {
		frame, err := c.Next()
		if len(frame) > frameLimit {
			t.Fatalf("a frame of %d bytes", len(frame))
		}
		unfit, ok := errors.AsType[*stream.Unfit](err)
		long, isLine := errors.AsType[*feed.LongLineError](err)
		_, foreign := errors.AsType[*stream.Foreign](err)
		switch {
		case foreign:
			return all, "foreign" // how much of it was there is a matter of pieces
		case ok:
			all = append(all, fmt.Sprintf("too long %q", unfit.Head))
		case isLine:
			all = append(all, fmt.Sprintf("long line %q", long.Head[:min(100, len(long.Head))]))
		case err != nil:
			size, _ := c.Unfinished()
			return all, fmt.Sprintf("%v, cut %v", err, size > 0)
		default:
			all = append(all, string(frame))
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	listen := stream.ListenOptions{Listen: "127.0.0.1:0"}
	for key, own := range map[string]*options{
		"transport": {Late: "2s", ListenOptions: listen},
		"silence":   {Late: "2s", Silence: "1ms", Transport: "udp", ListenOptions: listen},
		"late":      {Late: "soon", Transport: "udp", ListenOptions: listen},
		"listen":    {Late: "2s", Transport: "udp", ListenOptions: stream.ListenOptions{Listen: "514"}},
	} {
		_, err := Kind().Open(config(t, own))
		if e, ok := errors.AsType[*feed.KeyError](err); !ok || e.Key != key {
			t.Errorf("got %v, want %s", err, key)
		}
	}
	_, err := Kind().Open(config(t, &options{Late: "2s", Transport: "udp", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0", TLSCertFile: "c"}}))
	if err == nil || !strings.Contains(err.Error(), `want "tcp" with tls_cert_file`) {
		t.Errorf("UDP with TLS: %v", err)
	}
}

// Datagrams that do not come for longer than silence are missed: that is a gap
// until the next one.
func TestUDPSilence(t *testing.T) {
	own := &options{Transport: "udp", Late: "0s", Silence: "1s", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0"}}
	s, address := startOwn(t, own)
	words := func() (all string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, m := range s.marks {
			switch m.What { //nolint:exhaustive // the rest is proof
			case feed.BeginMark:
				all += "begin "
			case feed.EndMark:
				all += string(m.Reason) + " "
			}
		}
		return all
	}
	await.Until(t, "become mute", func() bool { return words() == "begin mute " })
	if h := s.q.Health(); h.State != feed.Connecting || fmt.Sprint(h.Err) != "said nothing for 1s" {
		t.Errorf("health %+v", h)
	}
	say(t, "udp", address, one)
	await.Until(t, "begin again", func() bool { return strings.HasPrefix(words(), "begin mute begin ") })
}

// Datagrams of whom it does not listen to are no records, and do not stand for
// the upstream's.
func TestUDPAllowFrom(t *testing.T) {
	own := &options{Transport: "udp", Late: "0s", Silence: "1s", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0"}}
	own.AllowFrom = []string{"127.0.0.1"}
	s, address := startOwn(t, own)
	from := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	stranger, err := from.DialContext(t.Context(), "udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stranger.Close() })
	await.Until(t, "become mute, for all that a stranger says", func() bool {
		if _, err := io.WriteString(stranger, one); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(s.q.Health().Err) == "said nothing for 1s"
	})
	const two = "<13>1 2026-01-01T00:00:01Z pbx app - - - two"
	say(t, "udp", address, two)
	await.Until(t, "hear the upstream", func() bool { said, _ := s.heard(); return len(said) > 0 })
	if said, rejected := s.heard(); len(said) != 1 || said[0] != two+"#0" || len(rejected) > 0 {
		t.Errorf("heard %q, rejected %q", said, rejected)
	}
}

// Over UDP nobody can be made to wait: who makes up times is refused, and told
// of, and all others are heard.
func TestMadeUpTimesAreRefusedByUDP(t *testing.T) {
	s, address := start(t, "udp")
	evil, good := say(t, "udp", address), say(t, "udp", address)
	at := time.Now().AddDate(-1, 0, 0)
	const free, more = 1000, 20
	for i := range free + more {
		text := fmt.Sprintf("<13>1 %s evil - - - - x", at.Add(time.Duration(i)*5*time.Minute).UTC().Format(time.RFC3339))
		if _, err := io.WriteString(evil, text); err != nil {
			t.Fatal(err)
		}
		if i%100 == 99 { // no faster than they are read
			await.Until(t, "hear what was sent", func() bool { said, _ := s.heard(); return len(said) == i+1 })
		}
	}
	text := fmt.Sprintf("<13>1 %s good - - - - y", time.Now().UTC().Format(time.RFC3339))
	if _, err := io.WriteString(good, text); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "hear the good one", func() bool { said, _ := s.heard(); return len(said) == free+1 })
	want := "overrun: " + feed.TooFar
	await.Until(t, "tell of the refused ones", func() bool { _, rejected := s.heard(); return len(rejected) == more && rejected[0] == want })
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.marks {
		if m.What == feed.HoleMark && m.Reason == feed.Overrun {
			return
		}
	}
	t.Errorf("no hole among %+v", s.marks)
}
