package push

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/sync/bundle"
)

// texts are the rows of a server; those that are not there have no entry.
type texts map[admin.Name]string

func (m texts) set(n admin.Name, text string) {
	if m[n] = text; text == "" {
		delete(m, n)
	}
}

func (m texts) root() admin.Root {
	var b []byte
	for _, n := range slices.SortedFunc(maps.Keys(m), admin.Name.Compare) {
		hash := row(n, m[n])
		b = append(b, hash[:]...)
	}
	return sha256.Sum256(b)
}

// since returns what differs from a base; without one all rows do.
func (m texts) since(base texts) []admin.Pending {
	all := maps.Clone(m)
	maps.Copy(all, base)
	var edits []admin.Pending
	for _, n := range slices.SortedFunc(maps.Keys(all), admin.Name.Compare) {
		if m[n] != base[n] {
			edits = append(edits, admin.Pending{Kind: n.Kind, Key: n.Key, Base: row(n, base[n]), Hash: row(n, m[n]), Body: said(m[n])})
		}
	}
	return edits
}

// A server is what a half of the pair holds, by the rules of admin.db and
// without its file: the protocol is held against it, not the database.
type server struct {
	rows       texts
	generation int64
	base       Ground
	bases      map[Ground]texts // all that it ever agreed on
	sent       *admin.Facts
	sentRows   texts
}

func newServer() *server {
	return &server{rows: texts{}, bases: map[Ground]texts{}}
}

func (s *server) position() admin.Position {
	edits := s.rows.since(s.bases[s.base])
	return admin.Position{
		Catalogue: admin.Catalogue, Generation: s.generation, BaseGeneration: s.base.Generation, BaseRoot: s.base.Root,
		Root: s.rows.root(), Drift: admin.DriftOf(edits), Rows: int64(len(s.rows)), Pending: int64(len(edits)),
	}
}

func (s *server) edit(n admin.Name, text string) {
	s.rows.set(n, text)
	s.generation++
}

// A world is a pair whose link, and whose primary, may fail at any step.
type world struct {
	primary, secondary *server
	steps              int  // until the fault
	after              bool // the step is done, and its caller not told
	meanwhile          func()
	shown              map[admin.Name]Row // what was confirmed
	lost               []string           // what changed without being shown
	applied            int
}

var errFault = errors.New("a fault")

// step does one step, unless this is where it fails.
func (w *world) step(do func() error) error {
	w.steps--
	if w.meanwhile != nil {
		w.meanwhile()
	}
	if w.steps == 0 && !w.after {
		return errFault
	}
	err := do()
	if w.steps == 0 && w.after {
		return errFault
	}
	return err
}

// allow holds that a row changes as it was shown.
func (w *world) allow(n admin.Name, was, will string) {
	r, ok := w.shown[n]
	if was != will && (!ok || r.Before.Text("title") != was || r.After.Text("title") != will) {
		w.lost = append(w.lost, fmt.Sprintf("%s: %q became %q", n, was, will))
	}
}

func (w *world) Position(context.Context) (admin.Position, error) { return w.primary.position(), nil }

func (w *world) Edits(_ context.Context, since int64) (admin.Position, []admin.Pending, error) {
	for g, base := range w.primary.bases {
		if g.Generation == since {
			return w.primary.position(), w.primary.rows.since(base), nil
		}
	}
	if since != 0 {
		return admin.Position{}, nil, fmt.Errorf("no base of generation %d", since)
	}
	return w.primary.position(), w.primary.rows.since(nil), nil
}

func (w *world) BaseAt(_ context.Context, generation int64) (admin.Root, bool, error) {
	for g := range w.primary.bases {
		if g.Generation == generation {
			return g.Root, true, nil
		}
	}
	return admin.Root{}, false, nil
}

func (w *world) Counts(context.Context) (map[string]int64, error) { return map[string]int64{}, nil }

// TwinHead is not in the model: see TestARewrittenAuditStopsASync.
func (w *world) TwinHead(context.Context, string) (audit.Head, error) { return audit.Head{}, nil }

func (w *world) Row(_ context.Context, n admin.Name) (admin.Row, error) {
	text, ok := w.primary.rows[n]
	if !ok {
		return admin.Row{}, admin.ErrNoRow
	}
	return admin.Row{Kind: n.Kind, Key: n.Key, Body: said(text)}, nil
}

func (w *world) Change(_ context.Context, _ admin.Author, edits []admin.Edit, _ admin.How) (admin.Set, error) {
	return admin.Set{}, w.step(func() error {
		for _, e := range edits {
			if n := (admin.Name{Kind: e.Kind, Key: e.Key}); row(n, w.primary.rows[n]) != *e.Old {
				return admin.ErrConflict
			}
		}
		for _, e := range edits {
			n := admin.Name{Kind: e.Kind, Key: e.Key}
			w.allow(n, w.primary.rows[n], e.Body.Text("title"))
			w.primary.rows.set(n, e.Body.Text("title"))
		}
		w.primary.generation++
		return nil
	})
}

func (w *world) Sent(context.Context) (*admin.Facts, error) { return w.primary.sent, nil }

// become returns the base that ops make of another.
func become(base texts, ops []admin.Op) texts {
	is := texts{}
	maps.Copy(is, base)
	for _, op := range ops {
		is.set(admin.Name{Kind: op.Kind, Key: op.Key}, op.New.Text("title"))
	}
	return is
}

// spoken gives ops that only carry a hash the text that it stands for.
func spoken(ops []admin.Op, rows texts) []admin.Op {
	ops = slices.Clone(ops)
	for i, op := range ops {
		if op.Same {
			ops[i].New = said(rows[admin.Name{Kind: op.Kind, Key: op.Key}])
		}
	}
	return ops
}

