package replay

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/fixtures/await"
)

func TestLinesPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := "head\n1700000000|a\n1700000002|b\nno time\n1700000001|c\n1700000010|d"
		o := Options{Kind: Lines, Format: "queue_log", Doors: []Door{{File: file(t, "q", text)}}}
		door := perform(t, o)[0]
		e := connect(door, "\n")
		pass(5 * time.Second)
		late := connect(door, "\n")
		pass(time.Minute)
		want := []said{
			{0, "head"},
			{0, "1700000000|a"},
			{2 * time.Second, "1700000002|b"},
			{2 * time.Second, "no time"},
			{2 * time.Second, "1700000001|c"},
			{10 * time.Second, "1700000010|d"},
		}
		if diff := cmp.Diff(want, e.heard(), cmp.AllowUnexported(said{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"1700000010|d"}, texts(late.heard())); diff != "" {
			t.Errorf("late (-want +got):\n%s", diff)
		}
	})
}

func TestLinesShift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := "x,2026-11-21 08:30:00\ny,2026-11-21 08:30:20\n"
		spec := &feed.TimeSpec{Field: 2, Separator: ",", Layout: time.DateTime, Zone: "Europe/Berlin"}
		o := Options{Kind: Lines, Time: spec, ShiftToNow: true, Speed: 2, Doors: []Door{{File: file(t, "q", text)}}}
		e := connect(perform(t, o)[0], "\n")
		pass(time.Minute)
		// A bubble begins at midnight UTC on 1 January 2000, an hour later in Berlin.
		want := []said{{0, "x,2000-01-01 01:00:00"}, {10 * time.Second, "y,2000-01-01 01:00:10"}}
		if diff := cmp.Diff(want, e.heard(), cmp.AllowUnexported(said{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func dial(t *testing.T, addr net.Addr) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(await.Most)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// Over a real network, both doors give a whole file, byte for byte.
func TestLinesOverLoopback(t *testing.T) {
	door := Door{Listen: "127.0.0.1:0", File: fixtures + "queue_log.gz"}
	want := unpacked(t, "queue_log.gz")
	_, addrs := serve(t, Options{Kind: Lines, Format: "queue_log", Speed: math.Inf(1), Doors: []Door{door, door}})
	conns := []net.Conn{dial(t, addrs[0]), dial(t, addrs[1])}
	for _, conn := range conns {
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(want, got) {
			t.Errorf("%v: what came is not the file", err)
		}
	}
}

func TestAMIOverLoopback(t *testing.T) {
	want := unpacked(t, "varied-b.ami.gz")
	door := Door{Listen: "127.0.0.1:0", File: fixtures + "varied-b.ami.gz"}
	_, addrs := serve(t, Options{Kind: AMI, Speed: math.Inf(1), Doors: []Door{door}})
	conn := dial(t, addrs[0])
	if err := tryWrite(conn, "Action: Login\r\nEvents: agent,cdr,dialplan\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for line := "."; line != crlf; {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(want, got) {
		t.Errorf("%v: what came is not the file", err)
	}
}

func TestFullHouse(t *testing.T) {
	name := file(t, "q", "1700000000|a\n")
	_, addrs := serve(t, Options{Kind: Lines, Format: "queue_log", Clients: maxClients, Doors: []Door{{Listen: "127.0.0.1:0", File: name}}})
	var conns []net.Conn
	for range maxClients - 1 {
		conns = append(conns, dial(t, addrs[0]))
	}
	await.Until(t, "one too many is turned away, and the rest is served", func() bool {
		conn := dial(t, addrs[0])
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err == nil && line != "1700000000|a\n" {
			t.Fatalf("%q", line)
		}
		conns = append(conns, conn)
		return len(conns) > maxClients
	})
	if _, err := bufio.NewReader(conns[0]).ReadString('\n'); err != nil {
		t.Errorf("the first: %v", err)
	}
	if _, err := bufio.NewReader(conns[maxClients]).ReadString('\n'); err == nil {
		t.Error("the last was let in")
	}
}

func TestListenRefused(t *testing.T) {
	name := file(t, "q", "1700000000|a\n")
	_, addrs := serve(t, Options{Kind: Lines, Format: "queue_log", Doors: []Door{{Listen: "127.0.0.1:0", File: name}}})
	taken := addrs[0].String()
	s, err := New(Options{Kind: Lines, Format: "queue_log", Doors: []Door{{Listen: "127.0.0.1:0", File: name}, {Listen: taken, File: name}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("%v does not name %s", err, taken)
	}
}

func TestRunWithoutListen(t *testing.T) {
	s, err := New(Options{Kind: AMI, Doors: []Door{{File: recording(t, 0)}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, ErrNotListening) {
		t.Errorf("%v, want %v", err, ErrNotListening)
	}
}

// A client's reading decides the pace of a recording that is played at full
// speed: this is how fast the server can be, with a million lines at a time.
func BenchmarkLines(b *testing.B) {
	const size, most = 200, 1_000_000
	var text strings.Builder
	for i := range min(b.N, most) {
		fmt.Fprintf(&text, "%d.%06d %s\n", 1_700_000_000+i/1_000_000, i%1_000_000, strings.Repeat("x", size-19))
	}
	name := b.TempDir() + "/lines"
	keep(b, name, text.String())
	b.SetBytes(size)
	for left := b.N; left > 0; left -= most {
		b.StopTimer()
		_, addrs := serve(b, Options{
			Kind: Lines, Time: &feed.TimeSpec{Field: 1, Layout: "epoch"}, Speed: math.Inf(1),
			Doors: []Door{{Listen: "127.0.0.1:0", File: name}}, Log: slog.New(slog.DiscardHandler),
		})
		b.StartTimer()
		conn, err := new(net.Dialer).DialContext(b.Context(), "tcp", addrs[0].String())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, conn, int64(size*min(left, most))); err != nil {
			b.Fatal(err)
		}
	}
}
