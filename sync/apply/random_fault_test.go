package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/fixtures/draws"
	"github.com/twinctl/twin/sync/bundle"
)

// TestWhateverFails runs syncs in which one thing after the other goes wrong:
// the secondary is what it was or what was promised, and the next sync works.
func TestWhateverFails(t *testing.T) {
	defer draws.Percent(25)()
	rapid.Check(t, func(rt *rapid.T) { whateverFails(t, rt) })
}

func whateverFails(t *testing.T, rt *rapid.T) {
	p := &pair{}
	opened := func(role node.Role) *server {
		s, err := openServer(t.Context(), t.TempDir(), role)
		if err != nil {
			rt.Fatal(err)
		}
		return s
	}
	p.a, p.b = opened(node.Primary), opened(node.Secondary)
	defer func() {
		if err := errors.Join(p.a.close(), p.b.close()); err != nil {
			rt.Fatal(err)
		}
	}()
	p.h = p.b.handler()
	for range rapid.IntRange(1, 3).Draw(rt, "syncs") {
		for range rapid.IntRange(0, 3).Draw(rt, "edits") {
			key := fmt.Sprint(rapid.IntRange(0, 4).Draw(rt, "key"))
			if rapid.IntRange(0, 3).Draw(rt, "deletes") > 0 {
				p.a.set(rt, "queue", key, admin.Body{"name": rapid.StringMatching(`[a-z]{1,5}`).Draw(rt, "name")})
			} else if _, err := p.a.Row(t.Context(), admin.Name{Kind: "queue", Key: key}); err == nil {
				p.a.set(rt, "queue", key, nil)
			}
		}
		if rapid.IntRange(0, 15).Draw(rt, "many") == 15 {
			p.a.fill(rt, asFile)
		}
		fault := rapid.SampledFrom([]string{"", "cut", "mute", "cancel", "full", "rot", "twice", "old"}).Draw(rt, "fault")
		p.fails(rt, rapid.IntRange(0, 9).Draw(rt, "at"), fault)
	}
	p.how.AllowDeletes = 1 << 20
	p.works(rt)
}

// fails syncs with a fault at a call, and holds what became of it against what
// was and what was promised.
func (p *pair) fails(t tb, at int, fault string) {
	t.Helper()
	p.how.AllowDeletes = 1 << 20
	before := p.b.at(t)
	n := 0
	h := p.h
	older := p.held
	promised := map[admin.Root]bool{}
	promise := func() {
		sent, err := p.a.Sent(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if sent != nil {
			promised[sent.Target] = true
		}
	}
	promise() // what was sent before, and did not arrive, may do so late
	p.over = func(verb string, args json.RawMessage) error {
		if verb == bundle.VerbApply {
			promise()
		}
		if n++; n-1 != at {
			return nil
		}
		switch fault {
		case "cut":
			return errCut
		case "mute":
			p.lose = verb
		case "cancel":
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_, err := p.h.Answer(ctx, verb, args)
			return errors.Join(errCut, err)
		case "full":
			p.h.Spare = 1 << 60
		case "rot":
			parts, _ := filepath.Glob(filepath.Join(p.b.dir, "spool", "*.part"))
			for _, part := range parts {
				f, err := os.OpenFile(part, os.O_WRONLY, 0)
				if err == nil {
					_, err = f.WriteAt([]byte("rot"), 1000)
				}
				if err = errors.Join(err, f.Close()); err != nil {
					t.Fatal(err)
				}
			}
		case "twice":
			_, _ = p.h.Answer(context.Background(), verb, args)
		case "old":
			if at > 0 && p.a.at(t).BaseGeneration == 0 {
				return nil // the primary remembers one that it sent: where there is no base, a person has to ask anew
			}
			_, _ = p.h.Answer(context.Background(), bundle.VerbApply, older)
		}
		return nil
	}
	_, err := p.sync(t)
	p.over, p.lose, p.h = nil, "", h
	now := p.b.at(t)
	if now.Root != before.Root && !promised[now.Root] {
		t.Fatalf("%s at %d: %v: it is neither what it was nor what was promised: %+v", fault, at, err, now)
	}
	if err == nil && (now.Root != p.a.at(t).Root || now.Pending != 0) {
		t.Fatalf("%s at %d: done, and it stands at %+v", fault, at, now)
	}
	if _, err := p.b.Verify(context.Background()); err != nil {
		t.Fatalf("%s at %d: %v", fault, at, err)
	}
	p.tidy(t, false)
}
