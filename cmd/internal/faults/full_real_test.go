//go:build real

package faults

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// TestRealDiskFull fills the disk while three kinds of feeds are collected, and
// empties it again.
func TestRealDiskFull(t *testing.T) {
	disk := tmpfs(t, "size=64m")
	full := ballast{t, disk}
	calls, file := newSpeaker(t), newWriter(t)
	pbx := newPBX(t, func(ctx context.Context, out *voice) {
		for n := 0; ctx.Err() == nil; n++ {
			if out.event(record.At(time.Now()), n, 1<<10) != nil || out.flush() != nil {
				return
			}
			pause(ctx, 2*time.Millisecond)
		}
	})
	s := newServerAt(t, filepath.Join(disk, "data"), calls.section("calls"), file.section("file"), newSpeaker(t).section("aside"),
		amiSection(t, "pbx", pbx.Addr())+"queue_limit = 262144\n")
	readers := map[string]*follower{"calls": s.follow("calls"), "file": s.follow("file"), "pbx": s.follow("pbx")}
	s.start()
	eventually(t, "collecting", func() bool {
		return s.committed("calls") > 0 && s.committed("file") > 0 && s.committed("pbx") > 0
	})
	eventually(t, "room is kept back", s.reserved)

	full.space()
	t.Logf("not ready after %s", eventually(t, "not ready", func() bool { return !s.ready() }).Round(time.Millisecond))
	eventually(t, "an alarm", func() bool { return s.alarm("no space left") != nil })
	if len(s.export("calls")) == 0 {
		t.Error("what is stored cannot be read")
	}
	ctl(t, "feed", "pause", "aside", "--config", s.config)
	eventually(t, "the request has an effect", func() bool { return s.feed("aside").State == "paused" })
	eventually(t, "the PBX is let go of", func() bool { return s.feed("pbx").State != "live" })

	full.drop()
	t.Logf("ready after %s", eventually(t, "ready again", s.ready).Round(time.Millisecond))
	n := s.committed("calls")
	eventually(t, "collecting on", func() bool { return s.committed("calls") > n && s.reserved() })
	eventually(t, "no alarm", func() bool { return s.alarm("no space left") == nil })
	eventually(t, "the PBX is heard again", func() bool { return s.feed("pbx").State == "live" })
	if !hasReason(s, "pbx", "disk_full") {
		t.Errorf("no gap says that the disk was full: %+v", s.gaps("pbx"))
	}
	if n := s.metric("twin_source_sessions_total", "calls"); n != 1 {
		t.Errorf("an upstream that can wait was let go of: %v sessions", n)
	}
	s.hasAll(calls, file)
	for name, r := range readers {
		mustHold(t, s.export(name), r.all())
	}
}

// hasAll stops the server and demands that it has all that was said, and once.
func (s *server) hasAll(calls *speaker, file *writer) {
	s.t.Helper()
	file.stop()
	said := calls.lines()
	eventually(s.t, "all is collected", func() bool {
		return s.feed("file").Records == int64(len(file.lines())) && s.feed("calls").Records >= int64(len(said))
	})
	s.stop()
	if diff := cmp.Diff(file.lines(), inOrder(s.export("file"))); diff != "" {
		s.t.Errorf("the file's lines (-) are not what is stored (+):\n%s", diff)
	}
	if diff := cmp.Diff(said, inOrder(s.export("calls"))[:len(said)]); diff != "" {
		s.t.Errorf("the lines said (-) are not what is stored (+):\n%s", diff)
	}
}

func (s *server) ready() bool {
	status, _ := s.page("/readyz")
	return status == 200
}

// reserved tells whether room is kept back for a full disk.
func (s *server) reserved() bool {
	info, err := os.Stat(filepath.Join(s.data, "reserve"))
	return err == nil && info.Size() == store.ReserveSize
}

func hasReason(s *server, feed, reason string) bool {
	for _, g := range s.gaps(feed) {
		if string(g.Reason) == reason {
			return true
		}
	}
	return false
}

// TestRealStopOnFullDisk ends a server while nothing can be stored. It ends in
// time and says that something was left out; a file is then read from there.
func TestRealStopOnFullDisk(t *testing.T) {
	disk := tmpfs(t, "size=64m")
	full := ballast{t, disk}
	calls, file := newSpeaker(t), newWriter(t)
	s := newServerAt(t, filepath.Join(disk, "data"), calls.section("calls"), file.section("file"))
	reader := s.follow("calls")
	s.start()
	eventually(t, "collecting", func() bool { return s.committed("calls") > 0 && s.committed("file") > 0 })
	full.space()
	eventually(t, "not ready", func() bool { return !s.ready() })
	s.signal(syscall.SIGTERM)
	status, took := s.wait()
	t.Logf("ended after %s with %d", took.Round(time.Millisecond), status)
	if status != 1 {
		t.Errorf("exit status %d, want 1: something was heard and not stored", status)
	}
	s.said("not stored")

	full.drop()
	s.start()
	file.stop()
	eventually(t, "all of the file is collected", func() bool { return s.feed("file").Records == int64(len(file.lines())) })
	s.stop()
	if n := s.feed("file").Duplicates; n != 0 {
		t.Errorf("%d lines were stored twice", n)
	}
	held := s.export("calls")
	mustHold(t, held, reader.all())
	mustExplain(t, calls.lines(), held, s.gaps("calls"))
}

// TestRealStartOnFullDisk starts a server where there is nothing left, of
// space or of inodes: either it runs and says so, or it ends and names the path.
func TestRealStartOnFullDisk(t *testing.T) {
	for _, c := range []struct {
		name   string
		fill   func(ballast)
		status int
	}{
		{"space", ballast.space, 4}, // whether there is a schema to change cannot be read: nothing was changed
		{"inodes", ballast.inodes, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := tmpfs(t, "size=64m,nr_inodes=64")
			s := newServerAt(t, filepath.Join(disk, "data"), newSpeaker(t).section("calls"))
			full := ballast{t, disk}
			c.fill(full)
			s.start()
			if status, _ := s.wait(); status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			if said := s.log.String(); !strings.Contains(said, s.data) {
				t.Errorf("the path is not named: %s", said)
			}
			t.Logf("it said: %s", s.log)
			full.drop()
			s.start()
			eventually(t, "collecting", func() bool { return s.committed("calls") > 0 })
			s.stop()
		})
	}
}

// TestRealNoInodes takes all inodes from a server that runs. It needs none.
func TestRealNoInodes(t *testing.T) {
	disk := tmpfs(t, "size=64m,nr_inodes=64")
	full := ballast{t, disk}
	calls, file := newSpeaker(t), newWriter(t)
	s := newServerAt(t, filepath.Join(disk, "data"), calls.section("calls"), file.section("file"))
	s.start()
	eventually(t, "collecting", func() bool { return s.committed("calls") > 0 && s.committed("file") > 0 })
	full.inodes()
	n := s.committed("calls")
	eventually(t, "collecting on", func() bool { return s.committed("calls") > n+4000 && s.ready() })
	full.drop()
	s.hasAll(calls, file)
}
