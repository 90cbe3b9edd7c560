package ami

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

func TestHearsEventsAndLeavesOutWhatAnswersOneClient(t *testing.T) {
	for _, auth := range []string{"md5", "plain"} {
		t.Run(auth, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				early := event("QueueCallerJoin", "Queue: sales")
				p.onLogin = early
				h := newHearing(t, p, func(o *Options, _ *feed.Options) { o.Auth = auth })
				late := ""
				h.during(t, func() {
					pass(time.Second)
					late = event("Cdr", "Destination: 1001")
					p.say(late + event("OriginateResponse", "ActionID: somebody-7") + "Response: Success\r\n\r\n")
					pass(time.Second)
				})
				want := []string{strings.TrimSuffix(early, "\r\n\r\n"), strings.TrimSuffix(late, "\r\n\r\n")}
				if d := cmp.Diff(want, h.raw()); d != "" {
					t.Error(d)
				}
				if h.Rejected != 0 {
					t.Errorf("rejected %d: %+v", h.Rejected, h.Quarantine)
				}
				if asked := p.asked(); asked[len(asked)-1] != "Logoff" {
					t.Errorf("asked for %q, want Logoff at last", asked)
				}
			})
		})
	}
}

func TestAnswersToPingProveCoverage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, nil)
		start := time.Now()
		h.during(t, func() {
			pass(16 * time.Second)
			if s := h.q.Health(); s.State != feed.Live || s.Err != nil {
				t.Errorf("health is %+v", s)
			}
			h.gather()
			begins := h.mark(feed.BeginMark)
			if len(begins) != 1 || begins[0].From != record.At(start) {
				t.Errorf("begins are %+v, want one at %s", begins, record.At(start))
			}
			proofs := h.mark(feed.ProofMark)
			if len(proofs) == 0 || proofs[len(proofs)-1].Until != record.At(start.Add(10*time.Second)) {
				t.Errorf("proofs are %+v: the answer at 15 s proves up to the one at 10 s", proofs)
			}
		})
		if ends := h.mark(feed.EndMark); len(ends) != 1 || ends[0].Reason != feed.Stopped {
			t.Errorf("ends are %+v", ends)
		}
	})
}

func TestMuteUpstreamIsNoticedWithinTenSeconds(t *testing.T) {
	for name, drip := range map[string]string{"silent": "", "events but no answers": "event", "a byte now and then": "x"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				h := newHearing(t, p, nil)
				h.during(t, func() {
					pass(5001 * time.Millisecond) // right behind an answer: the worst moment
					p.freeze(true)
					for range 20 {
						pass(time.Second / 2)
						switch drip {
						case "event":
							p.say(event("Cdr"))
						case "x":
							p.say("x")
						}
					}
				})
				if ends := h.mark(feed.EndMark); len(ends) != 1 || ends[0].Reason != feed.Mute {
					t.Errorf("ends are %+v", ends)
				}
			})
		})
	}
}

func TestRefusalIsSaidAndNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		p.secret = "another"
		h := newHearing(t, p, nil)
		h.during(t, func() {
			pass(50 * time.Second)
			s := h.q.Health()
			if s.State != feed.Down || s.Err == nil || !strings.Contains(s.Err.Error(), "Authentication failed") || !strings.Contains(s.Err.Error(), "secret_file") {
				t.Errorf("health is %+v", s)
			}
		})
		if want := []string{"Challenge", "Login"}; !slices.Equal(p.asked(), want) {
			t.Errorf("asked for %q, want %q", p.asked(), want)
		}
	})
}

func TestSecretIsReadAtEachLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		file := secretFile(t, "outdated")
		h := newHearing(t, p, func(o *Options, _ *feed.Options) { o.SecretFile = file })
		p.secret = "new"
		h.during(t, func() {
			pass(time.Second)
			replace(t, file, "new")
			pass(80 * time.Second)
			if s := h.q.Health(); s.State != feed.Live {
				t.Errorf("health is %+v", s)
			}
		})
	})
}

func TestEventsWithoutTimestamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, nil)
		h.during(t, func() {
			p.say("Event: Cdr\r\nPrivilege: cdr,all\r\n\r\n")
			synctest.Wait()
			s := h.q.Health()
			if s.State != feed.Live || s.Err == nil || !strings.Contains(s.Err.Error(), "timestampevents = yes") || !strings.Contains(s.Err.Error(), "[general]") {
				t.Errorf("health is %+v", s)
			}
			p.say(event("Cdr"))
			synctest.Wait()
			if s := h.q.Health(); s.State != feed.Live || s.Err != nil {
				t.Errorf("health after a good event is %+v", s)
			}
		})
		if h.Rejected != 1 || len(h.Records) != 1 {
			t.Errorf("%d rejected, %d records", h.Rejected, len(h.Records))
		}
	})
}

func TestGarbageIsRejectedAndReadingGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, func(_ *Options, o *feed.Options) { o.FrameLimit = 1024 })
		h.during(t, func() {
			p.say("\x00\xff garbage\r\n\r\n" + event("One"))
			p.say("Event: Long\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n" + event("Two"))
			p.say("Event: Bad\r\nTimestamp: yesterday\r\n\r\n" + event("Three"))
			p.say("Event: Old\r\nTimestamp: 5.0\r\n\r\n" + event("Four"))
			p.say("Event: Half\r\nTimestamp: " + stamp(time.Now()) + "\r\nQueue: sa")
			p.hangUp()
			pass(time.Minute)
		})
		var names []string
		for _, r := range h.Records {
			names = append(names, string(parse(r.Raw).event))
		}
		if d := cmp.Diff([]string{"One", "Two", "Three", "Four"}, names); d != "" {
			t.Error(d)
		}
		if h.Rejected != 4 {
			t.Errorf("%d rejected: %+v", h.Rejected, h.Quarantine)
		}
		for _, q := range h.Quarantine {
			if len(q.Head) > 256 || q.Text == "" {
				t.Errorf("quarantine holds %+v", q)
			}
		}
	})
}

func TestFullQueueEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, func(_ *Options, o *feed.Options) { o.FrameLimit, o.QueueLimit = 256, 4096 })
		h.during(t, func() {
			for range 100 {
				p.say(event("Cdr"))
			}
			pass(time.Minute)
			if n := p.loggedIn(); n != 1 {
				t.Errorf("%d logins although the queue is full", n)
			}
			h.gather()
			pass(time.Second)
			if n := p.loggedIn(); n != 2 {
				t.Errorf("%d logins after there was room", n)
			}
		})
		if ends := h.mark(feed.EndMark); len(ends) != 2 || ends[0].Reason != feed.Overrun {
			t.Errorf("ends are %+v", ends)
		}
	})
}

func TestLoginsToOneAsteriskHaveOneIncarnation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		p.start = time.Now().Add(-time.Hour - 950*time.Millisecond)
		h := newHearing(t, p, nil)
		h.during(t, func() {
			pass(20*time.Second + 100*time.Millisecond)
			p.hangUp()
			pass(20 * time.Second)
			p.mu.Lock()
			p.start = time.Now()
			p.mu.Unlock()
			p.hangUp()
			pass(20 * time.Second)
			p.mu.Lock()
			p.booted = false
			p.mu.Unlock()
			p.hangUp()
			pass(20 * time.Second)
		})
		b := h.mark(feed.BeginMark)
		if len(b) != 4 {
			t.Fatalf("begins are %+v", b)
		}
		one, two, restarted, unknown := b[0].Begin, b[1].Begin, b[2].Begin, b[3].Begin
		if one.Incarnation == "" || one.Incarnation != two.Incarnation || one.UpSince != two.UpSince {
			t.Errorf("one Asterisk is %+v and %+v", one, two)
		}
		if restarted.Incarnation == two.Incarnation || restarted.UpSince <= two.UpSince {
			t.Errorf("a restart is %+v behind %+v", restarted, two)
		}
		if unknown.Incarnation != "" || unknown.UpSince != 0 {
			t.Errorf("without FullyBooted: %+v", unknown)
		}
	})
}

