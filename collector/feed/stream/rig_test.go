package stream

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

const frameLimit = 256

// A store is where a source tells what it hears.
type store struct {
	q      *feed.Queue
	notify chan struct{}

	records []record.Record
}

func newStore() *store {
	s := &store{notify: make(chan struct{}, 1)}
	s.q = feed.NewQueue(feed.Options{FrameLimit: frameLimit, QueueLimit: feed.DefaultQueueLimit}, feed.Kind{}, func() {
		select {
		case s.notify <- struct{}{}:
		default:
		}
	})
	return s
}

// said returns the records as "second text#n", for the tests' second.
func (s *store) said() []string {
	var all []string
	for _, r := range s.records {
		_, text, _ := strings.Cut(string(r.Raw), ",")
		all = append(all, fmt.Sprintf("%s#%d", text, r.N))
	}
	return all
}

// hearing hears lines that begin with their time in seconds.
func hearing(t testing.TB) Hearing {
	format, err := feed.NewFormat(feed.Options{
		Format: "text", Time: &feed.TimeSpec{Field: 1, Separator: ",", Layout: "epoch"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return Hearing{Limit: frameLimit, Frames: lines, Format: format, Log: slog.New(slog.DiscardHandler)}
}

func lines(r net.Conn, _ *feed.Queue) Frames { return feed.NewLineReader(r, frameLimit) }

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

// However the lines are cut into packets, the records are the same.
func TestPackets(t *testing.T) {
	texts := rapid.SliceOfN(rapid.SampledFrom([]string{"1767225600,a", "1767225601,b", "1767225600,c", ""}), 1, 30)
	rapid.Check(t, func(rt *rapid.T) {
		lines := append(texts.Draw(rt, "lines"), "1767225602,end")
		sizes := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 10).Draw(rt, "sizes")
		var ordinals record.Ordinals
		var want []string
		for _, l := range lines {
			if sec, text, ok := strings.Cut(l, ","); ok {
				at := record.Instant(sec[len(sec)-1]-'0') * record.Second
				want = append(want, fmt.Sprintf("%s#%d", text, ordinals.Next(at, record.DigestOf([]byte(l)))))
			}
		}
		if diff := cmp.Diff(want, heard(t, strings.Join(lines, "\n")+"\n", sizes)); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// heard returns what a connection makes of a stream that comes in such pieces.
func heard(t *testing.T, stream string, sizes []int) []string {
	s := newStore()
	here, there := net.Pipe()
	defer there.Close()
	var all sync.WaitGroup
	all.Go(func() {
		defer here.Close()
		for i := 0; len(stream) > 0; i++ {
			n := min(len(stream), sizes[i%len(sizes)])
			if _, err := io.WriteString(here, stream[:n]); err != nil {
				t.Error(err)
				return
			}
			stream = stream[n:]
		}
	})
	session := newSession(hearing(t), s.q, feed.Start{})
	conn := session.join(there)
	why := conn.hear(t.Context())
	all.Wait()
	session.leave(conn, why)
	b, _ := s.q.Take()
	s.records = b.Records
	return s.said()
}
