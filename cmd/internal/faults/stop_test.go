package faults

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// TestStop demands an orderly end, whatever the upstreams are doing.
func TestStop(t *testing.T) {
	t.Parallel()
	calls, file := newSpeaker(t), newWriter(t)
	mute, gone := newPBX(t, nil), newPBX(t, nil)
	mute.mute.Store(true)
	idle := listen(t)
	serve(t, idle, func(ctx context.Context, _ net.Conn) { <-ctx.Done() })
	s := newServer(t, calls.section("calls"), file.section("file"), dialled("idle", idle.Addr()), listening("waiting"),
		amiSection(t, "mute", mute.Addr()), amiSection(t, "silent", idle.Addr()), amiSection(t, "gone", gone.Addr()))
	gone.Close()
	s.start()
	eventually(t, "collecting", func() bool { return s.committed("calls") > 0 && s.committed("file") > 0 })
	t.Logf("ended within %s", s.stop().Round(time.Millisecond))
	n := s.feed("file").Records
	s.start()
	eventually(t, "going on", func() bool { return s.feed("file").Records > n })
	s.stop()
	for _, g := range s.gaps("calls") {
		if g.Reason != "stopped" {
			t.Errorf("a gap for another reason: %+v", g)
		}
	}
	if gaps := s.gaps("file"); len(gaps) != 1 || gaps[0].To != nil {
		t.Errorf("a file misses nothing over a stop but what is not read yet; its gaps are %+v", gaps)
	}
}

// TestReload demands that a hang-up changes the feeds that changed and no other.
func TestReload(t *testing.T) {
	t.Parallel()
	same, before, after := newSpeaker(t), newSpeaker(t), newSpeaker(t)
	s := newServer(t, same.section("same"), before.section("before"), before.section("changed"))
	s.start()
	sessions := func(feed string) float64 { return s.metric("twin_source_sessions_total", feed) }
	all := func(feeds ...string) bool {
		for _, f := range feeds {
			if s.committed(f) <= 0 {
				return false
			}
		}
		return true
	}
	eventually(t, "collecting", func() bool { return all("same", "before", "changed") })
	s.configure(same.section("same"), after.section("after"), after.section("changed")+"late = \"1s\"\n")
	s.signal(syscall.SIGHUP)
	eventually(t, "collecting what is new", func() bool {
		return all("same", "after", "changed") && sessions("changed") == 2
	})
	if n := sessions("before"); n != -1 {
		t.Errorf("the feed that was taken out has %v sessions", n)
	}
	s.configure("[[feed]]\nkind = ") // no TOML
	s.signal(syscall.SIGHUP)
	s.said("configuration not reloaded")
	n := s.committed("same")
	eventually(t, "collecting on", func() bool { return s.committed("same") > n })
	if n := sessions("same"); n != 1 {
		t.Errorf("the feed that did not change has had %v sessions", n)
	}
	s.configure(same.section("same"))
	if gaps := s.gaps("same"); len(gaps) != 0 {
		t.Errorf("the feed that did not change has gaps: %+v", gaps)
	}
	s.stop()
}

// TestSecond demands that a data directory has one twind.
func TestSecond(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.start()
	s.web()
	second := &server{t: t, config: s.config, data: s.data}
	second.start()
	t.Cleanup(second.clean)
	if status, _ := second.wait(); status != 9 {
		t.Errorf("the second exits with %d, want 9", status)
	}
	second.said(fmt.Sprintf("%d", s.proc.Process.Pid))
	s.stop()
}

// TestNewerSchema demands that files of a version to come are refused before
// anything is written.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"history.db", "node.db", "admin.db"} {
		t.Run(file, func(t *testing.T) {
			s := newServer(t, newSpeaker(t).section("calls"))
			s.start()
			eventually(t, "collecting", func() bool { return s.committed("calls") > 0 })
			s.stop()
			db, err := sql.Open("sqlite3", filepath.Join(s.data, file))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			before := s.files()
			s.start()
			if status, _ := s.wait(); status != 6 {
				t.Errorf("exit status %d, want 6", status)
			}
			s.said(filepath.Join(s.data, file) + ": written by a newer version")
			for name, text := range s.files() {
				if strings.HasSuffix(name, "-shm") { // reading makes one
					continue
				}
				if was, ok := before[name]; was != text || !ok && text != "" {
					t.Errorf("%s was written", name)
				}
			}
		})
	}
}