func TestClocks(t *testing.T) {
	for name, c := range map[string]struct {
		ahead time.Duration
		shows string
		state feed.State
		says  string
	}{
		"alike":              {300 * time.Millisecond, "", feed.Live, ""},
		"a little different": {-90 * time.Second, "", feed.Live, "NTP"},
		"cannot be true":     {2 * time.Hour, "", feed.Down, "set it right"},
		"never set":          {-11 * 365 * 24 * time.Hour, "", feed.Down, "set it right"},
		"in the year 2350":   {0, "12000000000.000000", feed.Down, "set it right"}, // further ahead than a Duration holds
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				p.ahead, p.shows = c.ahead, c.shows
				h := newHearing(t, p, nil)
				h.during(t, func() {
					pass(6 * time.Second)
					s := h.q.Health()
					if (s.Err == nil) != (c.says == "") || s.Err != nil && !strings.Contains(s.Err.Error(), c.says) {
						t.Errorf("health is %+v", s)
					}
					if c.state == feed.Live && s.State != c.state {
						t.Errorf("state is %s", s.State)
					}
				})
				if began := len(h.mark(feed.BeginMark)) > 0; began != (c.state == feed.Live) {
					t.Errorf("marks are %+v", h.Marks)
				}
			})
		})
	}
}

func TestAnotherSystemNameIsAWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, nil)
		h.during(t, func() {
			p.say(event("Cdr", "SystemName: pbx-1"))
			synctest.Wait()
			if s := h.q.Health(); s.Err != nil {
				t.Errorf("health is %+v", s)
			}
			p.hangUp()
			pass(5 * time.Second)
			p.say(event("Cdr", "SystemName: pbx-2"))
			synctest.Wait()
			if s := h.q.Health(); s.State != feed.Live || s.Err == nil || !strings.Contains(s.Err.Error(), "pbx-2") {
				t.Errorf("health is %+v", s)
			}
		})
	})
}

func TestShutdownIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, nil)
		h.during(t, func() {
			p.say(event("Shutdown", "Shutdown: Cleanly"))
			p.mu.Lock()
			p.banner = ""
			p.mu.Unlock()
			p.hangUp()
			synctest.Wait()
			if s := h.q.Health(); s.Err == nil || !strings.Contains(s.Err.Error(), "shut down") {
				t.Errorf("health is %+v", s)
			}
		})
		if ends := h.mark(feed.EndMark); len(ends) != 1 || ends[0].Reason != feed.Unreachable {
			t.Errorf("ends are %+v", ends)
		}
	})
}

func TestSnapshotOfTheQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, nil)
		start := time.Now()
		h.during(t, func() { pass(time.Second) })
		got := h.Snapshot
		if got == nil || len(got.Answers) != 2 || header(got.Answers[1], "Name") != "Ben" || got.At != record.At(start) || got.Cut {
			t.Errorf("snapshot is %+v", got)
		}
		if len(h.Records) != 0 {
			t.Errorf("it became records: %q", h.raw())
		}
	})
}

func TestSnapshotIsBounded(t *testing.T) {
	var l listing
	block := []byte("Event: QueueMember\r\n" + strings.Repeat("x", 10_000))
	for range 1000 {
		l.add(block, parse(block), 1)
	}
	if !l.got.Cut || len(l.got.Answers)*len(block) > snapshotLimit || l.got.At != 1 {
		t.Errorf("%d answers, cut %t, at %s", len(l.got.Answers), l.got.Cut, l.got.At)
	}
}

func TestOptionsNameTheKey(t *testing.T) {
	secret := secretFile(t, "s")
	for key, spoil := range map[string]func(*Options){
		"addresses":   func(o *Options) { o.Addresses = nil },
		"username":    func(o *Options) { o.Username = "" },
		"events":      func(o *Options) { o.Events = "agent\r\nAction: Logoff" },
		"auth":        func(o *Options) { o.Auth = "sha1" },
		"secret_file": func(o *Options) { o.SecretFile = t.TempDir() },
	} {
		own := Kind().Options().(*Options)
		own.Addresses, own.Username, own.SecretFile = []string{"tcp://127.0.0.1:1"}, "twin", secret
		spoil(own)
		_, err := Kind().Open(feed.Config{Own: own})
		if blamed, ok := errors.AsType[*feed.KeyError](err); !ok || blamed.Key != key {
			t.Errorf("%s: error %v", key, err)
		}
	}
}
