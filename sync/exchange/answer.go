package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/link"
)

// What a twin that is asked by the wrong server answers with: exit statuses.
const (
	codeUsage     = 2
	codeRefused   = 4
	codeUntrusted = 6
)

// A Listener answers the twin's words with our own.
type Listener struct {
	Node *node.DB
	// Say returns what this server says of itself.
	Say func(context.Context) (Word, error)
	// Log is told whom a word should have come from: the one who said it is
	// not. May be nil.
	Log *slog.Logger
}

// Answer takes the word of a twin that has logged in and returns ours.
func (l Listener) Answer(ctx context.Context, args json.RawMessage) (any, error) {
	var word Word
	if err := json.Unmarshal(args, &word); err != nil {
		return nil, &link.RemoteError{Code: codeUsage, Text: fmt.Sprintf("%s: %v", Verb, err)}
	}
	pair, err := l.Node.Pair(ctx)
	if err != nil {
		return nil, err
	}
	if pair == nil {
		return nil, &link.RemoteError{Code: codeRefused, Text: "this server has no twin: twinctl pair accept there"}
	}
	switch err := word.believe(ctx, l.Node, pair.Server, pair.Pair); {
	case errors.Is(err, link.ErrRefused), errors.Is(err, link.ErrProtocol):
		return nil, l.refuse(err, pair.Name)
	case err != nil:
		return nil, err
	}
	ahead := word.At.Sub(record.At(time.Now()))
	runs := word.takeRuns()
	if err := passing(keep(ctx, l.Node, node.In, attempt{word: &word, runs: runs, ahead: ahead})); err != nil {
		return nil, err
	}
	say, err := l.Say(ctx)
	if err != nil {
		return nil, err
	}
	if word.Runs != nil {
		if say.Runs, err = tellRuns(ctx, l.Node, word.got()); err != nil {
			return nil, err
		}
	}
	say.At = record.At(time.Now())
	return say, nil
}

// refuse keeps what was expected to ourselves, but for the name of the twin.
func (l Listener) refuse(why error, name string) error {
	if l.Log != nil {
		l.Log.Warn("the twin's word is not taken", "err", why)
	}
	if errors.Is(why, link.ErrRefused) {
		return &link.RemoteError{Code: codeUntrusted, Text: "this server was paired with another one; if " + name +
			" lost its files: twinctl pair accept LINE --replace " + name + " there"}
	}
	return &link.RemoteError{Code: codeUntrusted, Text: "your word is none that a twin says: see the log there"}
}