// at returns the base of a generation.
func (s *server) at(generation int64) texts {
	for g, base := range s.bases {
		if g.Generation == generation {
			return base
		}
	}
	return texts{}
}

// Target finds the texts of hashes on either side: what is adopted is not on the
// primary yet.
func (w *world) Target(_ context.Context, since int64, ops []admin.Op) (admin.Root, error) {
	for i, op := range ops {
		n := admin.Name{Kind: op.Kind, Key: op.Key}
		rows := w.primary.rows
		if row(n, rows[n]) != op.Old {
			rows = w.secondary.rows
		}
		if op.Same && row(n, rows[n]) != op.Old {
			return admin.Root{}, ErrMoved
		}
		ops = slices.Replace(slices.Clone(ops), i, i+1, spoken(ops[i:i+1], rows)...)
	}
	return become(w.primary.at(since), ops).root(), nil
}

func (w *world) Raise(_ context.Context, above int64) (generation int64, err error) {
	err = w.step(func() error {
		w.primary.generation = max(w.primary.generation, above+1)
		generation = w.primary.generation
		return nil
	})
	return generation, err
}

func (w *world) Sending(_ context.Context, f admin.Facts, ops []admin.Op) error {
	return w.step(func() error {
		p := w.primary
		for _, op := range ops {
			n := admin.Name{Kind: op.Kind, Key: op.Key}
			if op.Same && row(n, p.rows[n]) != op.Old {
				return ErrMoved // the model knows no texts of hashes
			}
		}
		p.sent, p.sentRows = &f, become(p.at(f.From), spoken(ops, p.rows))
		return nil
	})
}

func (w *world) Agree(_ context.Context, _ admin.Author, to int64, _ audit.Head) (admin.Applied, error) {
	return admin.Applied{}, w.step(func() error {
		p := w.primary
		if p.sent == nil || p.sent.To != to {
			return fmt.Errorf("agree on %d, where %v was sent", to, p.sent)
		}
		p.base = Ground{to, p.sent.Target}
		p.bases[p.base], p.sent = p.sentRows, nil
		return nil
	})
}

func (w *world) Put(context.Context, string, io.ReaderAt, int64) error {
	return errors.New("nothing large is sent here")
}

// Call is the secondary, through JSON as the link has it.
func (w *world) Call(_ context.Context, verb string, args, answer any) error {
	asked, err := json.Marshal(args)
	if err != nil {
		return err
	}
	return w.step(func() error {
		given, err := w.secondary.answer(w, verb, asked)
		if err != nil {
			return err
		}
		text, err := json.Marshal(given)
		if err != nil {
			return err
		}
		return json.NewDecoder(bytes.NewReader(text)).Decode(answer)
	})
}

func (s *server) answer(w *world, verb string, args []byte) (any, error) {
	switch verb {
	case bundle.VerbHello:
		var q bundle.HelloQuestion
		err := json.Unmarshal(args, &q)
		_, theirs := hellos()
		theirs.Position, theirs.Rows = s.position(), map[string]int64{}
		p := q.Hello.Position
		return bundle.HelloAnswer{Hello: theirs, Drift: s.drift(Ground{p.BaseGeneration, p.BaseRoot})}, err
	case bundle.VerbHashes:
		return bundle.HashesAnswer{Generation: s.generation, Rows: hashesOf(s.rows.since(nil))}, nil
	case bundle.VerbRows:
		var q bundle.RowsQuestion
		err := json.Unmarshal(args, &q)
		var a bundle.RowsAnswer
		for _, n := range q.Names {
			a.Rows = append(a.Rows, admin.Row{Kind: n.Kind, Key: n.Key, Body: said(s.rows[n])})
		}
		return a, err
	case bundle.VerbApply:
		var q bundle.ApplyQuestion
		if err := json.Unmarshal(args, &q); err != nil {
			return nil, err
		}
		return s.apply(w, q)
	}
	return nil, fmt.Errorf("verb %s", verb)
}

func (s *server) drift(asked Ground) bundle.DriftAnswer {
	if _, ok := s.bases[asked]; !ok {
		asked = s.base
	}
	a := bundle.DriftAnswer{Since: asked.Generation, Root: asked.Root, Generation: s.generation}
	if !asked.First() {
		a.Edits = hashesOf(s.rows.since(s.bases[asked]))
	}
	return a
}

// apply does what a secondary must, all of it or nothing.
func (s *server) apply(w *world, q bundle.ApplyQuestion) (any, error) {
	b, err := bundle.Read(q.Name, q.Bytes)
	if err != nil {
		return nil, err
	}
	from := Ground{b.From, b.BaseRoot}
	base, ok := s.bases[from]
	if !ok && !from.First() || b.To <= s.generation || b.Drift != admin.DriftOf(s.rows.since(base)) {
		return nil, admin.ErrStale
	}
	is := become(base, spoken(b.Ops, s.rows))
	for _, op := range b.Ops {
		if n := (admin.Name{Kind: op.Kind, Key: op.Key}); row(n, s.rows[n]) != op.Old {
			return nil, admin.ErrConflict
		}
	}
	to := Ground{b.To, b.TargetRoot}
	if is.root() != to.Root {
		return nil, admin.ErrRoot
	}
	for _, op := range b.Ops {
		n := admin.Name{Kind: op.Kind, Key: op.Key}
		w.allow(n, s.rows[n], is[n])
		s.rows.set(n, is[n])
	}
	s.base, s.bases[to], s.generation = to, is, b.To
	w.applied++
	return bundle.ApplyAnswer{Position: s.position(), Counts: b.Counts()}, nil
}
