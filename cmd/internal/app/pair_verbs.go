package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/link"
)

// The verbs of pairing on the link.
const (
	PairCheck = "pair.check"
	PairRekey = "pair.rekey"
)

// ErrUnknownVerb is returned for a verb that is not one of those.
var ErrUnknownVerb = errors.New("unknown verb")

// A Who is the server that asks on the link. That it is the twin its key says;
// that it is the same twin as ever it says itself.
type Who struct {
	Server string `json:"server"`
	Pair   string `json:"pair"`
	Epoch  int64  `json:"epoch"` // the highest that it has seen
}

// A CheckQuestion is the argument of pair.check.
type CheckQuestion struct {
	From Who  `json:"from"`
	Back bool `json:"back"` // the one who is asked is to try the other way too
}

// A CheckAnswer is what a twin says of itself and of what it hears.
type CheckAnswer struct {
	Name    string         `json:"name"`
	Server  string         `json:"server"`
	Pair    string         `json:"pair"`
	Role    node.Role      `json:"role"`
	Epoch   int64          `json:"epoch"` // the highest that it has seen
	Version string         `json:"version"`
	Clock   record.Instant `json:"clock"`
	Asked   *node.Moment   `json:"asked"`    // when it was last asked by us, null: never
	Heard   *node.Moment   `json:"answered"` // when it last had an answer of ours, null: never
	Back    *BackAnswer    `json:"back"`     // null unless it was to try
}

// A BackAnswer is what became of the other way.
type BackAnswer struct {
	OK   bool   `json:"ok"`
	Text string `json:"text"` // why not
}

// A RekeyQuestion is the argument of pair.rekey.
type RekeyQuestion struct {
	From      Who    `json:"from"`
	PublicKey string `json:"public_key"` // the one to let in from now on
}

// Answer answers the verbs of pairing; others are ErrUnknownVerb. It is called
// for whoever logged in with the twin's key.
func (n Notary) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	switch verb {
	case PairCheck:
		var q CheckQuestion
		if err := json.Unmarshal(args, &q); err != nil {
			return nil, remote(cli.Usage, err)
		}
		return n.answerCheck(ctx, q)
	case PairRekey:
		var q RekeyQuestion
		if err := json.Unmarshal(args, &q); err != nil {
			return nil, remote(cli.Usage, err)
		}
		return struct{}{}, n.answerRekey(ctx, q)
	}
	return nil, fmt.Errorf("%w %q", ErrUnknownVerb, verb)
}

func remote(code cli.Code, err error) error {
	return &link.RemoteError{Code: int(code), Text: err.Error()}
}

// Authorized names the twin when a public key, as one line, is the twin's: what
// our own SSH server asks of each key.
func (n Notary) Authorized(ctx context.Context, line string) (who string, ok bool) {
	have, err := n.Node.Pair(ctx)
	if err != nil || have == nil || have.PublicKey != line {
		return "", false
	}
	return have.Name, true
}

// Known returns the twin, if it is the one that asks; else a *link.RemoteError.
// It notes the epoch that the twin spoke of.
func (n Notary) Known(ctx context.Context, from Who) (*node.Pair, error) {
	have, err := n.Node.Pair(ctx)
	switch {
	case err != nil:
		return nil, err
	case have == nil:
		return nil, remote(cli.Refused, errors.New("this server has no twin: twinctl pair accept"))
	case have.Server == from.Server && from.Pair == "":
		return nil, remote(cli.Refused, fmt.Errorf("this server has accepted %s, which has not accepted it: twinctl pair accept, there", have.Name))
	case have.Server != from.Server || have.Pair != from.Pair:
		return nil, remote(cli.Untrusted, fmt.Errorf("this server's twin is another one, %s: twinctl pair accept LINE --replace %s", have.Server, have.Name))
	}
	if _, err = n.Node.Seen(ctx, from.Epoch); errors.Is(err, node.ErrEpoch) {
		err = remote(cli.Untrusted, fmt.Errorf("%w; if it is right all the same: twinctl pair accept, on %s, the line of %s",
			err, n.Config.Name, have.Name))
	}
	return have, err
}

func (n Notary) answerCheck(ctx context.Context, q CheckQuestion) (*CheckAnswer, error) {
	have, err := n.Known(ctx, q.From)
	if err != nil {
		return nil, err
	}
	self, err := n.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	a := &CheckAnswer{
		Name: self.Name, Server: self.Server, Pair: have.Pair, Role: self.Role, Epoch: self.EpochSeen,
		Version: Version(), Clock: record.At(time.Now()),
	}
	if a.Asked, err = n.lastHeard(ctx, node.In); err != nil {
		return nil, err
	}
	if a.Heard, err = n.lastHeard(ctx, node.Out); err != nil {
		return nil, err
	}
	if q.Back {
		a.Back = n.tryBack(ctx)
	}
	return a, nil
}

func (n Notary) lastHeard(ctx context.Context, way node.Direction) (*node.Moment, error) {
	h, err := n.Node.Heard(ctx, way)
	if err != nil || h == nil {
		return nil, err
	}
	return known(h.At), nil
}

// tryBack dials the one who asked.
func (n Notary) tryBack(ctx context.Context) *BackAnswer {
	c, err := n.Dial(ctx, link.Options{})
	if err == nil {
		defer c.Close() //nolint:errcheck // nothing is under way
		_, err = c.Check(ctx, false)
	}
	if err != nil {
		return &BackAnswer{Text: err.Error()}
	}
	return &BackAnswer{OK: true}
}

// answerRekey lets the twin in by another key from now on. The key that is let
// in goes first: done again, the row follows.
func (n Notary) answerRekey(ctx context.Context, q RekeyQuestion) error {
	have, err := n.Known(ctx, q.From)
	if err != nil {
		return err
	}
	key, err := link.CheckKey(q.PublicKey)
	if err != nil {
		return remote(cli.Usage, err)
	}
	self, err := n.Node.Self(ctx)
	if err != nil {
		return err
	}
	let := pairing.Step{Action: pairing.Authorize, Key: key}
	if n.embedded() { // the row lets in; what an earlier door let in must not
		let = pairing.Step{Action: pairing.Revoke}
	}
	if err := n.do(self, let); err != nil {
		if cli.Verdict(err) == cli.Refused {
			err = remote(cli.Refused, fmt.Errorf("%w: take it out there; or, for another new key, remove id_ed25519.new here, and rekey again", err))
		}
		return err
	}
	if have.PublicKey == key {
		return nil
	}
	return n.Node.SetPair(ctx, func(self node.Self, now *node.Pair) (node.Pairing, error) {
		if now == nil || now.Server != have.Server {
			return node.Pairing{}, remote(cli.Refused, errors.New("this server's twin was changed meanwhile"))
		}
		p := *now
		p.PublicKey = key
		detail := map[string]string{"key": link.Fingerprint(key), "was": link.Fingerprint(now.PublicKey)}
		act := node.Act{Actor: p.Name, Verb: PairRekey, Target: p.Name, Detail: detail}
		return node.Pairing{Pair: p, Epoch: self.Epoch, Seen: self.EpochSeen, Act: act}, nil
	})
}
