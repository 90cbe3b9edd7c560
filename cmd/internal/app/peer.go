package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/fill"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/sync/vault"
)

const maxFillArgs = 64 << 10 // bytes

// A Peer answers what the twin may ask, which is a closed set, and nothing
// else. It serves under the system's sshd and in twind alike.
type Peer struct {
	Notary
	Key     string // that the one who asks has proven to have, as one line
	History *history.DB
	Admin   *admin.DB
	Say     func(context.Context) (exchange.Word, error)
	Damaged func(feed string, k record.Key) // told the records that rot here; may be nil
	Log     *slog.Logger                    // not for the one who asks; may be nil

	keeper *timekeeper // of this twind; nil: it is another process
}

// twin returns whom this server was paired with, if that is still the one who
// asks: a session may be older than a new key, or than another twin, and may
// have begun a moment before the pair stood.
func (p Peer) twin(ctx context.Context) (*node.Pair, error) {
	have, err := p.Node.Pair(ctx)
	switch {
	case err != nil:
		return nil, err
	case have == nil:
		return nil, remote(cli.Refused, errors.New("this server has no twin: twinctl pair accept"))
	case have.PublicKey != p.Key:
		return nil, remote(cli.Refused, errors.New("this key is not the twin's any more"))
	}
	return have, nil
}

// Answer implements link.Handler.
func (p Peer) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	pair, err := p.twin(ctx)
	if isFence(verb) && (err == nil || !errors.As(err, new(*link.RemoteError))) { // also where the files do not tell who asks: it was let in
		return Bedside{Config: p.Config, Node: p.Node, keeper: p.keeper}.Answer(ctx, verb, args)
	}
	if err != nil {
		return nil, err
	}
	switch verb {
	case exchange.Verb:
		return exchange.Listener{Node: p.Node, Say: p.Say, Log: p.Log}.Answer(ctx, args)
	case PairCheck, PairRekey:
		return p.Notary.Answer(ctx, verb, args)
	case Fill:
		return p.fill(ctx, *pair, args)
	}
	if strings.HasPrefix(verb, vault.Prefix) {
		return p.keep(ctx, *pair, verb, args)
	}
	if strings.HasPrefix(verb, roleVerbs) {
		return p.role(ctx, verb, args)
	}
	if strings.HasPrefix(verb, syncVerbs) {
		return p.sync(ctx, *pair, verb, args)
	}
	answer, err := fill.Handler{Side: fill.Local{DB: p.History}}.Answer(ctx, verb, args)
	if errors.Is(err, fill.ErrVerb) || errors.Is(err, fill.ErrQuestion) {
		return nil, remote(cli.Usage, err)
	}
	return answer, err
}

// Open implements link.Tree: the records that a fill copies.
func (p Peer) Open(ctx context.Context, path string) (link.File, error) {
	if _, err := p.twin(ctx); err != nil {
		return nil, err
	}
	f, err := fill.Tree{Side: fill.Local{DB: p.History}, Damaged: p.Damaged}.Open(ctx, path)
	if errors.Is(err, fill.ErrPath) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// fill has this server's twind fill from the one who asks.
func (p Peer) fill(ctx context.Context, pair node.Pair, args json.RawMessage) (any, error) {
	if len(args) > maxFillArgs {
		return nil, remote(cli.Usage, fmt.Errorf("%d bytes of feeds", len(args)))
	}
	var want FillArgs
	if err := json.Unmarshal(args, &want); err != nil {
		return nil, remote(cli.Usage, err)
	}
	want.Both = false // or they would ask each other for ever
	text, err := json.Marshal(want)
	if err != nil {
		return nil, err
	}
	answer, err := p.Node.Ask(ctx, node.Request{Verb: Fill, Args: text, Actor: pair.Name}, nil)
	if errors.Is(err, node.ErrNotClaimed) {
		return nil, remote(cli.Refused, fmt.Errorf("on %s: %w", p.Config.Name, err))
	}
	if err != nil {
		return nil, err
	}
	if answer.Exit != int(cli.OK) {
		return nil, remote(cli.Code(answer.Exit), fmt.Errorf("on %s: %s", p.Config.Name, answer.Text))
	}
	return json.RawMessage(answer.Text), nil
}
