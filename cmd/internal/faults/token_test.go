package faults

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/sync/link"
)

// TestTokensThatAreNone has the role moved over and back, and then shows the
// secondary, over the link and as its twin, that token once more and others that
// nobody gave away: each is refused with status 6, and nobody's role changes.
func TestTokensThatAreNone(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	for _, to := range []*server{g.b, g.a} {
		eventually(t, "the role goes to "+to.name, func() bool {
			_, exit, _ := tryCtl(t, "switchover", "--to", to.name, "--yes", "--config", g.a.config)
			return exit == 0
		})
	}
	books, err := g.nodes[g.a].Runbooks(t.Context(), 2)
	if err != nil || len(books) != 2 {
		t.Fatalf("%+v, %v", books, err)
	}
	used, _, err := g.nodes[g.a].GivenToken(t.Context(), books[1].ID)
	if err != nil || used == nil || used.Epoch != 1 {
		t.Fatalf("%+v, %v", used, err)
	}
	say := g.asTwin(g.a)
	book := node.Runbook{ID: "x", Intent: node.IntentSwitchover, Giver: "cms-a", Taker: "cms-b", Actor: "eve", Options: json.RawMessage(`{}`)}
	if err := say(switchover.VerbOpen, book); err != nil {
		t.Fatal(err)
	}
	was := g.self(g.b)
	good := *used
	good.ID, good.Runbook, good.Epoch, good.At, good.Mark = "never given", "x", 3, record.At(time.Now()), 0
	for name, forge := range map[string]func(*node.Token){
		"as it was":                  func(t *node.Token) { *t = *used },
		"again, for another move":    func(t *node.Token) { *t = *used; t.Runbook = "x" },
		"again, as if of this epoch": func(t *node.Token) { t.ID = used.ID },
		"of an epoch of before":      func(t *node.Token) { t.Epoch = 1 },
		"of the taker's own epoch":   func(t *node.Token) { t.Epoch = 4 },
		"of an epoch out of reach":   func(t *node.Token) { t.Epoch = 1 << 39 },
		"of another pair":            func(t *node.Token) { t.Pair = "q" },
		"of another giver":           func(t *node.Token) { t.Giver = "s" },
		"for another taker":          func(t *node.Token) { t.Taker = t.Giver },
		"of a time to come":          func(t *node.Token) { t.At = record.At(time.Now().Add(2 * time.Hour)) },
		"of no time":                 func(t *node.Token) { t.At = 0 },
		"of a mark that cannot be":   func(t *node.Token) { t.Mark = -1 },
	} {
		token := good
		forge(&token)
		err := say(switchover.VerbPromote, switchover.TokenQuestion{Of: switchover.Of{Runbook: "x"}, Token: token})
		if remote, ok := errors.AsType[*link.RemoteError](err); !ok || cli.Code(remote.Code) != cli.Untrusted {
			t.Errorf("%s: %v", name, err)
		}
	}
	if is := g.self(g.b); is != was {
		t.Errorf("%+v, was %+v", is, was)
	}
	if is := g.primary(); is != g.a || g.self(is).Epoch != 3 {
		t.Errorf("%+v", g.self(g.a))
	}
	if err := say(switchover.VerbEnd, switchover.EndQuestion{
		Of: switchover.Of{Runbook: "x"}, State: node.RunbookFailed, Result: json.RawMessage(`{}`),
	}); err != nil {
		t.Error(err)
	}
	g.stop()
}

// asTwin returns what asks the other server as this one's runner would.
func (g *stage) asTwin(s *server) func(verb string, ask any) error {
	g.t.Helper()
	cfg, err := config.Load(s.config, config.Source{}, collector.Kinds())
	if err != nil {
		g.t.Fatal(err)
	}
	l, err := app.Notary{Config: cfg, Node: g.nodes[s]}.Dial(g.t.Context(), link.Options{})
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = l.Close() }) // nothing is under way
	return func(verb string, ask any) error {
		return l.Call(g.t.Context(), verb, map[string]any{"from": l.From, "ask": ask}, nil)
	}
}
