package ami

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"testing"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

// pour serves one login on a real socket, says data behind it and stays.
func pour(tb testing.TB, data []byte) (address string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	tb.Cleanup(func() { _ = l.Close(); <-done })
	p := newPeer()
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(p, conn, data)
		}
	}()
	return "tcp://" + l.Addr().String()
}

func serve(p *peer, conn net.Conn, data []byte) {
	defer conn.Close()
	_, _ = io.WriteString(conn, p.banner+"\r\n")
	in := newBlockReader(conn, 4096)
	for {
		action, err := in.next()
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, p.answer(action)); err != nil {
			return
		}
		if header(action, "Action") == "QueueStatus" {
			if _, err := conn.Write(data); err != nil {
				return
			}
		}
	}
}

// collect hears the address until so many records came.
func collect(tb testing.TB, address string, want int, take func(record.Record)) {
	tb.Helper()
	own := Kind().Options().(*Options)
	own.Addresses, own.Username, own.SecretFile = []string{address}, "twin", secretFile(tb, "s3cret")
	common := feed.Options{Name: "pbx", Kind: "ami"}
	if err := common.Fill(Kind()); err != nil {
		tb.Fatal(err)
	}
	src, err := Kind().Open(feed.Config{Options: common, Own: own, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	due := make(chan struct{}, 1)
	q := feed.NewQueue(common, Kind(), func() {
		select {
		case due <- struct{}{}:
		default:
		}
	})
	ctx, cancel := context.WithTimeout(tb.Context(), await.Most)
	defer cancel()
	done := make(chan error)
	go func() { done <- src.Run(ctx, feed.Start{}, q) }()
	for got := 0; got < want && ctx.Err() == nil; {
		select {
		case <-due:
		case <-ctx.Done():
			tb.Errorf("%d records of %d: %+v", got, want, q.Health())
		}
		if b, ok := q.Take(); ok {
			for _, r := range b.Records {
				take(r)
			}
			got += len(b.Records)
			q.Done()
		}
	}
	cancel()
	if err := <-done; err != nil {
		tb.Error(err)
	}
}

// Two clients of one Asterisk must come to the same records.
func TestBothClientsOfARealAsteriskHearTheSame(t *testing.T) {
	var heard [2]map[record.Key]int
	for i, name := range []string{"varied-a", "varied-b"} {
		heard[i] = map[record.Key]int{}
		collect(t, pour(t, fixture(t, name)), 5290, func(r record.Record) { heard[i][r.Key]++ })
	}
	if !maps.Equal(heard[0], heard[1]) {
		t.Error("the two clients came to different records")
	}
	if len(heard[0]) != 5290 {
		t.Errorf("%d different records", len(heard[0]))
	}
}

// From a socket into the queue: what one core can hear.
func BenchmarkHear(b *testing.B) {
	small := []byte("Event: QueueCallerLeave\r\nPrivilege: agent,all\r\nTimestamp: 1795222327.141253\r\nQueue: sales\r\nPosition: 1\r\n\r\n")
	for name, data := range map[string][]byte{"small": bytes.Repeat(small, 300_000), "real": bytes.Repeat(fixture(b, "pbx-a"), 8)} {
		b.Run(name, func(b *testing.B) {
			events := bytes.Count(data, []byte("\r\n\r\n"))
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				collect(b, pour(b, data), events, func(record.Record) {})
			}
			b.ReportMetric(float64(events*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
