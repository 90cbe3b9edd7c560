package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// doors is a network of pipes: what each door does is a function that may
// change while a test runs. Everything happens in one bubble.
type doors struct {
	*Dialer
	q     *Queue
	start time.Time

	mu     sync.Mutex
	closed map[string]error // why a door does not open
	log    []string         // which door was tried or served, and when
	far    []net.Conn
}

func newDoors(t *testing.T, prefer int, addresses ...string) *doors {
	t.Helper()
	dialer, err := DialOptions{Addresses: addresses, PreferFirst: prefer}.Dialer(quiet())
	if err != nil {
		t.Fatal(err)
	}
	k := Kind{Name: "test", Overruns: true, Format: "text"}
	var o Options
	if err := o.Fill(k); err != nil {
		t.Fatal(err)
	}
	d := &doors{Dialer: dialer, q: NewQueue(o, k, func() {}), start: time.Now(), closed: map[string]error{}}
	dialer.Dial = d.dialPipe
	return d
}

func (d *doors) dialPipe(_ context.Context, a Address) (net.Conn, error) {
	d.mu.Lock()
	err := d.closed[a.Host]
	d.mu.Unlock()
	if err != nil {
		d.note("try", a.Host)
		return nil, err
	}
	near, far := net.Pipe()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.far = append(d.far, far)
	return near, nil
}

// shut keeps a door from opening; nil lets it open.
func (d *doors) shut(host string, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed[host] = why
}

// hangUp ends the connection that was the nth to be made.
func (d *doors) hangUp(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.far[n].Close()
}

// used returns what was noted since it was last asked.
func (d *doors) used() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	log := d.log
	d.log = nil
	return log
}

func (d *doors) note(what, host string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, what+" "+host+" "+time.Since(d.start).Round(time.Second).String())
}

// hear is a serve that begins a session and reads until it breaks.
func (d *doors) hear(_ context.Context, door Door) error {
	d.note("serve", strings.TrimSuffix(strings.TrimPrefix(door.Address, "tcp://"), ":1"))
	d.q.Begin(Session{From: record.At(time.Now()), Away: door.Away}, door.Address)
	_, err := io.Copy(io.Discard, door)
	if err == nil {
		err = io.EOF
	}
	return err
}

// during runs the dialer while script does things to the doors.
func (d *doors) during(t *testing.T, serve func(context.Context, Door) error, script func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Run(ctx, d.q, serve) }()
	synctest.Wait()
	script()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run: %v", err)
	}
}

func (d *doors) want(t *testing.T, want ...string) {
	t.Helper()
	if got := d.used(); !slices.Equal(got, want) {
		t.Errorf("doors were used as %q, want %q", got, want)
	}
}

func (d *doors) marks() []Mark {
	b, _ := d.q.Take()
	return b.Marks
}

// pass lets that much time of the bubble go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestFirstDoorThatAnswersThenTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoors(t, 0, "tcp://a:1", "tcp://b:1", "tcp://c:1")
		d.shut("a", syscall.ECONNREFUSED)
		d.during(t, d.hear, func() {
			pass(20 * time.Second)
			d.hangUp(0)
			pass(20 * time.Second)
			d.hangUp(1)
			pass(time.Second)
		})
		d.want(t, "try a 0s", "serve b 0s", "serve c 20s", "try a 40s", "serve b 40s")
	})
}

func TestWaitsGrowWhileNoneAnswersAndStartSmallAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoors(t, 0, "tcp://a:1")
		d.shut("a", syscall.ECONNREFUSED)
		d.during(t, d.hear, func() {
			pass(5 * time.Minute)
			if log := d.used(); len(log) < 10 || len(log) > 20 {
				t.Errorf("tried %d times in five minutes: %q", len(log), log)
			}
			if h := d.q.Health(); h.State != Down || !strings.Contains(h.Err.Error(), "tcp://a:1: connection refused") {
				t.Errorf("health is %+v", h)
			}
			d.shut("a", nil)
			pass(time.Minute)
			d.shut("a", syscall.ECONNREFUSED)
			d.used()
			d.hangUp(0)
			pass(4 * time.Second)
			if log := d.used(); len(log) < 3 {
				t.Errorf("tried %d times in four seconds after a good session: %q", len(log), log)
			}
		})
	})
}

func TestDoorThatClosesAtOnceIsNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoors(t, 0, "tcp://a:1", "tcp://b:1")
		serve := func(context.Context, Door) error { d.note("serve", "x"); return io.EOF }
		d.during(t, serve, func() { pass(time.Minute) })
		if n := len(d.used()); n < 8 || n > 20 {
			t.Errorf("opened %d times in a minute", n)
		}
	})
}

func TestRefusedWaitsAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoors(t, 0, "tcp://a:1", "tcp://b:1")
		serve := func(context.Context, Door) error {
			d.note("serve", "x")
			return &Lost{Refused, errors.New("wrong password")}
		}
		d.during(t, serve, func() {
			pass(59 * time.Second)
			d.want(t, "serve x 0s")
			if h := d.q.Health(); h.State != Down || h.Err == nil || !strings.Contains(h.Err.Error(), "wrong password") {
				t.Errorf("health is %+v", h)
			}
			pass(17 * time.Second)
			if log := d.used(); len(log) != 1 {
				t.Errorf("after 76 s: %q", log)
			}
		})
	})
}

func TestAwayOnlyWhenItSaidSoAndEveryAttemptWasRefused(t *testing.T) {
	said := func(err error) error { return fmt.Errorf("%w: %w", ErrShutdown, err) }
	for name, c := range map[string]struct {
		down error
		lost error
		want bool
	}{
		"shut down, then refused":   {syscall.ECONNREFUSED, said(io.EOF), true},
		"closed without a word":     {syscall.ECONNREFUSED, io.EOF, false}, // as what stands before it does
		"reset, then refused":       {syscall.ECONNREFUSED, said(syscall.ECONNRESET), false},
		"closed, then out of reach": {syscall.EHOSTUNREACH, said(io.EOF), false},
		"mute, then refused":        {syscall.ECONNREFUSED, &Lost{Mute, errors.New("no answer")}, false},
		"half an event":             {syscall.ECONNREFUSED, said(io.ErrUnexpectedEOF), false},
		"answers at once":           {nil, said(io.EOF), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDoors(t, 0, "tcp://a:1", "tcp://b:1")
				serve := func(ctx context.Context, door Door) error {
					if err := d.hear(ctx, door); ctx.Err() != nil {
						return err
					}
					return c.lost
				}
				d.during(t, serve, func() {
					pass(time.Minute)
					if c.down != nil {
						d.shut("a", c.down)
						d.shut("b", c.down)
					}
					d.hangUp(0)
					pass(5 * time.Second)
					d.shut("a", nil)
					d.shut("b", nil)
					pass(time.Minute)
				})
				marks := d.marks()
				if len(marks) != 4 || marks[2].Begin == nil || marks[2].Begin.Away != c.want {
					t.Errorf("marks are %+v, want the second session with away %t", marks, c.want)
				}
			})
		})
	}
}

func TestGoesBackToAnEarlierDoorAfterGoodProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoors(t, 3, "tcp://a:1", "tcp://b:1")
		probes := 0 // Run makes them one after another
		d.Probe = func(net.Conn) error {
			if probes++; probes == 2 {
				return errors.New("not yet")
			}
			return nil
		}
		d.shut("a", syscall.ECONNREFUSED)
		d.during(t, d.hear, func() {
			pass(15 * time.Second)
			d.shut("a", nil)
			pass(time.Minute)
		})
		// Probes at 10 s (refused), 20 (good), 30 (bad), 40, 50, 60 (good).
		d.want(t, "try a 0s", "serve b 0s", "try a 10s", "serve a 1m0s")
		marks := d.marks()
		if len(marks) < 2 || marks[1].What != EndMark || marks[1].Reason != Reconnect {
			t.Errorf("marks are %+v, want the first session ended as reconnect", marks)
		}
	})
}

func TestStopsAtOnceAndEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoors(t, 0, "tcp://a:1")
		d.during(t, d.hear, func() { pass(time.Second) })
		if took := time.Since(d.start); took > 2*time.Second {
			t.Errorf("stopping took %s", took-time.Second)
		}
		marks := d.marks()
		if len(marks) != 2 || marks[1].Reason != Stopped {
			t.Errorf("marks are %+v", marks)
		}
	})
}

func TestClosesTheConnectionOfAServeThatWillNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoors(t, 0, "tcp://a:1")
		stubborn := func(_ context.Context, door Door) error {
			for {
				_ = door.SetDeadline(time.Time{})
				if _, err := door.Read(make([]byte, 1)); errors.Is(err, io.ErrClosedPipe) {
					return err
				}
			}
		}
		d.during(t, stubborn, func() { pass(time.Second) })
		if took := time.Since(d.start); took > 3*time.Second {
			t.Errorf("stopping took %s", took-time.Second)
		}
	})
}
