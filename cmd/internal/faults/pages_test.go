package faults

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// TestPages asks for each page of a server that is well.
func TestPages(t *testing.T) {
	t.Parallel()
	s := newServer(t, newSpeaker(t).section("calls"))
	s.start()
	eventually(t, "ready", func() bool { status, _ := s.page("/readyz"); return status == 200 })
	for _, want := range []struct {
		path, body string
		status     int
	}{
		{"/healthz", "ok", 200},
		{"/readyz", "ok", 200},
		{"/primary", "ok", 200},
		{"/secondary", "this server is primary", 503},
		{"/status", `"name":"cms-a"`, 200},
		{"/metrics", "twin_records_committed_total", 200},
		{"/metrics", "twin_commit_seconds_bucket", 200},
		{"/metrics", "twin_ingestion_paused 0", 200},
		{"/metrics", "twin_disk_free_bytes", 200},
		{"/metrics", "process_resident_memory_bytes", 200},
		{"/", "", 404},
	} {
		status, body := s.page(want.path)
		if status != want.status || !strings.Contains(body, want.body) {
			t.Errorf("%s: %d %q, want %d and %q", want.path, status, body, want.status, want.body)
		}
	}
	_, body := s.page("/status")
	doc := decode[node.Document](t, []byte(body))
	if !doc.Running || doc.PID != s.proc.Process.Pid || len(doc.Feeds) != 1 || doc.Feeds[0].Name != "calls" {
		t.Errorf("/status: %s", body)
	}
	s.stop()
	if status, _ := s.page("/healthz"); status != 0 {
		t.Errorf("it answers %d after it has ended", status)
	}
}

// TestNotify listens in place of systemd.
func TestNotify(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	s := newServer(t)
	s.env = []string{"NOTIFY_SOCKET=" + socket}
	hear := func(want string) {
		t.Helper()
		systemd.SetReadDeadline(time.Now().Add(patience))
		buf := make([]byte, 4096)
		for {
			n, err := systemd.Read(buf)
			if err != nil {
				t.Fatalf("%s was not said: %v", want, err)
			}
			if string(buf[:n]) == want {
				return
			}
		}
	}
	s.start()
	hear("READY=1")
	hear("WATCHDOG=1")
	s.signal(syscall.SIGTERM)
	hear("STOPPING=1")
	if status, _ := s.wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
