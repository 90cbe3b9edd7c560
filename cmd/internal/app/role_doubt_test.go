package app

import (
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/timetable/engine"
)

// paired gives a server a twin that it never heard of since.
func paired(t *testing.T, n *node.DB) {
	t.Helper()
	err := n.SetPair(t.Context(), func(self node.Self, _ *node.Pair) (node.Pairing, error) {
		return node.Pairing{
			Pair:  node.Pair{Pair: "P", Server: "S", Name: "cms-b", Address: "twin@b.example:22"},
			Epoch: self.Epoch, Seen: self.EpochSeen, Act: node.Act{Actor: "ann", Verb: "pair.accept"},
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A primary that starts and cannot ask its twin waits; everybody else runs.
func TestBootAlone(t *testing.T) {
	word := func(epoch int64) exchange.Standing {
		return exchange.Standing{State: exchange.OK, Word: &exchange.Word{Doc: node.Document{Epoch: epoch}}}
	}
	lost := exchange.Standing{State: exchange.Unreachable, Err: errors.New("nobody there")}
	for name, c := range map[string]struct {
		alone string // twin.boot_alone
		lone  bool   // without a twin
		twin  exchange.Standing
		asked int64 // the epoch that the twin told when it asked us; -1: it did not
		held  bool
		role  node.Role
	}{
		"cannot ask":            {twin: lost, asked: -1, held: true, role: node.Primary},
		"was not asked yet":     {asked: -1, held: true, role: node.Primary},
		"cannot ask for long":   {alone: "1us", twin: lost, asked: -1, role: node.Primary},
		"as long as it takes":   {alone: "hold", twin: lost, asked: -1, held: true, role: node.Primary},
		"at once":               {alone: "run", twin: lost, asked: -1, role: node.Primary},
		"a while":               {alone: "20m", twin: lost, asked: -1, held: true, role: node.Primary},
		"twin answers":          {alone: "hold", twin: word(1), asked: -1, role: node.Primary},
		"twin answers a higher": {alone: "hold", twin: word(4), asked: -1, held: true, role: node.Primary}, // until that is noted, which ends the role
		"twin asks":             {alone: "hold", twin: lost, asked: 1, role: node.Primary},
		"twin asks, a higher":   {alone: "hold", twin: lost, asked: 4, role: ""},
		"lone":                  {alone: "hold", lone: true, asked: -1, role: node.Primary},
	} {
		cfg := configured(t, oneFeed)
		if c.alone != "" {
			cfg.Twin.BootAlone = c.alone
		}
		s := initialized(t, cfg, io.Discard)
		k := s.timekeeper
		k.twin = func() exchange.Standing { return c.twin }
		k.doubt.twin, k.doubt.since = k.twin, time.Now()
		if !c.lone {
			paired(t, s.data.Node)
		}
		if c.asked >= 0 {
			text, err := json.Marshal(exchange.Word{Doc: node.Document{Epoch: c.asked}})
			if err == nil {
				_, err = s.data.Node.Seen(t.Context(), c.asked)
			}
			if err = errors.Join(err, s.data.Node.SetHeard(t.Context(), node.In, node.Heard{Doc: text})); err != nil {
				t.Fatal(err)
			}
		}
		h, err := k.here(t.Context())
		if err != nil || (h.Held != "") != c.held || h.Role != c.role || h.Epoch != 1 {
			t.Errorf("%s: %+v: %v", name, h, err)
		}
		if c.held || c.role == "" {
			continue
		}
		k.twin, k.doubt.twin = func() exchange.Standing { return lost }, func() exchange.Standing { return lost }
		k.doubt.since = time.Now()
		if h, err := k.here(t.Context()); err != nil || h.Held != "" {
			t.Errorf("%s: held again: %+v: %v", name, h, err)
		}
	}
}

// A server that was restored runs nothing that needs the role; its own alarm
// says so.
func TestHeldAfterARestore(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	if err := s.data.Node.Restore(t.Context(), node.Restored{Backup: "b", Actor: "ann"}, 0); err != nil {
		t.Fatal(err)
	}
	h, err := s.timekeeper.here(t.Context())
	if err != nil || h.Held == "" || h.Held == whyAlone {
		t.Errorf("%+v: %v", h, err)
	}
	var all concerns
	s.timekeeper.heldAlarm(&all, engine.State{Held: 1})
	if len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

func TestTwinStopped(t *testing.T) {
	self := node.Self{Role: node.Primary, Epoch: 5, EpochSeen: 5}
	word := func(role node.Role, epoch int64) *exchange.Word {
		return &exchange.Word{At: 100, Doc: node.Document{Role: role, Epoch: epoch}}
	}
	for name, c := range map[string]struct {
		before int64
		word   *exchange.Word
		want   int64
	}{
		"never heard":                {},
		"nothing new":                {before: 7, want: 7},
		"is secondary":               {word: word(node.Secondary, 3), want: 100},
		"was secondary before":       {before: 7, word: word(node.Secondary, 3), want: 7},
		"a primary that knows of us": {word: word(node.Primary, 5), want: 100},
		"a primary that does not":    {word: word(node.Primary, 4)},
		"primary once more":          {before: 7, word: word(node.Primary, 4)},
	} {
		if got := twinStopped(record.Instant(c.before), c.word, self); got != record.Instant(c.want) {
			t.Errorf("%s: since %d, want %d", name, got, c.want)
		}
	}
}

// What the engine refuses has its place in the table of exit statuses.
func TestRefusedRuns(t *testing.T) {
	for err, want := range map[error]cli.Code{
		engine.ErrNoTimetable: cli.Usage, engine.ErrNotHere: cli.Refused, engine.ErrMaintenance: cli.Refused, engine.ErrCannot: cli.Refused,
		engine.ErrOverlap: cli.Busy, engine.ErrNotRunning: cli.Refused, node.ErrRole: cli.Refused,
	} {
		if a := unable(refusedRun(err)); a.Exit != int(want) {
			t.Errorf("%v: exit %d, want %d", err, a.Exit, want)
		}
	}
}

// A primary that stood still is in doubt until its twin answers a question that
// was asked since, or a person says that it is primary.
func TestStoodStill(t *testing.T) {
	lost := exchange.Standing{State: exchange.Unreachable, Err: errors.New("nobody there")}
	says := func(asked time.Time) exchange.Standing {
		return exchange.Standing{State: exchange.OK, Asked: asked, Word: &exchange.Word{Doc: node.Document{Epoch: 1}}}
	}
	s := initialized(t, configured(t, oneFeed), io.Discard)
	paired(t, s.data.Node)
	d := s.timekeeper.doubt
	now, twin := time.Hour, says(time.Now())
	d.clock, d.twin = func() time.Duration { return now }, func() exchange.Standing { return twin }
	held := func(step string, passed time.Duration, want string) {
		t.Helper()
		now += passed
		h, err := s.timekeeper.here(t.Context())
		if err != nil || h.Held != want {
			t.Errorf("%s: %q, want %q: %v", step, h.Held, want, err)
		}
	}
	held("it was asked at the start", 0, "")
	held("a little late", stoodStill, "")
	held("it stood still", stoodStill+1, whyStood)
	held("that answer is an old one", time.Second, whyStood)
	text, err := json.Marshal(exchange.Word{Doc: node.Document{Epoch: 1}})
	if err == nil {
		err = s.data.Node.SetHeard(t.Context(), node.In, node.Heard{Doc: text})
	}
	if err != nil {
		t.Fatal(err)
	}
	held("and that question may be", time.Second, whyStood)
	twin = says(time.Now())
	held("it answers", time.Second, "")
	twin = lost
	held("it goes", time.Second, "")
	held("it stood still again", time.Minute, whyStood)
	if err := s.data.Node.ConfirmRole(t.Context(), 1, "ann"); err != nil {
		t.Fatal(err)
	}
	held("a person says so", time.Second, "")
	held("which counts no more", time.Minute, whyStood)
	if _, err := s.data.Node.TakeOver(t.Context(), node.Takeover{Seen: 2, Actor: "ann", Reason: "it is down"}); err != nil {
		t.Fatal(err)
	}
	held("it has taken the role since", time.Second, "")
}
