//go:build real

package faults

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures/daemon"
)

// follows is within what time clients are to be at the new primary.

// A balancer is HAProxy, as scripts/haproxy configures it, in front of twins.
type balancer struct {
	t          *testing.T
	ssh, pages string // where clients connect
}

func newBalancer(t *testing.T, w *twins) *balancer {
	t.Helper()
	b := &balancer{t, ownAddress(), ownAddress()}
	text, err := os.ReadFile("../../../scripts/haproxy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	config := string(text)
	for was, is := range map[string]string{
		"cms-a.example:22":   w.a.ssh,
		"cms-b.example:22":   w.b.ssh,
		"cms-a.example:7080": w.a.pages,
		"cms-b.example:7080": w.b.pages,
		"bind :2022":         "bind " + b.ssh,
		"bind :7081":         "bind " + b.pages,
	} {
		if strings.Count(config, was) != 1 {
			t.Fatalf("scripts/haproxy/haproxy.cfg has %q %d times", was, strings.Count(config, was))
		}
		config = strings.Replace(config, was, is, 1)
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon.Start(t, exec.Command("haproxy", "-db", "-f", file))
	return b
}

// reaches returns the name of the server that a client gets to, "" for none.
func (b *balancer) reaches() string {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + b.pages + "/status")
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	return decode[node.Document](b.t, text).Name
}

// login connects as ssh does, once that gets to a server, and returns what is
// closed when that connection is.
func (b *balancer) login() <-chan struct{} {
	b.t.Helper()
	var conn net.Conn
	eventually(b.t, "ssh is greeted", func() (ok bool) {
		conn, ok = b.greeted()
		return ok
	})
	b.t.Cleanup(func() { conn.Close() })
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, conn)
	}()
	return closed
}

// greeted connects, and tells whether somebody is there.
func (b *balancer) greeted() (net.Conn, bool) {
	conn, err := net.Dial("tcp", b.ssh)
	if err != nil {
		return nil, false
	}
	hello := make([]byte, len("SSH-2.0"))
	if _, err := io.ReadFull(conn, hello); err != nil || string(hello) != "SSH-2.0" {
		conn.Close()
		return nil, false
	}
	return conn, true
}

// store opens node.db of a server, beside its twind.
func (s *server) store() *node.DB {
	s.t.Helper()
	n, err := node.Open(s.t.Context(), filepath.Join(s.data, node.File), store.Use)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { n.Close() })
	return n
}

// TestRealHaproxyFollows moves the role between two servers, and then takes it
// over from one that was killed: clients of HAProxy get to the new primary, and
// who was connected to the old one, or to one that is frozen, is so no longer.
func TestRealHaproxyFollows(t *testing.T) {
	w := newTwins(t)
	for _, s := range []*server{w.a, w.b} {
		host, _, err := net.SplitHostPort(s.ssh)
		if err != nil {
			t.Fatal(err)
		}
		s.pages = host + ":7080"
		s.configure()
	}
	w.start()
	b := newBalancer(t, w)
	eventually(t, "a client gets to the primary", func() bool { return b.reaches() == "cms-a" })

	nodes := [2]*node.DB{w.a.store(), w.b.store()}
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	person := b.login()
	ctx := context.WithoutCancel(t.Context())
	do("drain", nodes[0].Drain(ctx, "R", time.Minute))
	token, err := nodes[0].Demote(ctx, node.Demotion{Runbook: "R", Epoch: 1, Actor: "ann", At: record.At(time.Now())})
	do("demote", err)
	gone := eventually(t, "no client gets to the old primary", func() bool { return b.reaches() == "" })
	_, err = nodes[1].Promote(ctx, token, "ann")
	do("promote", err)
	took := eventually(t, "clients are at the new primary", func() bool { return b.reaches() == "cms-b" })
	t.Logf("clients left the old primary after %s, and were at the new one after %s", gone, took)
	left := func(what string) {
		t.Helper()
		select {
		case <-person:
		case <-time.After(patience):
			t.Error(what)
		}
	}
	left("who was connected to the old primary still is")

	w.b.kill()
	eventually(t, "no client gets to a dead primary", func() bool { return b.reaches() == "" })
	_, err = nodes[0].TakeOver(ctx, node.Takeover{Seen: 2, Actor: "ann", Reason: "it was killed"})
	do("take over", err)
	took = eventually(t, "clients are at the new primary", func() bool { return b.reaches() == "cms-a" })
	t.Logf("clients were at the one that took over after %s", took)

	// One that says nothing any more is left too, and is there again.
	person = b.login()
	w.a.signal(syscall.SIGSTOP)
	left("who was connected to a primary that is frozen still is")
	w.a.signal(syscall.SIGCONT)
	eventually(t, "clients are at it again", func() bool { return b.reaches() == "cms-a" })
	w.a.stop()
}
