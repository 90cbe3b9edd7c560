package link_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
)

// limited starts a server with limits, which notes what it refuses.
func limited(t *testing.T, limits link.Limits) (h host, refused func() []string) {
	t.Helper()
	var mu sync.Mutex
	var line string
	var all []string
	address, hostKey := listen(t, link.ServerOptions{
		Limits:    func() link.Limits { return limits },
		Authorize: func(_ context.Context, key string) (string, bool) { return "cms-a", key == line },
		Serve: func(ctx context.Context, who string, s link.Session, rw io.ReadWriter) error {
			if who != "cms-a" {
				return errors.New("whose key was it?")
			}
			return serveSession(ctx, s, rw)
		},
		Refused: func(_ context.Context, who, what string) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, who+": "+what)
		},
	})
	h.hostKey = hostKey
	h.target, line = newKeys(t, "twin@"+address, hostKey)
	return h, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

// logged logs in to a host with the twin's key and the library alone.
func logged(t *testing.T, h host) ssh.Conn {
	t.Helper()
	data, err := os.ReadFile(h.target.Identity)
	must(t, err)
	signer, err := ssh.ParsePrivateKey(data)
	must(t, err)
	conn, err := raw(t, h, ssh.PublicKeys(signer))
	must(t, err)
	return conn
}

func TestStrangersAreBounded(t *testing.T) {
	h, _ := limited(t, link.Limits{Login: 3 * time.Second})
	a, err := link.ParseAddress(h.target.Address)
	must(t, err)
	var mutes []net.Conn
	for range 4 {
		conn, err := net.Dial("tcp", a.Dial())
		must(t, err)
		defer conn.Close()
		one := make([]byte, 1)
		_, err = io.ReadFull(conn, one) // its version: it has a place
		must(t, err)
		mutes = append(mutes, conn)
	}
	began := time.Now()
	wantDial(t, h.target, link.ErrLost, "hung up")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the fifth was let go after %s", took)
	}
	for _, conn := range mutes { // they are let go too, in their time
		must(t, conn.SetReadDeadline(time.Now().Add(await.Most)))
		if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, net.ErrClosed) {
			if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
				t.Error("a mute connection was kept")
			}
		}
	}
	await.Until(t, "there is room again", func() bool {
		c, err := link.Dial(t.Context(), h.target, link.Options{})
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

func TestBytesBeforeLoginAreBounded(t *testing.T) {
	h, _ := limited(t, link.Limits{})
	a, err := link.ParseAddress(h.target.Address)
	must(t, err)
	conn, err := net.Dial("tcp", a.Dial())
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(9*time.Second))) // it is hung up after 10 s anyway
	go io.Copy(io.Discard, conn)
	sent := 0
	for err == nil && sent < 64<<20 {
		var n int
		n, err = io.WriteString(conn, "SSH-2.0-x\r\n")
		sent += n
	}
	if slow, ok := errors.AsType[net.Error](err); err == nil || ok && slow.Timeout() {
		t.Errorf("%d bytes went in: %v", sent, err)
	}
}

