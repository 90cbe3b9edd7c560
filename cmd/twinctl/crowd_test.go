package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/tui/console"
)

// A house counts who is received.
type house struct {
	*console.Console

	people atomic.Int32
}

func (h *house) Receive(ctx context.Context, g link.Guest, s link.Stay) int {
	h.people.Add(1)
	defer h.people.Add(-1)
	return h.Console.Receive(ctx, g, s)
}

func (h *house) here() int { return int(h.people.Load()) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A rig is the embedded SSH server with a console behind it, and who may come.
type rig struct {
	console *house
	address string
	guest   *ssh.ClientConfig
	end     func() // ends the server, and waits until it has
}

// serving starts a server whose sessions run a script.
func serving(t *testing.T, script string, limits console.Limits) *rig {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	key := string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	c := &house{Console: console.New(console.Options{
		Known:   func(_ context.Context, _, line string) (bool, error) { return line == key, nil },
		Command: func(string) []string { return []string{"/bin/sh", "-c", script} },
		Limits:  func() console.Limits { return limits },
		Log:     slog.New(slog.DiscardHandler),
	})}
	file := filepath.Join(t.TempDir(), "host")
	line, err := link.EnsureHostKey(file)
	must(t, err)
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	must(t, err)
	server, err := link.NewServer(link.ServerOptions{
		HostKey: file, People: c, Limits: func() link.Limits { return link.Limits{Guests: limits.Sessions + 16} },
		Authorize: func(context.Context, string) (string, bool) { return "", false },
	})
	must(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, listener)
		close(ended)
	}()
	r := &rig{console: c, address: listener.Addr().String(), guest: &ssh.ClientConfig{
		User: "ops", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, Timeout: patience,
		HostKeyCallback: ssh.FixedHostKey(pinned),
	}}
	r.end = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("server: %v", err)
		}
	}
	t.Cleanup(r.end)
	return r
}

// comes logs in.
func (r *rig) comes(t *testing.T) *ssh.Client {
	t.Helper()
	conn, err := ssh.Dial("tcp", r.address, r.guest)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// asks begins a session of which nothing is read unless somebody does.
func asks(t *testing.T, conn *ssh.Client) (ssh.Channel, <-chan *ssh.Request) {
	t.Helper()
	ch, requests, err := conn.OpenChannel("session", nil)
	must(t, err)
	ok, err := ch.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{"x"}))
	must(t, err)
	if !ok {
		t.Fatal("no command is let in")
	}
	return ch, requests
}

// TestWhoNeverReadsIsPutOut fills all places by SSH with sessions whose window is
// never opened again, and then comes as somebody else.
func TestWhoNeverReadsIsPutOut(t *testing.T) {
	t.Parallel()
	r := serving(t, "yes", console.Limits{Sessions: 2, Idle: time.Hour, Longest: 2 * time.Second})
	mute := r.comes(t)
	for range 2 {
		asks(t, mute)
	}
	await.Until(t, "both are there", func() bool { return r.console.here() == 2 })
	await.Until(t, "both places are free", func() bool { return r.console.here() == 0 })
	ch, _ := asks(t, r.comes(t))
	word := make([]byte, 2)
	if _, err := io.ReadFull(ch, word); err != nil || string(word) != "y\n" {
		t.Errorf("another is told %q, %v", word, err)
	}
}
