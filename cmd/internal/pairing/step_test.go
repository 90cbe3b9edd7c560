package pairing

import (
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/node"
)

// A world is what the steps of one server change.
type world struct {
	self       node.Self
	have       *node.Pair
	pins       map[string]string
	authorized string
}

func (w *world) do(d Decision, s Step) {
	switch s.Action {
	case Pin:
		w.pins[s.Address] = s.Key
	case Unpin:
		delete(w.pins, s.Address)
	case Authorize:
		w.authorized = s.Key
	case Revoke:
		w.authorized = ""
	case Write:
		w.have, w.self.Epoch, w.self.EpochSeen = &d.Pair, d.Epoch, d.Seen
	case Forget:
		w.have = nil
	}
}

func (w *world) copy() *world {
	c := *w
	c.pins = maps.Clone(w.pins)
	return &c
}

// accept does what accepting a line does, but for a crash after so many steps.
func (w *world) accept(t *rapid.T, line Token, replace string, steps int) {
	d, err := Decide(w.self, w.have, line, replace)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range d.Steps(false) {
		if i == steps {
			return
		}
		w.do(d, s)
	}
}

func (w *world) remove(steps int) {
	if w.have == nil {
		return
	}
	for i, s := range RemoveSteps(*w.have) {
		if i == steps {
			return
		}
		w.do(Decision{}, s)
	}
}

func (w *world) whole(t *rapid.T) {
	t.Helper()
	switch {
	case w.have == nil && (len(w.pins) > 0 || w.authorized != ""):
		t.Fatalf("alone, with leftovers: %+v", w)
	case w.have != nil && (len(w.pins) != 1 || w.pins[w.have.Address] != w.have.HostKey || w.authorized != w.have.PublicKey):
		t.Fatalf("paired, and not so: %+v", w)
	}
}

// Whenever pairing is cut short, doing the same again ends as if it had not been.
func TestACrashIsRepairedByTheSameAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{self: primary(), pins: map[string]string{}}
		first := offer(secondary(), nil)
		w.accept(t, first, "", rapid.IntRange(0, 4).Draw(t, "steps"))
		w.accept(t, first, "", 9)
		w.whole(t)

		line, replace := first, ""
		if rapid.Bool().Draw(t, "another server") {
			line.Server, replace = serverC, "cms-b"
		}
		if rapid.Bool().Draw(t, "another address") {
			line.Address = "twin@elsewhere:22"
		}
		if rapid.Bool().Draw(t, "other keys") {
			line.PublicKey, line.HostKey = "ssh-ed25519 NEWPUB", "ssh-ed25519 NEWHOST"
		}
		straight := w.copy()
		straight.accept(t, line, replace, 9)
		for range rapid.IntRange(1, 3).Draw(t, "crashes") {
			w.accept(t, line, replace, rapid.IntRange(0, 5).Draw(t, "steps"))
			if w.have == nil {
				t.Fatal("the twin was forgotten")
			}
		}
		w.accept(t, line, replace, 9)
		w.whole(t)
		if w.self != straight.self || *w.have != *straight.have {
			t.Fatalf("%+v, want %+v", w, straight)
		}

		w.remove(rapid.IntRange(0, 3).Draw(t, "steps"))
		if w.have == nil && w.authorized != "" {
			t.Fatal("forgotten, and still let in")
		}
		w.remove(9)
		w.whole(t)
	})
}

func TestTheEmbeddedServerNeedsNoAuthorizedKeys(t *testing.T) {
	d, err := Decide(primary(), nil, offer(secondary(), nil), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range d.Steps(true) {
		if s.Action == Authorize {
			t.Error("it is let in twice")
		}
	}
}

func TestCommand(t *testing.T) {
	for want, c := range map[string][2]string{
		"/usr/bin/twinctl --config /etc/twin/twin.toml peer":    {"/usr/bin/twinctl", "/etc/twin/twin.toml"},
		"/usr/bin/twinctl --config '/srv/my twin/$a.toml' peer": {"/usr/bin/twinctl", "/srv/my twin/$a.toml"},
	} {
		if got, err := Command(c[0], c[1]); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	for _, bad := range []string{"a'b", `a"b`, `a\b`, "a\nb", "a\x7fb"} {
		if got, err := Command("twinctl", bad); err == nil || !strings.Contains(err.Error(), "cannot stand") {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}
