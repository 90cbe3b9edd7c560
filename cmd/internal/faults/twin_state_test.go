package faults

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/sync/link"
)

// A trouble is what becomes of one server's twin, and what that server says of it.
type trouble struct {
	name   string
	hurt   func(*twins)
	mend   func(*twins)
	states []string // one of these
	alarm  string   // its code
}

// TestTwinTrouble hurts the second of many pairs, each in another way. The
// first says what is the matter, an alarm says it too, and collecting goes on as
// if nothing were.
func TestTwinTrouble(t *testing.T) {
	t.Parallel()
	calls := newHall(t)
	troubles := []trouble{
		{
			"killed", func(w *twins) { w.b.kill() }, func(w *twins) { w.b.start() },
			[]string{"unreachable"},
			"twin_unreachable",
		},
		{
			"frozen", func(w *twins) { w.b.signal(syscall.SIGSTOP) }, func(w *twins) { w.b.signal(syscall.SIGCONT) },
			[]string{"frozen", "mute"},
			"twin_frozen",
		},
		{
			"frozen behind the network", func(w *twins) { w.toB.become(mute) }, func(w *twins) { w.toB.become(free) },
			[]string{"frozen", "mute"},
			"twin_frozen",
		},
		{
			"mute", func(w *twins) { w.b.kill(); dumb(w) }, func(w *twins) { w.toB.become(free); w.b.start() },
			[]string{"mute"},
			"twin_mute",
		},
		{
			"wrong key", otherKey, func(w *twins) { w.a.restore("id_ed25519"); w.a.rehear(w.toB) },
			[]string{"refused"},
			"twin_refused",
		},
		{
			"changed host key", otherHost, func(w *twins) { w.b.stop(); w.b.restore("ssh_host_ed25519"); w.b.start() },
			[]string{"refused"},
			"twin_refused",
		},
		{
			"one way", func(w *twins) { w.toA.become(cut) }, func(w *twins) { w.toA.become(free) },
			[]string{"ok"},
			"link_one_way",
		},
	}
	pairs := make([]*twins, len(troubles))
	for i := range troubles {
		pairs[i] = newTwins(t, calls.section("calls"))
		pairs[i].a.start()
		pairs[i].b.start()
	}
	for _, w := range pairs {
		w.well()
	}
	calls.rate.Store(40)
	begun := time.Now()
	for i, bad := range troubles {
		bad.hurt(pairs[i])
	}
	told := map[int]bool{}
	eventually(t, "all is told", func() bool {
		for i, bad := range troubles {
			if !told[i] && bad.told(pairs[i]) {
				told[i] = true
				t.Logf("%s: told after %s", bad.name, time.Since(begun).Round(100*time.Millisecond))
			}
		}
		return len(told) == len(troubles)
	})
	for i, bad := range troubles {
		w := pairs[i]
		eventually(t, bad.name+": an alarm", func() bool { return w.a.alarmed(bad.alarm) })
		n := w.a.committed("calls")
		eventually(t, bad.name+": collecting", func() bool { return w.a.committed("calls") > n })
		w.a.undisturbed("calls")
		if gaps := w.a.gaps("calls"); len(gaps) != 0 {
			t.Errorf("%s: the other server has gaps: %+v", bad.name, gaps)
		}
		bad.mend(w)
	}
	for i, w := range pairs {
		eventually(t, troubles[i].name+": all is well", w.b.well)
		w.well()
		eventually(t, troubles[i].name+": no alarm", func() bool { return !w.a.alarmed(troubles[i].alarm) })
	}
	calls.rate.Store(0)
	for _, w := range pairs {
		w.hasAll("calls", calls.lines())
	}
}

// told tells whether the status says what is the matter. Where one way alone is
// closed, the second server sees it first.
func (bad *trouble) told(w *twins) bool {
	if bad.alarm == "link_one_way" {
		return w.b.seen().Twin.State == "unreachable" && w.a.seen().Twin.State == "ok"
	}
	return slices.Contains(bad.states, w.a.seen().Twin.State)
}

// alarmed tells whether there is an alarm of such a code, the twin's name in it.
func (s *server) alarmed(code string) bool {
	s.t.Helper()
	for _, a := range s.seen().Alarms {
		if a.Code == code && strings.Contains(a.Text, "cms-b") {
			return true
		}
	}
	return false
}

// dumb has something listen in the second server's place that never says a word.
func dumb(w *twins) { w.toB.become(cut); w.toB.become(mute) }

// otherKey gives the first server another key than the one that was accepted.
func otherKey(w *twins) { w.a.replaceKey("id_ed25519"); w.a.rehear(w.toB) }

// otherHost has the second server show another host key.
func otherHost(w *twins) {
	w.b.stop()
	w.b.replaceKey("ssh_host_ed25519")
	w.b.start()
}

// rehear makes a server dial its twin anew.
func (s *server) rehear(way *road) { way.become(cut); way.become(free) }

// replaceKey puts another key in the place of one, which is kept aside.
func (s *server) replaceKey(name string) {
	s.t.Helper()
	path := filepath.Join(s.data, name)
	if err := os.Rename(path, path+".was"); err != nil {
		s.t.Fatal(err)
	}
	if _, err := link.EnsureIdentity(path); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) restore(name string) {
	s.t.Helper()
	path := filepath.Join(s.data, name)
	if err := os.Rename(path+".was", path); err != nil {
		s.t.Fatal(err)
	}
}

// TestTwinHostKey demands that a host key that changed is an error of its own,
// which names both keys, and that so are the others.
func TestTwinHostKey(t *testing.T) {
	t.Parallel()
	w := newTwins(t, newHall(t).section("calls"))
	w.b.start()
	w.b.web()
	path := filepath.Join(w.b.data, "ssh_host_ed25519")
	was := fingerprint(t, path)
	otherHost(w)
	w.b.web()
	for _, verb := range [][]string{{"pair", "check"}, {"compare"}} {
		out, exit, said := tryCtl(t, append(verb, "--config", w.a.config)...)
		if text := string(out) + said; exit != 6 || !strings.Contains(text, was) || !strings.Contains(text, fingerprint(t, path)) {
			t.Errorf("%v: exit status %d, want 6 and both keys: %s", verb, exit, text)
		}
	}
	w.b.stop()
	w.b.restore("ssh_host_ed25519")
	w.b.start()
	w.b.web()
	otherKey(w)
	if _, exit, said := tryCtl(t, "compare", "--config", w.a.config); exit != 5 || !strings.Contains(said, "refused") {
		t.Errorf("a key that was not accepted: exit status %d, want 5: %s", exit, said)
	}
	w.b.stop()
	if _, exit, said := tryCtl(t, "compare", "--config", w.a.config); exit != 5 || strings.Contains(said, "refused") {
		t.Errorf("nobody there: exit status %d, want 5: %s", exit, said)
	}
}

func fingerprint(t *testing.T, path string) string {
	t.Helper()
	line, err := link.ReadPublicKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return link.Fingerprint(line)
}
