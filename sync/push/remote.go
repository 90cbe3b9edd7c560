package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/bundle"
)

// A Peer is the link to the twin. It may dial anew for each call: what was
// asked and not answered is asked again, or looked up.
type Peer interface {
	// Call asks the twin one thing and decodes its JSON answer.
	Call(ctx context.Context, verb string, args, answer any) error
	// Put sends a file to the twin's tree.
	Put(ctx context.Context, path string, from io.ReaderAt, size int64) error
}

// How long the twin may take.
const (
	answerWait = 30 * time.Second // for an answer
	applyWait  = 90 * time.Second // to apply a bundle
	slowest    = 64 << 10         // bytes a second of what is put
)

// What is taken of the twin at the most.
const (
	maxEdits  = 2 * bundle.MaxRows // rows: more than a bundle takes
	maxBodies = 32 << 20           // bytes of what they say
)

// remote asks the twin. It believes no answer that has not the right form.
type remote struct{ peer Peer }

func (r remote) ask(ctx context.Context, verb string, args, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	if err := r.peer.Call(ctx, verb, args, answer); err != nil {
		return fmt.Errorf("ask the twin (%s): %w", verb, err)
	}
	return nil
}

func (r remote) hello(ctx context.Context, ours bundle.Hello) (bundle.HelloAnswer, error) {
	var a bundle.HelloAnswer
	err := r.ask(ctx, bundle.VerbHello, bundle.HelloQuestion{Hello: ours}, &a)
	if a.Hello.Rows == nil && a.Hello.Position.Root == ours.Position.Root {
		a.Hello.Rows = ours.Rows
	}
	return a, err
}

// drift returns all that was edited on the secondary since the base that its
// hello spoke of. ErrMoved if it was edited again while it told.
func (r remote) drift(ctx context.Context, ours admin.Position, a bundle.HelloAnswer) ([]bundle.Edited, error) {
	page := a.Drift
	q := bundle.DriftQuestion{Since: ours.BaseGeneration, Root: ours.BaseRoot}
	return pages("edits", page.Edits, page.More, func(after admin.Name) ([]bundle.Edited, bool, error) {
		var next bundle.DriftAnswer
		q.After = &after
		if err := r.ask(ctx, bundle.VerbDrift, q, &next); err != nil {
			return nil, false, err
		}
		if next.Generation != page.Generation || next.Since != page.Since || next.Root != page.Root {
			return nil, false, fmt.Errorf("%w: the secondary, while it told its edits", ErrMoved)
		}
		return next.Edits, next.More, nil
	})
}

// hashes returns all rows of the secondary, as edits of no base. ErrMoved if
// it was edited since its hello.
func (r remote) hashes(ctx context.Context, a bundle.HelloAnswer) ([]bundle.Edited, error) {
	var q bundle.HashesQuestion
	next := func(admin.Name) ([]bundle.Edited, bool, error) {
		var page bundle.HashesAnswer
		if err := r.ask(ctx, bundle.VerbHashes, q, &page); err != nil {
			return nil, false, err
		}
		if page.Generation != a.Hello.Position.Generation {
			return nil, false, fmt.Errorf("%w: the secondary, while it told its rows", ErrMoved)
		}
		for _, e := range page.Rows {
			if e.Base != (admin.Hash{}) || e.Hash == (admin.Hash{}) {
				return nil, false, fmt.Errorf("%w: row %q has a base, or no hash", ErrUntrusted, e.Name)
			}
		}
		return page.Rows, page.More, nil
	}
	first, more, err := next(admin.Name{})
	if err != nil {
		return nil, err
	}
	return pages("rows", first, more, func(after admin.Name) ([]bundle.Edited, bool, error) {
		q.After = &after
		return next(after)
	})
}

// pages collects what the twin tells page by page, each row once and in order.
func pages(what string, first []bundle.Edited, more bool, next func(after admin.Name) ([]bundle.Edited, bool, error)) ([]bundle.Edited, error) {
	all := []bundle.Edited{}
	for page := first; ; {
		for _, e := range page {
			if err := errors.Join(inert.Name(e.Kind), inert.Name(e.Key)); err != nil {
				return nil, fmt.Errorf("%w: a name among the twin's %s %w", ErrUntrusted, what, err)
			}
			if len(all) > 0 && e.Compare(all[len(all)-1].Name) <= 0 {
				return nil, fmt.Errorf("%w: %q is out of order among the twin's %s", ErrUntrusted, e.Name, what)
			}
			if e.Base == e.Hash {
				return nil, fmt.Errorf("%w: %q is among the twin's %s, and is what it was", ErrUntrusted, e.Name, what)
			}
			all = append(all, e)
		}
		switch {
		case !more:
			return all, nil
		case len(page) == 0 || len(all) > maxEdits:
			return nil, fmt.Errorf("%w: the twin's %s do not end", ErrUntrusted, what)
		}
		var err error
		if page, more, err = next(all[len(all)-1].Name); err != nil {
			return nil, err
		}
	}
}

