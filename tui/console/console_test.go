package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
)

// A client is the other side of a session.
type client struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *client) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *client) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

func generous() Limits { return Limits{Sessions: 2, Idle: time.Hour, Longest: time.Hour} }

// running returns a console whose sessions run a script.
func running(script string, limits Limits) *Console {
	return New(Options{
		Command: func(login string) []string { return []string{"/bin/sh", "-c", script, login} },
		Limits:  func() Limits { return limits },
		Log:     slog.New(slog.DiscardHandler),
	})
}

var ops = link.Guest{
	Login: "ops", Key: "SHA256:x",
	From: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 40000}, At: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 7022},
}

// here is how many sessions go on.
func (c *Console) here() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stays
}

// visit begins a session. typed is what is typed; it ends as the guest leaves.
type visit struct {
	out, err client
	typed    *io.PipeWriter
	sizes    chan link.Size
	status   chan int
}

func visiting(ctx context.Context, t *testing.T, c *Console, stay link.Stay) *visit {
	t.Helper()
	v := &visit{sizes: make(chan link.Size, 1), status: make(chan int, 1)}
	var in *io.PipeReader
	in, v.typed = io.Pipe()
	t.Cleanup(func() { _ = v.typed.Close() })
	stay.In, stay.Out, stay.Err, stay.Sizes = in, &v.out, &v.err, v.sizes
	go func() { v.status <- c.Receive(ctx, ops, stay) }()
	return v
}

func (v *visit) ended(t *testing.T, status int) {
	t.Helper()
	select {
	case got := <-v.status:
		if got != status {
			t.Errorf("exit %d, want %d: %s%s", got, status, v.out.said(), v.err.said())
		}
	case <-time.After(await.Most):
		t.Fatalf("it goes on: %s", v.out.said())
	}
}

// TestAVerb holds that a session without a terminal is what a process is.
func TestAVerb(t *testing.T) {
	t.Setenv("SECRET", "of twind")
	c := running(`read -r line; echo "$0 $line"; echo "$SSH_ORIGINAL_COMMAND|$SSH_CONNECTION|$TERM|$SECRET" >&2; exit 4`, generous())
	v := visiting(t.Context(), t, c, link.Stay{Command: "feed pause 'a b'\x00"})
	await.Until(t, "it is there", func() bool { return c.here() == 1 })
	_, _ = io.WriteString(v.typed, "typed\n")
	v.ended(t, 4)
	if v.out.said() != "ops typed\n" || v.err.said() != "feed pause 'a b' |192.0.2.1 40000 192.0.2.2 7022||\n" {
		t.Errorf("said %q and %q", v.out.said(), v.err.said())
	}
	if c.here() > 0 {
		t.Error("it is there still")
	}
}

// TestATerminal types on one, and changes its size.
func TestATerminal(t *testing.T) {
	c := running(`stty -echo; stty size; echo "$TERM"; trap 'stty size; exit 3' WINCH; while :; do read -r line && echo "got $line"; done`, generous())
	v := visiting(t.Context(), t, c, link.Stay{Term: &link.Term{Name: "xterm-256color", Size: link.Size{Columns: 120, Rows: 40}}})
	await.Until(t, "it is drawn on", func() bool { return strings.Contains(v.out.said(), "40 120\r\nxterm-256color\r\n") })
	_, _ = io.WriteString(v.typed, "a\n")
	await.Until(t, "it is typed on", func() bool { return strings.Contains(v.out.said(), "got a") })
	v.sizes <- link.Size{Columns: 1<<32 - 1, Rows: 1<<32 - 1}
	v.ended(t, 3)
	if !strings.Contains(v.out.said(), "400 1000\r\n") {
		t.Errorf("said %q", v.out.said())
	}
}

// TestWhoLeavesLeavesNothing hangs up on programs that would go on.
func TestWhoLeavesLeavesNothing(t *testing.T) {
	for name, term := range map[string]*link.Term{"terminal": {}, "none": nil} {
		t.Run(name, func(t *testing.T) {
			ctx, leave := context.WithCancelCause(t.Context())
			c := running(`trap "" HUP TERM; sleep 600 & echo "pid $! pid"; wait; wait; sleep 600`, generous())
			v := visiting(ctx, t, c, link.Stay{Term: term})
			await.Until(t, "it runs", func() bool { return strings.Count(v.out.said(), "pid") == 2 })
			leave(errors.New("he had to go"))
			v.ended(t, ended)
			if all := v.out.said() + v.err.said(); !strings.Contains(all, "twind: he had to go") {
				t.Errorf("said %q", all)
			}
			pid := 0
			for _, digit := range strings.Split(v.out.said(), " ")[1] {
				pid = pid*10 + int(digit-'0')
			}
			await.Until(t, "nothing runs", func() bool { return !runs(pid) })
		})
	}
}

