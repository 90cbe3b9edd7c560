package relp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/replay"
	"github.com/twinctl/twin/collector/feed/stream"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

const frameLimit = 256

// A store takes what a source tells, as the collector does, and keeps each
// record once, as the history does.
type store struct {
	q      *feed.Queue
	notify chan struct{}

	mu       sync.Mutex
	held     bool // nothing is stored
	records  []record.Record
	known    map[record.Key]bool
	again    int
	rejected []string
	marks    []feed.Mark
}

func newStore() *store {
	s := &store{notify: make(chan struct{}, 1), known: map[record.Key]bool{}}
	s.q = feed.NewQueue(feed.Options{FrameLimit: frameLimit, QueueLimit: feed.DefaultQueueLimit}, Kind(), s.wake)
	return s
}

func (s *store) wake() {
	select {
	case s.notify <- struct{}{}:
	default:
	}
}

func (s *store) hold(held bool) {
	s.mu.Lock()
	s.held = held
	s.mu.Unlock()
	s.wake()
}

func (s *store) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.notify:
		}
		for s.take() {
		}
	}
}

// take stores a batch, and tells whether there was one.
func (s *store) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		return false
	}
	b, ok := s.q.Take()
	if !ok {
		return false
	}
	for _, r := range b.Records {
		if s.known[r.Key] {
			s.again++
			continue
		}
		s.known[r.Key] = true
		r.Raw = bytes.Clone(r.Raw) // it is the queue's again after Done
		s.records = append(s.records, r)
	}
	for _, r := range b.Quarantine {
		s.rejected = append(s.rejected, r.Text)
	}
	s.marks = append(s.marks, b.Marks...)
	s.q.Done()
	return true
}

func (s *store) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.records {
		all = append(all, string(r.Raw))
	}
	return all
}

func (s *store) refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.rejected...)
}

// config is of lines that begin with their time in seconds, or of format syslog.
func config(t testing.TB, format string, own *options) feed.Config {
	t.Helper()
	o := feed.Options{Format: format, FrameLimit: frameLimit, QueueLimit: feed.DefaultQueueLimit}
	if format == "text" {
		o.Time = &feed.TimeSpec{Field: 1, Separator: ",", Layout: "epoch"}
	}
	f, err := feed.NewFormat(o)
	if err != nil {
		t.Fatal(err)
	}
	return feed.Config{Options: o, Own: own, Format: f, Log: slog.New(slog.DiscardHandler)}
}

// start runs a source on a store until stop, and returns where it listens.
func start(t testing.TB, c feed.Config, s *store) (address string, stop func()) {
	t.Helper()
	src, err := Kind().Open(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	storing, end := context.WithCancel(context.Background())
	var source, storer sync.WaitGroup
	storer.Go(func() { s.run(storing) })
	source.Go(func() {
		if err := src.Run(ctx, feed.Start{}, s.q); err != nil {
			t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); source.Wait(); end(); storer.Wait() })
	await.Until(t, "listen", func() bool { return errors.Is(s.q.Health().Err, stream.ErrWaiting) })
	return s.q.Health().Address, stop
}

func listening() *options {
	return &options{ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0"}, Late: "2s"}
}

// A sender speaks RELP as omrelp does, and may be cut anywhere.
type sender struct {
	net.Conn
	talk *replay.Talk
}

func newSender(conn net.Conn) *sender { return &sender{Conn: conn, talk: replay.NewTalk(conn)} }

// dial connects and says open, without waiting for the answer.
func dial(t testing.TB, address string) *sender {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := newSender(conn)
	s.write(t, s.command("open", replay.Offers))
	return s
}

// command returns the next command as it goes over the wire.
func (s *sender) command(name, data string) string {
	return string(s.talk.Command(nil, name, data))
}

func (s *sender) write(t testing.TB, text string) {
	t.Helper()
	if _, err := io.WriteString(s, text); err != nil {
		t.Fatal(err)
	}
}

// answer reads one frame: "3 rsp 200 OK".
func (s *sender) answer() (string, error) {
	a, err := s.talk.Answer()
	if err != nil {
		return "", err
	}
	return a.String(), nil
}

// expect reads answers and compares their beginnings.
func (s *sender) expect(t testing.TB, want ...string) {
	t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(await.Most))
	for _, w := range want {
		got, err := s.answer()
		if err != nil || !strings.HasPrefix(got, w) {
			t.Fatalf("answered %q, %v; want %q", got, err, w)
		}
	}
}

// muteFor demands that nothing is answered meanwhile.
func (s *sender) muteFor(t testing.TB, d time.Duration) {
	t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(d))
	if got, err := s.answer(); err == nil {
		t.Errorf("answered %q before it was stored", got)
	}
}
