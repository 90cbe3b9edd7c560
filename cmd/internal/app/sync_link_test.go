package app

import (
	"context"
	"errors"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/sync/push"
)

// A cutting link is cut at a verb: when it was answered, or before it is asked.
type cutting struct {
	push.Peer
	line     *Line
	verb     string
	answered bool
	cuts     *int
}

func (c cutting) Call(ctx context.Context, verb string, args, answer any) error {
	if verb != c.verb || *c.cuts > 0 {
		return c.Peer.Call(ctx, verb, args, answer)
	}
	*c.cuts++
	var err error
	if c.answered {
		err = c.Peer.Call(ctx, verb, args, nil)
	}
	return errors.Join(link.ErrLost, err, c.line.Close())
}

// Where the link is cut once the bundle was sent, the twin is asked on another
// one what became of it: nobody is left with an unknown outcome.
func TestALinkThatIsCutWhileABundleIsApplied(t *testing.T) {
	a, b := twins(t)
	ours, theirs := adminOf(t, a), adminOf(t, b)
	for _, answered := range []bool{true, false} {
		setQueues(t, ours, 2, false)
		l, cuts := dial(t, a), 0
		p, err := a.Pusher(t.Context(), ours, l, push.Options{By: admin.Author{Actor: "ann", From: "local", Verb: "sync"}})
		if err != nil {
			t.Fatal(err)
		}
		p.Peer = cutting{p.Peer, l, bundle.VerbApply, answered, &cuts}
		before, err := theirs.Position(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, r, err := p.Run(t.Context(), yes)
		after, also := theirs.Position(t.Context())
		if also != nil || cuts != 1 {
			t.Fatalf("%v, cut %d times", also, cuts)
		}
		if answered {
			if err != nil || after.BaseGeneration != r.Base.Generation || r.Secondary.Position.BaseRoot != r.Base.Root {
				t.Errorf("it was applied: %+v, %v", r, err)
			}
			continue
		}
		if !errors.Is(err, link.ErrLost) || errors.Is(err, push.ErrUnknown) || after.Root != before.Root {
			t.Errorf("it never arrived: %v", err)
		}
	}
}

// A link that ended while a person thought is made anew.
func TestALinkThatEndsWhileSomebodyThinks(t *testing.T) {
	a, b := twins(t)
	ours, theirs := adminOf(t, a), adminOf(t, b)
	for _, rows := range []int{1, 9000} { // within the verb, and as a file
		setQueues(t, ours, rows, false)
		l := dial(t, a)
		p, err := a.Pusher(t.Context(), ours, l, push.Options{By: admin.Author{Actor: "ann", From: "local", Verb: "sync"}})
		if err != nil {
			t.Fatal(err)
		}
		_, r, err := p.Run(t.Context(), func(context.Context, *push.Plan) (bool, error) { return true, l.Close() })
		got, also := theirs.Position(t.Context())
		if err != nil || also != nil || got.BaseRoot != r.Base.Root || got.Rows != int64(rows) {
			t.Errorf("%d rows: %+v and %+v, %v, %v", rows, r.Base, got, err, also)
		}
	}
}
