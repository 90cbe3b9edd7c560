package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/link"
)

// What of the link is a sync's.
const (
	syncVerbs = "sync."
	syncTree  = "bundles/"
)

// applier answers the twin, as it was read a moment ago, when it syncs: with the
// role and the epoch that this server has now.
func (p Peer) applier(ctx context.Context, twin node.Pair) (apply.Handler, error) {
	who, err := p.hello(ctx, twin)
	if err != nil {
		return apply.Handler{}, err
	}
	return apply.Handler{
		DB: p.Admin, Dir: p.Config.Data, Spare: spare + p.reserved(), Who: who,
		Twin: apply.Twin{Server: twin.Server, Name: twin.Name}, Now: time.Now,
	}, nil
}

// reserved is what twind has yet to take of the disk, to have its reserve whole.
func (p Peer) reserved() int64 {
	return max(0, store.ReserveSize-fileSize(filepath.Join(p.Config.Data, reserveName)))
}

// sync answers one verb of a sync. What is wrong travels with its exit status.
func (p Peer) sync(ctx context.Context, twin node.Pair, verb string, args json.RawMessage) (any, error) {
	h, err := p.applier(ctx, twin)
	if err != nil {
		return nil, err
	}
	answer, err := h.Answer(ctx, verb, args)
	if errors.Is(err, apply.ErrVerb) || errors.Is(err, apply.ErrQuestion) {
		return nil, remote(cli.Usage, err)
	}
	if err != nil {
		return nil, remote(syncCode(err), fmt.Errorf("on %s: %w", p.Config.Name, err))
	}
	return answer, nil
}

// syncCode is the exit status of a sync that the secondary refuses. What is a
// mistake where a person edits is not one of whoever asks for a sync.
func syncCode(err error) cli.Code {
	switch {
	case errors.Is(err, admin.ErrConflict):
		return cli.Conflict
	case errors.Is(err, admin.ErrInvalid), errors.Is(err, admin.ErrReferenced), errors.Is(err, admin.ErrNoKind):
		return cli.Refused
	}
	return cli.Verdict(err)
}

// Create implements link.Taker: the parts of a bundle, and the pieces of a backup.
func (p Peer) Create(ctx context.Context, path string) (link.Upload, error) {
	twin, err := p.twin(ctx)
	if err != nil {
		return nil, err
	}
	if isVault(path) {
		return p.takePiece(ctx, *twin, path)
	}
	if !strings.HasPrefix(path, syncTree) {
		return nil, fs.ErrNotExist
	}
	h, err := p.applier(ctx, *twin)
	if err != nil {
		return nil, err
	}
	upload, err := h.Create(path)
	if err != nil {
		return nil, remote(syncCode(err), err)
	}
	return upload, nil
}
