package exchange

import (
	"context"
	"encoding/json"
	"fmt"
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
	if err := word.check(pair.Server, pair.Pair); err != nil {
		return nil, &link.RemoteError{Code: codeUntrusted, Text: err.Error()}
	}
	ahead := word.At.Sub(record.At(time.Now()))
	if err := passing(keep(ctx, l.Node, node.In, word, ahead)); err != nil {
		return nil, err
	}
	say, err := l.Say(ctx)
	if err != nil {
		return nil, err
	}
	say.At = record.At(time.Now())
	return say, nil
}
