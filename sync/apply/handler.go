package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/bundle"
)

// What a Handler answers with, beside the errors of package bundle and those of
// admin.DB.Apply, when the twin asks what is not to be answered.
var (
	// ErrVerb: none of a sync's verbs.
	ErrVerb = errors.New("unknown verb")
	// ErrQuestion: malformed, or for more than anybody needs.
	ErrQuestion = errors.New("question refused")
)

// A Handler answers the primary's questions, and applies what it sends. Any
// number of processes may have one on the same files. Nothing that the other
// side says of itself counts: who it is, the link has proven.
type Handler struct {
	DB    *admin.DB
	Dir   string       // the data directory, in which admin.db lies
	Spare int64        // bytes of its disk that a sync leaves to others
	Who   bundle.Hello // this server's, without where its rows stand
	Twin  Twin         // who asks
	Now   func() time.Time
}

// A Twin is the server that this one was paired with.
type Twin struct {
	Server string // its own, for ever
	Name   string
}

// The folders in the data directory.
const (
	spoolDir    = "spool"
	snapshotDir = "snapshots"
)

// Spool returns where bundles that come in lie.
func (h Handler) Spool() Spool { return Spool{Dir: filepath.Join(h.Dir, spoolDir), Spare: h.Spare} }

// Answer answers one verb of a sync. ErrBusy means that a bundle is being
// applied.
func (h Handler) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	switch verb {
	case bundle.VerbHello:
		return answer(ctx, args, h.hello)
	case bundle.VerbDrift:
		return answer(ctx, args, h.drift)
	case bundle.VerbHashes:
		return answer(ctx, args, h.hashes)
	case bundle.VerbRows:
		return answer(ctx, args, h.rows)
	case bundle.VerbChunks:
		return answer(ctx, args, h.chunks)
	case bundle.VerbApply:
		return answer(ctx, args, h.apply)
	case bundle.VerbAudit:
		return answer(ctx, args, h.audit)
	}
	return nil, fmt.Errorf("%w %q", ErrVerb, verb)
}

func answer[Q, A any](ctx context.Context, args json.RawMessage, do func(context.Context, Q) (A, error)) (any, error) {
	var q Q
	if err := json.Unmarshal(args, &q); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQuestion, err)
	}
	a, err := do(ctx, q)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Create begins to take a part of a bundle that was offered; see Spool.
func (h Handler) Create(path string) (*Upload, error) {
	if err := h.takes(); err != nil {
		return nil, err
	}
	return h.Spool().Create(path)
}

func (h Handler) chunks(ctx context.Context, m bundle.Manifest) (bundle.ChunksAnswer, error) {
	if err := h.takes(); err != nil {
		return bundle.ChunksAnswer{}, err
	}
	missing, err := h.Spool().Offer(ctx, m, h.Now())
	return bundle.ChunksAnswer{Missing: missing}, err
}

// takes tells whether bundles are taken here at all.
func (h Handler) takes() error {
	if h.Who.Role != node.Secondary {
		return fmt.Errorf("%w: %s is %s", bundle.ErrRole, h.Who.Name, h.Who.Role)
	}
	return nil
}

// judge tells whether the other side, which says that it is theirs, may send
// rows to this server, which stands at a position.
func (h Handler) judge(theirs bundle.Hello, at admin.Position) error {
	if err := theirs.Check(); err != nil {
		return err
	}
	if theirs.Server != h.Twin.Server || theirs.Name != h.Twin.Name {
		return fmt.Errorf("%w: server %q (%q) asks, and %q (%q) was paired", bundle.ErrPair, theirs.Name, theirs.Server, h.Twin.Name, h.Twin.Server)
	}
	ours := h.Who
	ours.Position = at
	return bundle.Direction(theirs, ours)
}

// hello waits for a bundle that is being applied: what it tells of this server
// stays true until the next one comes.
func (h Handler) hello(ctx context.Context, q bundle.HelloQuestion) (a bundle.HelloAnswer, err error) {
	if err := h.settled(ctx); err != nil {
		return a, err
	}
	a.Hello = h.Who
	a.Hello.At = record.At(h.Now())
	theirs := q.Hello.Position
	err = h.DB.Read(ctx, func(r *admin.Reading) error {
		var err error
		if a.Hello.Position, err = r.Position(ctx); err != nil {
			return err
		}
		if err = h.judge(q.Hello, a.Hello.Position); err != nil {
			return err
		}
		a.Drift, err = tell(ctx, r, a.Hello.Position, bundle.DriftQuestion{Since: theirs.BaseGeneration, Root: theirs.BaseRoot})
		return err
	})
	if err != nil {
		return bundle.HelloAnswer{}, err
	}
	if a.Hello.Position.Root == theirs.Root {
		_ = h.Spool().Clear(ctx) // who applied the last one may have died before that
		return a, nil
	}
	if a.Hello.Rows, err = h.DB.Counts(ctx); err != nil {
		return bundle.HelloAnswer{}, err
	}
	return a, nil
}