func TestConnectionsAndSessionsAreBounded(t *testing.T) {
	h, refused := limited(t, link.Limits{Connections: 2, Sessions: 3})
	first, second := logged(t, h), logged(t, h)
	for _, conn := range []ssh.Conn{first, second} { // once they are answered they are counted
		_, _, err := conn.SendRequest("x", true, nil)
		must(t, err)
	}
	if _, err := link.Dial(t.Context(), h.target, link.Options{}); !errors.Is(err, link.ErrLost) && !errors.Is(err, link.ErrRefused) {
		t.Errorf("a third connection: %v", err)
	}
	must(t, second.Close())
	for range 3 {
		session(t, first)
	}
	_, _, err := first.OpenChannel("session", nil)
	if no, ok := errors.AsType[*ssh.OpenChannelError](err); !ok || no.Reason != ssh.ResourceShortage {
		t.Errorf("a fourth session: %v", err)
	}
	if len(refused()) > 0 {
		t.Errorf("refused: %q", refused())
	}
	await.Until(t, "the place of the second is free", func() bool {
		c, err := link.Dial(t.Context(), h.target, link.Options{})
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

func TestWhatIsRefusedIsTold(t *testing.T) {
	h, refused := limited(t, link.Limits{})
	conn := logged(t, h)
	ch := session(t, conn)
	if granted(ch, "exec", ssh.Marshal(struct{ Command string }{"rm -rf \x1b[31m/"})) {
		t.Error("it was let in")
	}
	_, _, err := conn.OpenChannel("direct-tcpip", nil)
	if err == nil {
		t.Error("a port is forwarded")
	}
	want := []string{`cms-a: command rm -rf \x1b[31m/`, `cms-a: channel direct-tcpip`}
	if got := refused(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// Whoever asks for what nobody may fills neither the log nor the audit, however
// many connections it takes for that; what went unsaid is counted.
func TestWhatIsToldOfRefusalsIsBounded(t *testing.T) {
	h, refused := limited(t, link.Limits{Told: 3, TellEvery: time.Second})
	began := time.Now()
	for range 5 {
		conn := logged(t, h)
		for range 4 {
			must(t, prohibited(conn, "x"))
		}
		must(t, conn.Close())
	}
	told := func() (single, more int) {
		for _, what := range refused() {
			n := 0
			switch _, err := fmt.Sscanf(what, ": and %d more", &n); {
			case err == nil:
				more += n
			default:
				single++
			}
		}
		return single, more
	}
	await.Until(t, "all are told or counted", func() bool {
		single, more := told()
		return single+more == 20
	})
	single, _ := told()
	if most := 3 * (2 + int(time.Since(began)/time.Second)); single > most {
		t.Errorf("%d were told one by one, want at most %d", single, most)
	}
}

// Strangers fill no log.
func TestStrangersFillNoLog(t *testing.T) {
	var lines atomic.Int64
	log := slog.New(slog.NewTextHandler(counter{&lines}, nil))
	address, _ := listen(t, link.ServerOptions{
		Limits: func() link.Limits { return link.Limits{Told: 3, TellEvery: time.Hour} }, Log: log,
		Authorize: func(context.Context, string) (string, bool) { return "", false },
	})
	a, err := link.ParseAddress("x@" + address)
	must(t, err)
	for range 20 {
		conn, err := net.Dial("tcp", a.Dial())
		must(t, err)
		_, err = io.WriteString(conn, "hello\r\n\r\n\r\n")
		must(t, err)
		must(t, conn.(*net.TCPConn).CloseWrite())
		_, _ = io.Copy(io.Discard, conn)
		must(t, conn.Close())
	}
	await.Until(t, "three lines are in the log", func() bool { return lines.Load() == 3 })
}

// A counter counts what is written to it.
type counter struct{ writes *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return len(p), nil
}

func TestOneCommandForEachSession(t *testing.T) {
	h, _ := limited(t, link.Limits{})
	ch := session(t, logged(t, h))
	command := ssh.Marshal(struct{ Command string }{string(link.Control)})
	if !granted(ch, "exec", command) {
		t.Fatal("not let in")
	}
	if granted(ch, "exec", command) {
		t.Error("let in twice")
	}
}

// TestAFloodEndsTheConnection lets a logged-in client ask without end.
func TestAFloodEndsTheConnection(t *testing.T) {
	h, _ := limited(t, link.Limits{})
	for name, ask := range map[string]func(ssh.Conn) error{
		"requests": func(c ssh.Conn) error {
			_, _, err := c.SendRequest("x", false, nil)
			return err
		},
		"channels": func(c ssh.Conn) error { return prohibited(c, "x") },
	} {
		conn := logged(t, h)
		n := 0
		for ask(conn) == nil {
			n++
		}
		if n < 200 {
			t.Errorf("%s: ended after %d", name, n)
		}
	}
	must(t, dial(t, h.target, link.Options{}).Close())
}

// TestADeadClientIsLetGo holds that a client whose network is gone does not
// keep its place.
func TestADeadClientIsLetGo(t *testing.T) {
	h, _ := limited(t, link.Limits{Connections: 1, Keepalive: 50 * time.Millisecond})
	login, _, err := converse(t.Context(), h.target, link.Options{})
	must(t, err)
	await.Until(t, "the first is gone", func() bool {
		// Another network for each try: one that came too early used some of it up.
		c, err := link.Dial(t.Context(), newProxy(t, h, login+200, true), link.Options{})
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
		}
		return err == nil
	})
	await.Until(t, "there is room for another", func() bool {
		c, err := link.Dial(t.Context(), h.target, link.Options{})
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

func TestHostKeyOfAServer(t *testing.T) {
	if _, err := link.NewServer(link.ServerOptions{HostKey: t.TempDir() + "/none"}); !errors.Is(err, link.ErrIdentity) {
		t.Errorf("no host key: %v", err)
	}
}

// TestTheEndOfAServer holds that Run ends all that it started.
func TestTheEndOfAServer(t *testing.T) {
	dir := t.TempDir()
	_, err := link.EnsureHostKey(dir + "/host")
	must(t, err)
	served := make(chan struct{})
	server, err := link.NewServer(link.ServerOptions{
		HostKey:   dir + "/host",
		Authorize: func(context.Context, string) (string, bool) { return "cms-a", true },
		Serve: func(ctx context.Context, _ string, s link.Session, rw io.ReadWriter) error {
			defer close(served)
			return serveSession(ctx, s, rw)
		},
	})
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, listener) }()
	hostKey, err := link.ReadPublicKey(dir + "/host")
	must(t, err)
	target, _ := newKeys(t, "twin@"+listener.Addr().String(), hostKey)
	c := dial(t, target, link.Options{})
	go c.Call(context.Background(), "hang", nil, nil)
	cancel()
	must(t, <-ended)
	<-served
	if err := c.Wait(); !errors.Is(err, link.ErrLost) {
		t.Errorf("the client's end: %v", err)
	}
}