// rows returns bodies of the secondary: of each decision named what its hash
// says. ErrMoved if one is another by now.
func (r remote) rows(ctx context.Context, wanted []Decision) (map[admin.Name]admin.Body, error) {
	bodies := make(map[admin.Name]admin.Body, len(wanted))
	size := 0
	for len(wanted) > 0 {
		names := make([]admin.Name, min(len(wanted), bundle.MaxNames))
		for i := range names {
			names[i] = wanted[i].Name
		}
		var a bundle.RowsAnswer
		if err := r.ask(ctx, bundle.VerbRows, bundle.RowsQuestion{Names: names}, &a); err != nil {
			return nil, err
		}
		if len(a.Rows) == 0 || len(a.Rows) > len(names) {
			return nil, fmt.Errorf("%w: the twin was asked for %d rows and told %d", ErrUntrusted, len(names), len(a.Rows))
		}
		for i, row := range a.Rows {
			if name := (admin.Name{Kind: row.Kind, Key: row.Key}); name != names[i] {
				return nil, fmt.Errorf("%w: the twin was asked for %q and told %q", ErrUntrusted, names[i], name)
			}
			if row.Hash() != wanted[i].Theirs {
				return nil, fmt.Errorf("%w: %q on the secondary", ErrMoved, names[i])
			}
			for field := range row.Body {
				if err := inert.Name(field); err != nil {
					return nil, fmt.Errorf("%w: a field of %q on the secondary %w", ErrUntrusted, names[i], err)
				}
			}
			if size += len(row.Body.Canonical()); size > maxBodies {
				return nil, fmt.Errorf("%w: what was edited on the secondary is more than %d bytes", ErrUntrusted, maxBodies)
			}
			bodies[names[i]] = row.Body
		}
		wanted = wanted[len(a.Rows):]
	}
	return bodies, nil
}

// apply sends a bundle and has it applied. A large one goes in pieces, of which
// the twin keeps what has come; sent is told how many bytes it has. Once it has
// all, what becomes of the bundle is not known until the twin tells: sent is told
// of all of them when that begins, and not before.
func (r remote) apply(ctx context.Context, text []byte, q bundle.ApplyQuestion, sent func(done int64)) (bundle.ApplyAnswer, error) {
	q.Name = bundle.DigestOf(text)
	if len(text) <= bundle.Inline {
		q.Bytes = text
	} else if err := r.put(ctx, text, sent); err != nil {
		return bundle.ApplyAnswer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, applyWait)
	defer cancel()
	var a bundle.ApplyAnswer
	sent(int64(len(text)))
	if err := r.peer.Call(ctx, bundle.VerbApply, q, &a); err != nil {
		return a, fmt.Errorf("have bundle %s applied: %w", q.Name.Short(), err)
	}
	return a, nil
}

func (r remote) put(ctx context.Context, text []byte, sent func(done int64)) error {
	m := bundle.ManifestOf(text)
	missing, err := r.missing(ctx, m)
	if err != nil {
		return err
	}
	left := int64(0)
	for _, e := range missing {
		left += e.Size
	}
	for _, e := range missing {
		if err := r.putExtent(ctx, e, text); err != nil {
			return err
		}
		if left -= e.Size; left > 0 { // of the last one it is told when the twin is asked to take it
			sent(int64(len(text)) - left)
		}
	}
	return nil
}

func (r remote) missing(ctx context.Context, m bundle.Manifest) ([]bundle.Extent, error) {
	var a bundle.ChunksAnswer
	if err := r.ask(ctx, bundle.VerbChunks, m, &a); err != nil {
		return nil, err
	}
	extents, err := m.Extents(a.Missing)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return extents, nil
}

func (r remote) putExtent(ctx context.Context, e bundle.Extent, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait+time.Duration(e.Size/slowest)*time.Second)
	defer cancel()
	from := bytes.NewReader(text[e.At : e.At+e.Size])
	if err := r.peer.Put(ctx, e.Path(), from, e.Size); err != nil {
		return fmt.Errorf("send bundle %s: %w", e.Name.Short(), err)
	}
	return nil
}