// files returns what the data directory holds.
func (s *server) files() map[string]string {
	s.t.Helper()
	list, err := os.ReadDir(s.data)
	if err != nil {
		s.t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range list {
		if f.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(s.data, f.Name()))
		if err != nil {
			s.t.Fatal(err)
		}
		files[f.Name()] = string(text)
	}
	return files
}

// TestWrongFeed demands that a feed that is configured wrong hurts no other,
// and that the key and its line are named.
func TestWrongFeed(t *testing.T) {
	t.Parallel()
	good := newSpeaker(t)
	wrong := "[[feed]]\nname = \"wrong\"\nkind = \"lines\"\nlisten = \"nowhere\"\n" + timeSpec
	s := newServer(t, good.section("good"), wrong)
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	line := 1 + strings.Count(strings.Split(string(text), "listen = \"nowhere\"")[0], "\n")
	place := fmt.Sprintf("%s:%d", s.config, line)
	s.start()
	eventually(t, "the good feed is heard", func() bool { return s.committed("good") > 0 })
	eventually(t, "status names the place", func() bool {
		f := s.feed("wrong")
		return f.State == "down" && strings.Contains(f.Error, place) && strings.Contains(f.Error, "listen")
	})
	eventually(t, "the log names the place", func() bool {
		return strings.Contains(string(ctl(t, "log", "--json", "--config", s.config)), place)
	})
	eventually(t, "an alarm", func() bool { return s.alarm("wrong") != nil })
	s.stop()
}

// alarm returns an alarm whose text holds these words, nil if there is none.
func (s *server) alarm(words string) *node.Alarm {
	s.t.Helper()
	for _, a := range s.status().Alarms {
		if strings.Contains(a.Text, words) {
			return &a
		}
	}
	return nil
}

// TestUpstreamBreaks has an upstream that ends each connection in the middle
// of an event, now with a reset and now without: what was whole is stored, each
// once, and what was half is not.
func TestUpstreamBreaks(t *testing.T) {
	t.Parallel()
	const sessions = 2
	turn := make(chan int, sessions)
	for i := range sessions {
		turn <- i
	}
	l := listen(t)
	serve(t, l, func(ctx context.Context, conn net.Conn) {
		select {
		case i := <-turn:
			out := bufio.NewWriter(conn)
			fmt.Fprintf(out, "94668480%d line %d\n94668480%d half a li", i, i, i)
			out.Flush()
			pause(ctx, 300*time.Millisecond) // a reset would take back what was not read
			if i%2 == 1 {
				conn.(*net.TCPConn).SetLinger(0)
			}
		default:
			<-ctx.Done()
		}
	})
	s := newServer(t, dialled("calls", l.Addr()))
	s.start()
	eventually(t, "all sessions were heard", func() bool { return s.metric("twin_source_sessions_total", "calls") == sessions+1 })
	s.stop()
	var got []string
	for _, r := range s.export("calls") {
		got = append(got, r.Raw)
	}
	if diff := cmp.Diff([]string{"946684800 line 0", "946684801 line 1"}, got); diff != "" {
		t.Errorf("stored (+) is not what was said whole (-):\n%s", diff)
	}
	if gaps := s.gaps("calls"); len(gaps) != sessions+1 {
		t.Errorf("%d gaps, want one for each loss and the stop: %+v", len(gaps), gaps)
	}
}

// TestPBXBreaks has a PBX that says, between good events, what is none, and
// ends in the middle of one.
func TestPBXBreaks(t *testing.T) {
	t.Parallel()
	begun, heard := make(chan struct{}, 1), make(chan struct{})
	begun <- struct{}{}
	l := newPBX(t, func(ctx context.Context, out *voice) {
		select {
		case <-begun:
		default:
			return
		}
		out.event(946684800*record.Second, 1, 10)
		fmt.Fprint(&out.pending, "this is no event\r\n\r\n\x00\xff\xfe\r\nwhat: ever\r\n\r\n")
		out.event(946684801*record.Second, 2, 1<<20) // longer than a frame may be
		out.event(946684802*record.Second, 3, 10)
		fmt.Fprint(&out.pending, "Event: Newexten\r\nTimestamp: 946684803.0")
		out.flush()
		<-heard // who hangs up before may take back what was said
		out.call.conn.Close()
	})
	s := newServer(t, amiSection(t, "pbx", l.Addr()))
	s.start()
	eventually(t, "two events stored, three rejected", func() bool {
		return s.committed("pbx") == 2 && s.metric("twin_records_rejected_total", "pbx") == 3
	})
	close(heard)
	eventually(t, "heard again", func() bool { return l.logins.Load() == 2 && s.feed("pbx").State == "live" })
	s.stop()
}
