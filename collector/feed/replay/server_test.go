package replay

import (
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

// seconds returns offsets for a recording.
func seconds(s ...float64) []time.Duration {
	var all []time.Duration
	for _, v := range s {
		all = append(all, time.Duration(v*float64(time.Second)))
	}
	return all
}

// clockOf asks for the upstream's time.
func clockOf(t *testing.T, e *ear) record.Instant {
	t.Helper()
	at, err := parseSeconds([]byte(value([]byte(e.ask(t, "Action: Ping")), "Timestamp")))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestPace(t *testing.T) {
	for _, speed := range []float64{1, 10} {
		t.Run(fmt.Sprint(speed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := Options{Kind: AMI, Speed: speed, Doors: []Door{{File: recording(t, seconds(0, 2, 1.9, 30)...)}}}
				e := logIn(t, perform(t, o)[0])
				pass(time.Minute)
				var got []time.Duration
				for _, s := range events(e.heard()) {
					got = append(got, s.after)
				}
				scale := time.Duration(speed)
				want := []time.Duration{0, 2 * time.Second / scale, 2 * time.Second / scale, 30 * time.Second / scale}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if got, want := clockOf(t, e), day.Add(time.Minute*scale); got != want {
					t.Errorf("after the end the clock is %s, want %s", got, want)
				}
			})
		})
	}
}

// Until all are there nothing is said, and the upstream's clock stands.
func TestStartWaitsForClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := recording(t, seconds(0, 1)...)
		o := Options{Kind: AMI, Clients: 3, Doors: []Door{{File: name}, {File: name}}}
		doors := perform(t, o)
		first := logIn(t, doors[0])
		for range 3 { // one client that comes and goes is one client
			logIn(t, doors[0]).conn.Close()
			synctest.Wait()
		}
		logIn(t, doors[1])
		connect(doors[1], crlf+crlf) // does not log in
		pass(time.Hour)
		if got := clockOf(t, first); got != day {
			t.Errorf("before the start the clock is %s, want %s", got, day)
		}
		if got := names(first.heard()); len(got) > 0 {
			t.Fatalf("heard before the start: %v", got)
		}
		last := logIn(t, doors[1])
		pass(time.Second)
		for _, e := range []*ear{first, last} {
			if diff := cmp.Diff([]string{"0", "1"}, names(e.heard())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	})
}

// Who comes late or returns hears what is said from then on.
func TestLateAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{Kind: AMI, Doors: []Door{{File: recording(t, seconds(0, 1, 2, 3, 4)...)}}}
		door := perform(t, o)[0]
		stays := logIn(t, door)
		pass(1500 * time.Millisecond)
		late := logIn(t, door)
		pass(time.Second)
		late.conn.Close()
		pass(time.Second) // 3 is said to the other alone
		back := logIn(t, door)
		pass(time.Minute)
		for _, test := range []struct {
			e    *ear
			want []string
		}{{stays, []string{"0", "1", "2", "3", "4"}}, {late, []string{"2"}}, {back, []string{"4"}}} {
			if diff := cmp.Diff(test.want, names(test.e.heard())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		if late := logIn(t, door); len(names(late.heard())) > 0 || late.isGone() {
			t.Error("after the end a newcomer hears something or is thrown out")
		}
	})
}

// An answer to Ping comes after everything that it claims was said.
func TestPingProves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{Kind: AMI, Doors: []Door{{File: recording(t, seconds(0, 1, 2)...)}}}
		e := logIn(t, perform(t, o)[0])
		<-time.After(time.Second) // no synctest.Wait: both are due now
		got := e.ask(t, "Action: Ping")
		if want := fmt.Sprintf("Timestamp: %d.000000", (day+record.Second)/record.Second); !strings.Contains(got, want) {
			t.Errorf("%q, want %s", got, want)
		}
		if diff := cmp.Diff([]string{"0", "1"}, names(e.heard())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestMaxSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := fixtures+"varied-a.ami.gz", fixtures+"varied-b.ami.gz"
		o := Options{Kind: AMI, Speed: math.Inf(1), Doors: []Door{{File: a}, {File: b}}}
		doors := perform(t, o)
		one, other := logIn(t, doors[0]), logIn(t, doors[1])
		begin := clockOf(t, one)
		pass(time.Second)
		heard := map[string]int{}
		for n, e := range []*ear{one, other} {
			for _, s := range events(e.heard()) {
				heard[s.text] += 1 - 2*n
			}
		}
		for text, n := range heard {
			if n != 0 {
				t.Fatalf("only one client heard %q", text)
			}
		}
		if len(heard) != 5290 {
			t.Errorf("%d events heard, want 5290", len(heard))
		}
		first, end := record.Instant(1795226032_609557), record.Instant(1795226574_397449)
		if begin != first {
			t.Errorf("the first answer shows %s, want the first event's %s", begin, first)
		}
		if got := clockOf(t, one); got != end.Add(time.Second) {
			t.Errorf("a second after the end the clock is %s, want %s", got, end.Add(time.Second))
		}
		pass(time.Minute)
		if got := clockOf(t, logIn(t, doors[1])); got < end.Add(time.Minute) {
			t.Errorf("for a newcomer the clock is %s, want it to have run on", got)
		}
	})
}

