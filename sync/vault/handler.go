package vault

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twinctl/twin/collector/backup"
)

// A Handler answers the twin, and takes what it sends.
type Handler struct{ In backup.Incoming }

// Answer answers one verb, with the errors of package backup too.
func (h Handler) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	switch verb {
	case VerbOffer:
		return answer(args, func(q Offer) (any, error) { return h.In.Offer(ctx, q.Name, q.Manifest) })
	case VerbKeep:
		return answer(args, func(q Keep) (any, error) { return struct{}{}, h.In.Keep(ctx, q.Name, q.Sum) })
	case VerbList:
		return answer(args, func(q ListQuestion) (any, error) { return h.list(ctx, q) })
	}
	return nil, fmt.Errorf("%w %q", ErrVerb, verb)
}

func answer[Q any](args json.RawMessage, do func(Q) (any, error)) (any, error) {
	var q Q
	if err := json.Unmarshal(args, &q); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQuestion, err)
	}
	return do(q)
}

func (h Handler) list(ctx context.Context, q ListQuestion) (ListAnswer, error) {
	sets, err := h.In.List(ctx, q.After, perList+1)
	if err != nil {
		return ListAnswer{}, err
	}
	n := min(len(sets), perList)
	return ListAnswer{Sets: sets[:n], More: len(sets) > n}, nil
}

// Create begins to take what a path of the link's tree names.
func (h Handler) Create(ctx context.Context, path string) (*backup.Piece, error) {
	p, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	return h.In.Create(ctx, p)
}
