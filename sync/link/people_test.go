package link_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
)

// parlour knows ops by a key, and says what each session of hers is.
type parlour struct {
	line    string
	gone    atomic.Bool // her key is no longer hers
	fails   atomic.Bool // nobody can tell
	looks   atomic.Int32
	staying atomic.Int32
	mu      sync.Mutex
	asked   []link.Stay
}

func (p *parlour) Known(_ context.Context, login, line string) (bool, error) {
	p.looks.Add(1)
	if p.fails.Load() {
		return false, errors.New("the file is busy")
	}
	return login == "ops" && line == p.line && !p.gone.Load(), nil
}

func (p *parlour) Receive(ctx context.Context, g link.Guest, s link.Stay) int {
	p.staying.Add(1)
	defer p.staying.Add(-1)
	p.mu.Lock()
	p.asked = append(p.asked, s)
	p.mu.Unlock()
	fmt.Fprintf(s.Out, "%s asks %q", g.Login, s.Command)
	fmt.Fprint(s.Err, "because")
	for s.Command == "stay" {
		select {
		case <-ctx.Done():
			fmt.Fprintf(s.Out, ": %v", context.Cause(ctx))
			return 130
		case size := <-s.Sizes:
			fmt.Fprintf(s.Out, " now %d x %d", size.Columns, size.Rows)
		}
	}
	return 7
}

// receiving starts a server that lets in the twin and ops. The host it returns is
// the twin's way in; ops is ops's.
func receiving(t *testing.T, limits link.Limits) (twin, ops host, p *parlour, refused func() []string) {
	t.Helper()
	return receivingBy(t, func() link.Limits { return limits })
}

// receivingBy is as receiving, with limits that change.
func receivingBy(t *testing.T, limits func() link.Limits) (twin, ops host, p *parlour, refused func() []string) {
	t.Helper()
	var mu sync.Mutex
	var line string
	var all []string
	p = &parlour{}
	address, hostKey := listen(t, link.ServerOptions{
		Limits: limits, People: p,
		Authorize: func(_ context.Context, key string) (string, bool) { return "cms-a", key == line },
		Serve: func(ctx context.Context, who string, s link.Session, rw io.ReadWriter) error {
			return serveSession(ctx, s, rw)
		},
		Refused: func(_ context.Context, who, what string) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, who+": "+what)
		},
	})
	twin.hostKey, ops.hostKey = hostKey, hostKey
	twin.target, line = newKeys(t, "twin@"+address, hostKey)
	ops.target, p.line = newKeys(t, "ops@"+address, hostKey)
	return twin, ops, p, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

// ended reads a session to its end, and returns what it said and its exit status.
func (a asked) ended(t *testing.T) (said string, status uint32) {
	t.Helper()
	exit := make(chan uint32, 1)
	go func() {
		defer close(exit)
		for r := range a.requests {
			var s struct{ Status uint32 }
			if r.Type == "exit-status" && ssh.Unmarshal(r.Payload, &s) == nil {
				exit <- s.Status
			}
		}
	}()
	go func() { _, _ = io.Copy(io.Discard, a.Stderr()) }()
	text, err := io.ReadAll(a)
	must(t, err)
	return string(text), <-exit
}

func command(text string) []byte { return ssh.Marshal(struct{ Command string }{text}) }

func terminal(columns, rows uint32) []byte {
	return ssh.Marshal(struct {
		Name          string
		Columns, Rows uint32
		W, H          uint32
		Modes         string
	}{"xterm", columns, rows, 0, 0, "\x00"})
}

