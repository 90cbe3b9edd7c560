package faults

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

const (
	mostMemory = 64 << 20    // that a hostile upstream may cost
	pbxQueue   = 64 << 20    // and one that cannot be made to wait holds this much besides
	mostLag    = time.Minute // that another feed may suffer: it is not stopped. On a machine of its own it is tens of milliseconds
	mostFiles  = 400         // open ones, connections among them
)

// An attack is what a hostile upstream does, and what must come of it.
type attack struct {
	name string
	run  func(*testing.T, net.Conn) // on a connection to the feed
	many int                        // such connections at the same time; 0 is one

	records, rejected float64
}

const farLine = "946684800 a good line after all that\n"

// TestHostileLines attacks a listening feed.
func TestHostileLines(t *testing.T) {
	t.Parallel()
	for _, a := range []attack{
		{name: "endless line", run: endless(256 << 20), records: 1, rejected: 1},
		{name: "one line of garbage after the other", run: garbage(20_000), records: 1, rejected: 20_000},
		{name: "NUL bytes", run: say(strings.Repeat("\x00", 8<<20) + "\n" + farLine), records: 1},
		{name: "half a line and a reset", run: reset("946684800 half a li")},
		{name: "a thousand connections", run: open, many: 1000},
		{name: "a thousand connections, each a byte now and then", run: drip, many: 1000},
	} {
		t.Run(a.name, func(t *testing.T) { a.launch(t) })
	}
}

// launch attacks the feed "bad" beside which "good" is heard.
func (a attack) launch(t *testing.T) {
	good := newSpeaker(t)
	s := newServer(t, good.section("good"), listening("bad"))
	watch := s.observe(good)
	door := s.door("bad")
	for range max(a.many, 1) {
		conn, err := net.Dial("tcp", door)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		a.run(t, conn)
	}
	var got [2]float64
	eventually(t, fmt.Sprintf("%v records and %v rejected", a.records, a.rejected), func() bool {
		got = [2]float64{s.committed("bad"), s.metric("twin_records_rejected_total", "bad")}
		return got == [2]float64{a.records, a.rejected}
	})
	watch.undisturbed()
	s.stop()
}

// door returns where a listening feed can be called.
func (s *server) door(feed string) (address string) {
	s.t.Helper()
	eventually(s.t, "the feed listens", func() bool {
		address = s.feed(feed).Address
		return address != ""
	})
	return address
}

func say(text string) func(*testing.T, net.Conn) {
	return func(t *testing.T, conn net.Conn) {
		t.Helper()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Error(err)
		}
	}
}

// endless says so many bytes without a line end, and then a good line.
func endless(size int) func(*testing.T, net.Conn) {
	return func(t *testing.T, conn net.Conn) {
		t.Helper()
		if err := pour(conn, size); err != nil {
			t.Error(err)
		}
	}
}

func pour(conn net.Conn, size int) error {
	for chunk := bytes.Repeat([]byte("x"), 1<<20); size > 0; size -= len(chunk) {
		if _, err := conn.Write(chunk); err != nil {
			return err
		}
	}
	_, err := io.WriteString(conn, "\n"+farLine)
	return err
}

// garbage says so many lines of random bytes, and then a good one.
func garbage(lines int) func(*testing.T, net.Conn) {
	return func(t *testing.T, conn net.Conn) {
		t.Helper()
		out := bufio.NewWriter(conn)
		for range lines {
			out.WriteByte('\xff') // no time, and not empty, whatever comes
			for range rand.IntN(200) {
				if b := byte(rand.Uint32()); b != '\n' {
					out.WriteByte(b)
				}
			}
			out.WriteByte('\n')
		}
		out.WriteString(farLine)
		if err := out.Flush(); err != nil {
			t.Error(err)
		}
	}
}

func reset(text string) func(*testing.T, net.Conn) {
	return func(t *testing.T, conn net.Conn) {
		t.Helper()
		say(text)(t, conn)
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
}

func open(*testing.T, net.Conn) {}

// drip says a byte each second, as long as it is let.
func drip(t *testing.T, conn net.Conn) {
	t.Helper()
	ctx := t.Context()
	go func() {
		for ctx.Err() == nil {
			if _, err := conn.Write([]byte("9")); err != nil {
				return
			}
			pause(ctx, time.Second)
		}
	}()
}

// An observer looks at a server while it is attacked.
type observer struct {
	*server
	good *speaker
	read *follower     // of the good feed
	base int64         // bytes resident before
	lag  time.Duration // the worst of the good feed
	open int           // files, at most
	most int64         // bytes that it may cost
	stop func()        // observing
}

// observe starts the server, lets the good feed run a little and then begins
// to observe.
func (s *server) observe(good *speaker) *observer {
	s.t.Helper()
	s.start()
	eventually(s.t, "the good feed is heard", func() bool { return s.committed("good") > 500 })
	o := &observer{server: s, good: good, read: s.follow("good"), base: s.memory("VmRSS"), most: mostMemory}
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			o.look()
			pause(ctx, 50*time.Millisecond)
		}
	}()
	o.stop = func() { cancel(); <-done }
	s.t.Cleanup(o.stop)
	return o
}

// look measures how old the first line of the good feed is that cannot be read.
func (o *observer) look() {
	now, said := time.Now(), o.good.lines()
	if read := len(o.read.all()); 0 < read && read < len(said) {
		o.lag = max(o.lag, now.Sub(timeOf(said[read])))
	}
	files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", o.proc.Process.Pid)) // none once it has ended
	o.open = max(o.open, len(files))
}

