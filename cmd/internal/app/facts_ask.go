package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/switchover/preflight"
	"github.com/twinctl/twin/sync/link"
)

// A caller asks one server one thing.
type caller interface {
	Call(ctx context.Context, verb string, args, answer any) error
}

// AskFacts asks a server for its facts, and believes nothing of them that has
// not its form and its bounds: link.ErrProtocol.
func AskFacts(ctx context.Context, c caller, deep bool) (preflight.Facts, error) {
	var f preflight.Facts
	if err := c.Call(ctx, RoleFacts, FactsQuestion{Deep: deep}, &f); err != nil {
		return preflight.Facts{}, err
	}
	if err := f.Check(); err != nil {
		return preflight.Facts{}, fmt.Errorf("%w: facts: %w", link.ErrProtocol, err)
	}
	return f, nil
}

// factsWithin bounds all that is asked of the twin.
const factsWithin = 20 * time.Second

// Both returns the facts of this server and, as far as it can be asked, of its
// twin, with what came of asking in each direction. An error is one of this
// server's own files.
func Both(ctx context.Context, w Witness) (here, there preflight.Facts, paths []preflight.Path, err error) {
	if here, err = w.Facts(ctx, true); err != nil {
		return here, there, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, factsWithin)
	defer cancel()
	to := preflight.Path{From: here.Name}
	l, failed := Notary{w.Config, w.Data.Node}.Dial(ctx, link.Options{})
	if failed == nil {
		defer l.Close() //nolint:errcheck // nothing is under way
		var back preflight.Path
		if there, back, failed = l.facts(ctx, &to); failed == nil {
			paths = append(paths, back)
		}
	}
	to.Err = failed
	return here, there, append(paths, to), nil
}

// facts asks the twin for its facts, measures the way to it, and has it try the
// way back.
func (l *Line) facts(ctx context.Context, to *preflight.Path) (f preflight.Facts, back preflight.Path, err error) {
	asked := time.Now()
	a, err := l.Check(ctx, false)
	if err != nil {
		return f, back, err
	}
	to.Trip = time.Since(asked)
	to.Ahead = a.Clock.Time().Sub(asked.Add(to.Trip / 2))
	if f, err = AskFacts(ctx, l, true); err != nil {
		return f, back, err
	}
	back = preflight.Path{From: f.Name, Trip: to.Trip, Ahead: -to.Ahead}
	switch a, err := l.Check(ctx, true); {
	case err != nil:
		back.Err = err
	case a.Back == nil:
		back.Err = errors.New("it did not say")
	case !a.Back.OK:
		back.Err = errors.New(a.Back.Text)
	}
	return f, back, nil
}