func TestPeople(t *testing.T) {
	twin, ops, p, refused := receiving(t, link.Limits{})
	conn := logged(t, ops)
	s := session(t, conn)
	if !granted(s, "exec", command("status --json")) {
		t.Fatal("no command is let in")
	}
	if said, status := s.ended(t); said != `ops asks "status --json"` || status != 7 {
		t.Errorf("said %q, exit %d", said, status)
	}

	// A terminal, of any size; what came last is what counts.
	s = session(t, conn)
	if !granted(s, "pty-req", terminal(0, 1<<32-1)) || granted(s, "pty-req", terminal(1, 1)) || !granted(s, "shell", nil) {
		t.Fatal("no terminal is let in, or two")
	}
	if said, _ := s.ended(t); said != `ops asks ""` {
		t.Errorf("said %q", said)
	}
	p.mu.Lock()
	if last := p.asked[len(p.asked)-1]; last.Term == nil || last.Term.Name != "xterm" || last.Term.Size != (link.Size{Rows: 1<<32 - 1}) {
		t.Errorf("the terminal is %+v", last.Term)
	}
	p.mu.Unlock()
	s = session(t, conn)
	if !granted(s, "pty-req", terminal(80, 24)) || !granted(s, "exec", command("stay")) || !granted(s, "window-change", make([]byte, 16)) {
		t.Fatal("no terminal is let in")
	}
	buf := make([]byte, len(`ops asks "stay" now 0 x 0`))
	_, err := io.ReadFull(s, buf)
	must(t, err)
	if string(buf) != `ops asks "stay" now 0 x 0` {
		t.Errorf("said %q", buf)
	}
	must(t, s.Close())
	await.Until(t, "a session that was closed ends", func() bool { return p.staying.Load() == 0 })

	// What the twin's key opens she cannot, nor the twin what is hers.
	s = session(t, conn)
	for _, no := range []link.Session{link.Control, link.Files} {
		if granted(s, "exec", command(string(no))) {
			t.Errorf("%q is let in", no)
		}
	}
	for request, payload := range map[string][]byte{
		"env": ssh.Marshal(struct{ Name, Value string }{"LD_PRELOAD", "/tmp/x.so"}), "subsystem": command("sftp"),
		"auth-agent-req@openssh.com": nil, "x11-req": nil, "signal": nil, "pty-req": nil, "window-change": {1}, "exec": {1},
	} {
		if granted(s, request, payload) {
			t.Errorf("%s is let in", request)
		}
	}
	for _, channel := range []string{"direct-tcpip", "x11", "auth-agent@openssh.com"} {
		if _, _, err := conn.OpenChannel(channel, nil); err == nil {
			t.Errorf("%s is opened", channel)
		}
	}
	if ok, _, err := conn.SendRequest("tcpip-forward", true, ssh.Marshal(struct {
		Host string
		Port uint32
	}{"0.0.0.0", 0})); ok || err != nil {
		t.Errorf("a port is forwarded: %v", err)
	}
	if all := strings.Join(refused(), "\n"); !strings.Contains(all, "ops: command twin ctl") || !strings.Contains(all, "ops: channel direct-tcpip") {
		t.Errorf("refused: %s", all)
	}
	theirs := session(t, logged(t, twin))
	if granted(theirs, "pty-req", terminal(80, 24)) || granted(theirs, "shell", nil) || granted(theirs, "exec", command("status")) {
		t.Error("the twin is let in as a person")
	}
}

// TestALongCommandIsRefused sends as much as SSH lets through.
func TestALongCommandIsRefused(t *testing.T) {
	_, ops, p, _ := receiving(t, link.Limits{})
	s := session(t, logged(t, ops))
	if granted(s, "exec", command(strings.Repeat("x", 200<<10))) {
		t.Error("200 KiB are let in")
	}
	s = session(t, logged(t, ops))
	if granted(s, "exec", command(strings.Repeat("x", 1<<20))) {
		t.Error("1 MiB is let in")
	}
	if len(p.asked) > 0 {
		t.Error("somebody was asked")
	}
}