// At full speed, too, nothing is said twice to a client that returns, and its
// clock claims nothing of what it missed.
func TestMaxSpeedLateAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var offsets []time.Duration
		for i := range 20_000 {
			offsets = append(offsets, time.Duration(i/3)*time.Millisecond)
		}
		o := Options{Kind: AMI, Speed: math.Inf(1), Doors: []Door{{File: recording(t, offsets...)}}}
		door := perform(t, o)[0]
		mine, theirs := net.Pipe()
		door.conns <- theirs
		write(t, mine, "Action: Login\r\n\r\nAction: Ping\r\n\r\n")
		before := readUntil(t, mine, "N: 5000")
		mine.Close()
		synctest.Wait()
		back := logIn(t, door)
		from := clockOf(t, back)
		pass(time.Second)
		after := names(back.heard())
		if len(after) == 0 || len(after) > 15_000 {
			t.Fatalf("%d events heard after the return, want the rest", len(after))
		}
		if strings.Contains(before, "N: "+after[0]+crlf) {
			t.Errorf("%s is said twice", after[0])
		}
		var n int
		if _, err := fmt.Sscan(after[0], &n); err != nil {
			t.Fatal(err)
		}
		if missed := day.Add(offsets[n-1]); missed >= from {
			t.Errorf("the clock began at %s, though of that time something was missed (%s)", from, missed)
		}
	})
}

// A client that does not read holds nobody back, and is dropped in the end.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := fixtures + "varied-a.ami.gz"
		o := Options{Kind: AMI, Speed: math.Inf(1), Doors: []Door{{File: name}, {File: name}}}
		doors := perform(t, o)
		mine, theirs := net.Pipe()
		doors[0].conns <- theirs
		write(t, mine, "Action: Login\r\n\r\n")
		readUntil(t, mine, "Authentication accepted")
		e := logIn(t, doors[1])
		pass(time.Second)
		if got := len(events(e.heard())); got != 5290 {
			t.Errorf("beside a slow one %d events heard, want 5290", got)
		}
		pass(writeTimeout)
		if err := tryWrite(mine, "Action: Ping\r\n\r\n"); err == nil {
			t.Error("the one that does not read is still there")
		}
		if got := clockOf(t, e); got == 0 {
			t.Error("the other is not")
		}
	})
}

func TestShiftToNow(t *testing.T) {
	for _, speed := range []float64{1, 20, math.Inf(1)} {
		t.Run(fmt.Sprint(speed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				name := recording(t, seconds(0, 2, 1.9, 30)...)
				o := Options{Kind: AMI, ShiftToNow: true, Speed: speed, Clients: 2, Doors: []Door{{File: name}, {File: name}}}
				doors := perform(t, o)
				one := logIn(t, doors[0])
				pass(time.Hour)
				if got, want := clockOf(t, one), record.At(time.Now()); got != want {
					t.Errorf("before the start the clock is %s, want the real %s", got, want)
				}
				start := time.Now()
				other := logIn(t, doors[1])
				pass(time.Minute)
				told := events(one.heard())
				for i, s := range told {
					at, err := parseSeconds([]byte(value([]byte(s.text), "Timestamp")))
					if err != nil {
						t.Fatal(err)
					}
					happened := at.Sub(record.At(start))
					if want := shifted(speed)[i]; happened != want {
						t.Errorf("event %d happened after %s, want %s", i, happened, want)
					}
					if heard := s.after - time.Hour; heard < happened {
						t.Errorf("event %d was said after %s, before it happened at %s", i, heard, happened)
					}
				}
				if diff := cmp.Diff(texts(told), texts(events(other.heard()))); diff != "" || len(told) != 4 {
					t.Errorf("%d events; the doors differ (-one +other):\n%s", len(told), diff)
				}
			})
		})
	}
}

// shifted returns when the four events of TestShiftToNow happen.
func shifted(speed float64) []time.Duration {
	if math.IsInf(speed, 1) {
		return []time.Duration{0, 2000, 1000, 3000}
	}
	scale := time.Duration(speed)
	return []time.Duration{0, 2 * time.Second / scale, 1900 * time.Millisecond / scale, 30 * time.Second / scale}
}

func texts(told []said) []string {
	var all []string
	for _, s := range told {
		all = append(all, s.text)
	}
	return all
}

// The upstream's start, as clients work it out from Uptime, never changes.
func TestIncarnation(t *testing.T) {
	for _, o := range []Options{{}, {Speed: 10}, {Speed: 125}, {Speed: math.Inf(1)}, {ShiftToNow: true}} {
		t.Run(fmt.Sprintf("speed %g shift %t", o.Speed, o.ShiftToNow), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o.Kind, o.Clients, o.SystemName = AMI, 2, "pbx-1"
				o.Doors = []Door{{File: recording(t, seconds(0, 100)...)}}
				door := perform(t, o)[0]
				var since []record.Instant
				for range 4 {
					e := connect(door, crlf+crlf)
					e.ask(t, "Action: Login")
					text := []byte(e.heard()[1].text)
					var up record.Instant
					if _, err := fmt.Sscan(value(text, "Uptime"), &up); err != nil {
						t.Fatalf("%s: %v", text, err)
					}
					if o.Speed == 125 { // to be slow would make another start of it
						pass(300 * time.Millisecond)
					}
					if value(text, "SystemName") != "pbx-1" {
						t.Errorf("no system name in %s", text)
					}
					since = append(since, (clockOf(t, e)-up*record.Second)/record.Second)
					pass(7 * time.Second)
				}
				for _, s := range since {
					if s != since[0] {
						t.Fatalf("the upstream was started at %v", since)
					}
				}
			})
		})
	}
}
