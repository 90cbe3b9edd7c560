package app

import (
	"context"
	"fmt"
	"io"

	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/sync/link"
)

// A lasting link dials anew for each call once the link that it began with has
// ended: so it can be asked what became of a bundle when the link was cut, and
// a person who thought for long does not begin again. It asks nothing twice.
type lasting struct {
	*Line
	notary Notary
}

// Call implements push.Peer.
func (l lasting) Call(ctx context.Context, verb string, args, answer any) error {
	return l.on(ctx, func(standing *Line) error { return standing.Call(ctx, verb, args, answer) })
}

// Put implements push.Peer.
func (l lasting) Put(ctx context.Context, path string, from io.ReaderAt, size int64) error {
	return l.on(ctx, func(standing *Line) error { return standing.Put(ctx, path, from, size) })
}

// on does f on a link that stands, to the same twin: pairing.ErrNotTwin if
// another was accepted meanwhile.
func (l lasting) on(ctx context.Context, f func(*Line) error) error {
	if l.Err() == nil {
		return f(l.Line)
	}
	again, err := l.notary.Dial(ctx, link.Options{})
	if err != nil {
		return err
	}
	defer again.Close() //nolint:errcheck // nothing is under way
	if again.Pair.Server != l.Pair.Server || again.Pair.Pair != l.Pair.Pair {
		return fmt.Errorf("%w: another was accepted meanwhile", pairing.ErrNotTwin)
	}
	return f(again)
}
