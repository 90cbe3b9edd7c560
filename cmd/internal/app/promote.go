package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

// PromoteRole is the verb by which a person asks the running server to take the
// role, though its twin is down. Its answer is a switchover.Promoted.
const PromoteRole = "promote"

// PromoteArgs are its arguments.
type PromoteArgs struct {
	ID      string `json:"id"` // of the move, for its journal; random
	Reason  string `json:"reason"`
	Confirm string `json:"confirm"` // the twin's name, which the person says is down; "": the person does not
}

// How long a twin is waited for before it is decided: where a person has said that
// it is down, not for long.
const (
	LookWithin     = 5 * time.Second
	attestedWithin = 2 * time.Second
)

// askPromote answers the request. It returns when that is over.
func (s *switcher) askPromote(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args PromoteArgs) (any, error) {
		var all switchover.Promoted
		_, err := s.alone(ctx, func(ctx context.Context) (switchover.Result, error) {
			done, err := s.promote(ctx, r, args)
			s.log.Info("promotion", "outcome", done.Outcome, "primary", done.Primary, "epoch", done.Epoch, "verdict", string(done.Ruling.Verdict), "err", err)
			all = done
			return done.Result, err
		})
		return all, promoted(err)
	})
}

func (s *switcher) promote(ctx context.Context, r node.Request, args PromoteArgs) (switchover.Promoted, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return switchover.Promoted{}, err
	}
	l := Scout{Notary: Notary{s.config(), s.data.Node}, Say: s.said, Within: LookWithin}
	if args.Confirm != "" {
		l.Within = attestedWithin
	}
	there, _, err := l.there(ctx)
	if err != nil {
		return switchover.Promoted{}, err
	}
	return switchover.Promotion{
		Node: s.data.Node, Here: roleSide{Notary: l.Notary, hands: s.hands}.side(self), There: there, Look: l.Look, Now: time.Now,
		Say: s.progress(ctx, r.ID),
	}.Run(ctx, switchover.PromoteWish{ID: args.ID, Actor: r.Actor, Reason: args.Reason, Down: args.Confirm})
}

// promoted gives what came of it its exit status.
func promoted(err error) error {
	return meant(err,
		meaning{switchover.ErrAlive, cli.Refused, "twinctl switchover"},
		meaning{switchover.ErrNoProof, cli.Refused, "be sure that it is down, and then: twinctl promote --primary-is-down --confirm NAME --reason TEXT"},
		meaning{switchover.ErrBlocked, cli.Refused, "twinctl role show"},
		meaning{switchover.ErrOvertaken, cli.Unknown, "twinctl status"},
		meaning{switchover.ErrAway, cli.Unknown, "twinctl role show"},
	)
}

// A Scout sees how a server and its twin do, for who wants to take the role.
type Scout struct {
	Notary
	Say    func(context.Context) (exchange.Word, error) // this server's word
	Within time.Duration                                // that the twin has to answer
}

// Look sees both. An error is one of this server's own files.
func (l Scout) Look(ctx context.Context) (own switchover.Own, twin switchover.Sight, err error) {
	there, pair, err := l.there(ctx)
	if err != nil {
		return own, twin, err
	}
	twin.Name = there.Name
	asked, cancel := context.WithTimeout(ctx, l.Within)
	defer cancel()
	var wait sync.WaitGroup
	wait.Go(func() { twin.Vitals, twin.Away = there.Sight(asked, l.Within) })
	own, err = l.own(ctx)
	wait.Wait()
	if v := twin.Vitals; twin.Away == nil && v.Server != "" && v.Server != pair.Server {
		twin.Away = fmt.Errorf("%w: it says that it is server %s", pairing.ErrNotTwin, inert.Text(v.Server))
	}
	if err == nil && twin.Away == nil {
		_, err = l.Node.Seen(ctx, twin.Vitals.Seen)
		if errors.Is(err, node.ErrEpoch) {
			twin.Away, err = err, nil
		}
	}
	return own, twin, err
}

// there is the twin, and what was accepted as that.
func (l Scout) there(ctx context.Context) (switchover.Side, *node.Pair, error) {
	pair, err := Paired(ctx, l.Node)
	if err != nil {
		return switchover.Side{}, nil, err
	}
	return switchover.Side{Name: pair.Name, Caller: freshTwin{l.Notary}}, pair, nil
}

// own tells how this server does.
func (l Scout) own(ctx context.Context) (switchover.Own, error) {
	self, err := l.Node.Self(ctx)
	if err != nil {
		return switchover.Own{}, err
	}
	own := switchover.Own{Name: self.Name, Primary: self.Role == node.Primary && !self.Superseded(), Epoch: self.Epoch, TwinHeard: -1}
	restored, err := l.Node.Held(ctx)
	if err != nil {
		return own, err
	}
	own.Restored = restored != nil
	said, err := l.Say(ctx)
	if err != nil {
		return own, err
	}
	own.Feeds = len(said.Doc.Feeds)
	for _, f := range said.Doc.Feeds {
		if f.State == string(feed.Live) {
			own.Live++
		}
	}
	for _, way := range []node.Direction{node.In, node.Out} {
		heard, _, err := lastWord(ctx, l.Node, way)
		if err != nil {
			return own, err
		}
		if heard == nil {
			continue
		}
		if ago := max(0, time.Since(heard.At.Time())); own.TwinHeard < 0 || ago < own.TwinHeard {
			own.TwinHeard = ago
		}
	}
	return own, nil
}

// A freshTwin dials anew for each question: what stood before says nothing of a
// server that may be dead.
type freshTwin struct{ Notary }

// Call implements switchover.Caller.
func (t freshTwin) Call(ctx context.Context, verb string, args, answer any) error {
	question, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("arguments of %s: %w", verb, err)
	}
	l, err := t.Dial(ctx, link.Options{})
	if err != nil {
		return fmt.Errorf("%w: %w", switchover.ErrAway, err)
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	err = l.Call(ctx, verb, roleCall{From: l.From, Ask: question}, answer)
	if err == nil || errors.As(err, new(*link.RemoteError)) {
		return err
	}
	return fmt.Errorf("%w: %w", switchover.ErrAway, err)
}