func TestWhoIsNotKnownIsNotLetIn(t *testing.T) {
	twin, ops, p, _ := receiving(t, link.Limits{})
	eve := ops
	eve.target, _ = newKeys(t, ops.target.Address, ops.hostKey)
	for name, h := range map[string]host{
		"another key":   eve,
		"another login": {target: as(ops.target, "root"), hostKey: ops.hostKey},
	} {
		if _, err := link.Dial(t.Context(), h.target, link.Options{}); !errors.Is(err, link.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.fails.Store(true)
	if _, err := link.Dial(t.Context(), ops.target, link.Options{}); !errors.Is(err, link.ErrRefused) {
		t.Errorf("while nobody can tell: %v", err)
	}
	p.fails.Store(false)
	p.line = "" // the twin's key by a person's name is the twin
	c, err := link.Dial(t.Context(), as(twin.target, "ops"), link.Options{})
	must(t, err)
	must(t, c.Close())
}

func as(target link.Target, login string) link.Target {
	_, host, _ := strings.Cut(target.Address, "@")
	target.Address = login + "@" + host
	return target
}

// TestWhoIsNoLongerKnownIsSentAway holds that sessions end in order then, and that
// a file which cannot be read ends nothing.
func TestWhoIsNoLongerKnownIsSentAway(t *testing.T) {
	twin, ops, p, _ := receiving(t, link.Limits{Again: 20 * time.Millisecond})
	theirs := logged(t, twin)
	conn := logged(t, ops)
	s := session(t, conn)
	if !granted(s, "exec", command("stay")) {
		t.Fatal("no command is let in")
	}
	await.Until(t, "she stays", func() bool { return p.staying.Load() == 1 })
	p.fails.Store(true)
	before := p.looks.Load()
	await.Until(t, "it is looked again", func() bool { return p.looks.Load() > before+2 })
	p.fails.Store(false)
	if _, _, err := conn.SendRequest("x", true, nil); err != nil {
		t.Errorf("while nobody could tell: %v", err)
	}
	p.gone.Store(true)
	said, status := s.ended(t)
	if !strings.Contains(said, "not that login's any longer") || status != 130 {
		t.Errorf("said %q, exit %d", said, status)
	}
	_ = conn.Wait()
	if _, _, err := theirs.SendRequest("x", true, nil); err != nil {
		t.Errorf("the twin was sent away: %v", err)
	}
}

// TestPeopleTakeNoPlaceOfTheTwin opens a hundred sessions in many connections.
func TestPeopleTakeNoPlaceOfTheTwin(t *testing.T) {
	twin, ops, p, _ := receiving(t, link.Limits{Connections: 1, Guests: 3, Stays: 2})
	let := 0
	for range 3 {
		conn := logged(t, ops)
		for range 33 {
			ch, requests, err := conn.OpenChannel("session", nil)
			if err == nil && granted(asked{ch, requests}, "exec", command("stay")) {
				let++
			}
		}
	}
	if let != 6 || p.staying.Load() > 6 {
		t.Errorf("%d sessions were let in", let)
	}
	if _, err := link.Dial(t.Context(), ops.target, link.Options{}); err == nil {
		t.Error("a fourth connection stands")
	}
	c, err := link.Dial(t.Context(), twin.target, link.Options{})
	must(t, err)
	must(t, c.Close())
}

// TestWhoComesForNothingLeaves holds that a connection without a session ends, as
// does one whose session is over; and none that is served.
func TestWhoComesForNothingLeaves(t *testing.T) {
	_, ops, p, _ := receiving(t, link.Limits{Again: 10 * time.Millisecond, Unused: 100 * time.Millisecond})
	served := logged(t, ops)
	s := session(t, served)
	if !granted(s, "exec", command("stay")) {
		t.Fatal("no command is let in")
	}
	await.Until(t, "she stays", func() bool { return p.staying.Load() == 1 })
	over := logged(t, ops)
	if !granted(session(t, over), "exec", command("status")) {
		t.Fatal("no command is let in")
	}
	for _, conn := range []ssh.Conn{logged(t, ops), over} {
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_ = conn.Wait()
		}()
		await.Until(t, "it is ended", func() bool {
			select {
			case <-gone:
				return true
			default:
				return false
			}
		})
	}
	if _, _, err := served.SendRequest("x", true, nil); err != nil {
		t.Errorf("one that is served was ended: %v", err)
	}
}

// TestLimitsAsTheyAreNow raises how many guests there may be while one is there, and
// then shortens how long one may stay for nothing.
func TestLimitsAsTheyAreNow(t *testing.T) {
	var now atomic.Pointer[link.Limits]
	set := func(guests int, unused time.Duration) {
		now.Store(&link.Limits{Guests: guests, Unused: unused, Again: 10 * time.Millisecond})
	}
	set(1, time.Hour)
	_, ops, _, _ := receivingBy(t, func() link.Limits { return *now.Load() })
	first := logged(t, ops)
	if _, err := link.Dial(t.Context(), ops.target, link.Options{}); err == nil {
		t.Error("a second connection stands")
	}
	set(2, time.Hour)
	second := logged(t, ops)
	if _, _, err := second.OpenChannel("session", nil); err != nil {
		t.Errorf("a second connection is not served: %v", err)
	}
	set(2, time.Millisecond)
	for _, conn := range []ssh.Conn{first, second} {
		await.Until(t, "it is ended", func() bool {
			_, _, err := conn.SendRequest("x", true, nil)
			return err != nil
		})
	}
}