// runs tells whether a process runs: one that nobody has waited for does not.
func runs(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limits Limits
		want   string
	}{
		"idle":    {Limits{Sessions: 1, Idle: time.Millisecond, Longest: time.Hour}, "nothing came for 1ms"},
		"longest": {Limits{Sessions: 1, Idle: time.Hour, Longest: time.Millisecond}, "lasts 1ms at most"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := visiting(t.Context(), t, running("sleep 600", c.limits), link.Stay{Term: &link.Term{}})
			v.ended(t, ended)
			if !strings.Contains(v.out.said(), c.want) {
				t.Errorf("said %q", v.out.said())
			}
		})
	}
	t.Run("while it goes on", func(t *testing.T) {
		t.Parallel()
		var now atomic.Pointer[Limits]
		now.Store(new(generous()))
		c := running("sleep 600", generous())
		c.options.Limits = func() Limits { return *now.Load() }
		v := visiting(t.Context(), t, c, link.Stay{Term: &link.Term{}})
		await.Until(t, "it goes on", func() bool { return c.here() == 1 })
		now.Store(&Limits{Sessions: 1, Idle: time.Hour, Longest: time.Millisecond})
		v.ended(t, ended)
		if !strings.Contains(v.out.said(), "lasts 1ms at most") {
			t.Errorf("said %q", v.out.said())
		}
	})
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		ctx, leave := context.WithCancel(t.Context())
		c := running("sleep 600", generous())
		first, second := visiting(ctx, t, c, link.Stay{}), visiting(ctx, t, c, link.Stay{})
		await.Until(t, "both are there", func() bool { return c.here() == 2 })
		third := visiting(ctx, t, c, link.Stay{})
		third.ended(t, busy)
		if !strings.Contains(third.err.said(), "too many") {
			t.Errorf("said %q", third.err.said())
		}
		leave()
		first.ended(t, ended)
		second.ended(t, ended)
	})
}

// mute is a client that takes nothing of what is written to it.
type mute struct{ left <-chan struct{} }

func (m mute) Write([]byte) (int, error) {
	<-m.left
	return 0, io.ErrClosedPipe
}

// TestWhoTakesNothingKeepsNoPlace holds that a limit ends a session, and what is
// said of it, though nothing can be written any more; and that a full house is told
// within bounds.
func TestWhoTakesNothingKeepsNoPlace(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		term   *link.Term
		limits Limits
		status int
	}{
		"pipes":          {"while :; do echo aaaaaaaa; done", nil, Limits{Sessions: 1, Idle: time.Hour, Longest: time.Millisecond}, ended},
		"pipes, idle":    {"while :; do echo aaaaaaaa; done", nil, Limits{Sessions: 1, Idle: time.Millisecond, Longest: time.Hour}, ended},
		"pipes, at once": {"echo a", nil, Limits{Sessions: 1, Idle: time.Hour, Longest: time.Millisecond}, ended},
		"terminal":       {"while :; do echo aaaaaaaa; done", &link.Term{}, Limits{Sessions: 1, Idle: time.Hour, Longest: time.Millisecond}, ended},
		"nobody gets in": {"echo a", nil, Limits{Idle: time.Hour, Longest: time.Hour}, busy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left := make(chan struct{})
			in, typed := io.Pipe()
			defer typed.Close()
			defer close(left)
			v := visit{status: make(chan int, 1)}
			stay := link.Stay{Command: "x", Term: c.term, In: in, Out: mute{left}, Err: mute{left}, Sizes: make(chan link.Size, 1)}
			house := running(c.script, c.limits)
			go func() { v.status <- house.Receive(t.Context(), ops, stay) }()
			v.ended(t, c.status)
			if n := house.here(); n != 0 {
				t.Errorf("%d places are taken", n)
			}
		})
	}
}

// TestNoProgram holds that a session which cannot be says so.
func TestNoProgram(t *testing.T) {
	c := New(Options{
		Command: func(string) []string { return []string{"/nowhere/twinctl"} },
		Limits:  generous, Log: slog.New(slog.DiscardHandler),
	})
	for _, term := range []*link.Term{nil, {}} {
		v := visiting(t.Context(), t, c, link.Stay{Term: term})
		v.ended(t, failed)
		if all := v.out.said() + v.err.said(); !strings.Contains(all, "cannot be served") {
			t.Errorf("said %q", all)
		}
	}
}

func TestWhatAClientSaysOfItsTerminal(t *testing.T) {
	for name, want := range map[string]string{
		"xterm-256color": "xterm-256color", "": "xterm", "../../etc/passwd": "xterm", "a b": "xterm", "a\nLD_PRELOAD=x": "xterm",
		strings.Repeat("x", 41): "xterm", "dumb": "dumb",
	} {
		if got := termName(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
	for size, want := range map[link.Size][2]uint16{
		{}:                            {80, 24},
		{Columns: 0, Rows: 50}:        {80, 24},
		{Columns: 1, Rows: 1}:         {1, 1},
		{Columns: 65536, Rows: 65536}: {1000, 400},
	} {
		if got := sane(size); got.Col != want[0] || got.Row != want[1] {
			t.Errorf("%v: %d x %d", size, got.Col, got.Row)
		}
	}
	s := stay{guest: ops, Stay: link.Stay{Command: "x", Term: &link.Term{Name: "vt100"}}}
	env := s.environment(func(name string) (string, bool) { return "of twind", name == "PATH" })
	if want := []string{"SSH_ORIGINAL_COMMAND=x", "PATH=of twind", "GOMAXPROCS=2", "GOMEMLIMIT=100MiB", "TERM=vt100", "SSH_CONNECTION=192.0.2.1 40000 192.0.2.2 7022"}; !slices.Equal(env, want) {
		t.Errorf("environment %q", env)
	}
}