// undisturbed demands that neither memory nor files nor the good feed suffered.
func (o *observer) undisturbed() {
	o.t.Helper()
	n, sessions := len(o.good.lines()), -1.0
	eventually(o.t, "the good feed is stored", func() bool {
		stored := o.committed("good")
		sessions = o.metric("twin_source_sessions_total", "good") // a page may be refused in a crowd
		return stored >= float64(n) && sessions >= 0
	})
	o.stop()
	grown := o.memory("VmHWM") - o.base
	o.t.Logf("memory %d MiB + %d MiB, good feed %s behind at most, %d files open at most", o.base>>20, grown>>20, o.lag.Round(time.Millisecond), o.open)
	if grown > o.most {
		o.t.Errorf("it took %d MiB of memory", grown>>20)
	}
	if o.lag > mostLag {
		o.t.Errorf("the good feed was %s behind", o.lag)
	}
	if o.open > mostFiles {
		o.t.Errorf("%d files were open", o.open)
	}
	if sessions != 1 {
		o.t.Errorf("the good feed has had %v sessions", sessions)
	}
	held := inOrder(o.export("good"))
	for i, line := range o.good.lines()[:n] {
		if i >= len(held) || held[i] != line {
			o.t.Fatalf("the good feed's line %q is not stored", line)
		}
	}
}

// memory reads one of twind's figures in /proc/PID/status, in bytes.
func (s *server) memory(key string) int64 {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.proc.Process.Pid), "status"))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), key+":")
	var kib int64
	if _, err := fmt.Sscanf(rest, "%d kB", &kib); err != nil {
		s.t.Fatalf("%s: %v", key, err)
	}
	return kib << 10
}

// TestHostileUpstream dials upstreams that mean no good.
func TestHostileUpstream(t *testing.T) {
	t.Parallel()
	bad, begin := listen(t), make(chan struct{})
	serve(t, bad, func(_ context.Context, conn net.Conn) {
		<-begin
		_ = pour(conn, 256<<20) // it is dialled again, and cut off at the end
	})
	good := newSpeaker(t)
	s := newServer(t, good.section("good"), dialled("bad", bad.Addr()))
	watch := s.observe(good)
	close(begin)
	eventually(t, "the line is rejected", func() bool { return s.metric("twin_records_rejected_total", "bad") >= 1 })
	watch.undisturbed()
}

// TestHostileTimes sends a record for each five minutes of many years: only so
// many of them may begin a bucket in a minute.
func TestHostileTimes(t *testing.T) {
	t.Parallel()
	good := newSpeaker(t)
	s := newServer(t, good.section("good"), listening("bad"))
	watch := s.observe(good)
	conn, err := net.Dial("tcp", s.door("bad"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	begun := time.Now()
	go func() {
		out := bufio.NewWriter(conn)
		for at := 700_000_000; at < 1_700_000_000; at += 300 {
			if _, err := fmt.Fprintf(out, "%d from afar\n", at); err != nil {
				return // it was made to wait, and then closed
			}
		}
	}()
	eventually(t, "the allowance is used up", func() bool { return s.committed("bad") >= 1000 })
	watch.undisturbed()
	if n := s.committed("bad"); n > 1100+time.Since(begun).Seconds()*20 {
		t.Errorf("%v records of as many buckets were stored at once", n)
	}
	s.stop()
}

// TestHostilePBX floods: it says events faster than anybody could store them.
func TestHostilePBX(t *testing.T) {
	t.Parallel()
	const events = 96 << 10
	var said atomic.Int64
	begin := make(chan struct{})
	bad := newPBX(t, func(ctx context.Context, out *voice) {
		select {
		case <-begin:
		case <-ctx.Done():
		}
		for said.Load() < events && out.event(record.At(time.Now()), int(said.Add(1)), 1<<10) == nil {
		}
		out.flush()
	})
	good := newSpeaker(t)
	s := newServer(t, good.section("good"), amiSection(t, "bad", bad.Addr()))
	watch := s.observe(good)
	watch.most += pbxQueue
	eventually(t, "the PBX is heard", func() bool { return bad.logins.Load() > 0 })
	close(begin)
	eventually(t, "the flood is over", func() bool {
		return said.Load() >= events && s.metric("twin_queue_bytes", "bad") == 0
	})
	t.Logf("%d events said, %v stored, %d logins, gaps %v", said.Load(), s.committed("bad"), bad.logins.Load(), s.gaps("bad"))
	watch.undisturbed()
	eventually(t, "the PBX is heard", func() bool { return s.feed("bad").State == "live" })
	overrun := slices.ContainsFunc(s.gaps("bad"), func(g history.Gap) bool { return g.Reason == "overrun" })
	if lost := said.Load() - int64(s.committed("bad")); lost != 0 && !overrun {
		t.Errorf("%d events are silently lost", lost)
	}
}

// TestHostileBrowsers opens a thousand connections to the pages.
func TestHostileBrowsers(t *testing.T) {
	t.Parallel()
	good := newSpeaker(t)
	s := newServer(t, good.section("good"))
	watch := s.observe(good)
	for range 1000 {
		conn, err := net.Dial("tcp", s.web())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		say("GET /status HTTP/1.1\r\n")(t, conn)
	}
	watch.undisturbed()
	s.stop()
}
