package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

// Target says where the twin is dialled: as it was accepted, unless [twin] in
// twin.toml says otherwise.
func Target(cfg *config.Config, p node.Pair) link.Target {
	t := link.Target{Name: p.Name, Address: p.Address, Identity: cfg.Twin.Identity, KnownHosts: cfg.Twin.KnownHosts}
	if cfg.Twin.SSH != "" {
		t.Address = cfg.Twin.SSH
	}
	return t
}

// A Line is a standing link to the twin that was accepted.
type Line struct {
	*link.Client
	Pair node.Pair
	From Who // this server, as it says on the link who asks
}

// Dial makes a link to the twin: pairing.ErrAlone, or an error of package link.
func (n Notary) Dial(ctx context.Context, o link.Options) (*Line, error) {
	return n.dialWith(ctx, n.Config.Twin.Identity, o)
}

func (n Notary) dialWith(ctx context.Context, identity string, o link.Options) (*Line, error) {
	self, err := n.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	have, err := Paired(ctx, n.Node)
	if err != nil {
		return nil, err
	}
	target := Target(n.Config, *have)
	target.Identity = identity
	c, err := link.Dial(ctx, target, o)
	if err != nil {
		return nil, err
	}
	return &Line{c, *have, Who{Server: self.Server, Pair: have.Pair, Epoch: self.EpochSeen}}, nil
}

// Check asks the twin who it is, and with back whether it can dial this server.
// Whoever is not the twin that was accepted is pairing.ErrNotTwin.
func (l *Line) Check(ctx context.Context, back bool) (CheckAnswer, error) {
	var a CheckAnswer
	if err := l.Call(ctx, PairCheck, CheckQuestion{l.From, back}, &a); err != nil {
		return a, err
	}
	if a.Server != l.Pair.Server || a.Pair != l.Pair.Pair || a.Name != l.Pair.Name {
		return a, fmt.Errorf("%w: it says that it is %q, server %q of pair %q", pairing.ErrNotTwin, a.Name, a.Server, a.Pair)
	}
	return a, nil
}

// Ask asks the twin how it is, and writes that down for status. The error also
// says what is wrong with a twin that answered.
func (l *Line) Ask(ctx context.Context, cfg *config.Config, data *Data) (exchange.Word, error) {
	say, err := Say(cfg, data)(ctx)
	if err != nil {
		return exchange.Word{}, err
	}
	w, _, err := exchange.Ask(ctx, l, data.Node, exchange.Twin{Server: l.Pair.Server, Pair: l.Pair.Pair}, say)
	return w, err
}

// rekeyWithin bounds each half of telling the twin of a key.
const rekeyWithin = 30 * time.Second

// Rekey gives this server a new key, which the twin takes in the place of the
// old one, and returns its public half.
func (n Notary) Rekey(ctx context.Context, actor string) (key string, err error) {
	fresh := n.Config.Twin.Identity + ".new"
	for _, s := range pairing.RekeySteps() {
		switch s {
		case pairing.MakeKey:
			key, err = link.EnsureIdentity(fresh)
		case pairing.Tell:
			err = n.tell(ctx, fresh, key)
		case pairing.Prove:
			err = n.prove(ctx, fresh)
		case pairing.UseKey:
			err = n.useKey(ctx, fresh, actor)
		}
		if err != nil {
			return "", fmt.Errorf("rekey: %w", err)
		}
	}
	return key, nil
}

// tell has the twin let in the key, by a link with the key that it takes.
func (n Notary) tell(ctx context.Context, fresh, key string) error {
	ctx, cancel := context.WithTimeout(ctx, rekeyWithin)
	defer cancel()
	l, err := n.Dial(ctx, link.Options{})
	if errors.Is(err, link.ErrRefused) { // an earlier try came further
		var again error
		if l, again = n.dialWith(ctx, fresh, link.Options{}); again == nil {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	return l.Call(ctx, PairRekey, RekeyQuestion{l.From, key}, nil)
}

func (n Notary) prove(ctx context.Context, fresh string) error {
	ctx, cancel := context.WithTimeout(ctx, rekeyWithin)
	defer cancel()
	l, err := n.dialWith(ctx, fresh, link.Options{})
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	_, err = l.Check(ctx, false)
	return err
}

// useKey puts the new key in the place of the old one, for good.
func (n Notary) useKey(ctx context.Context, fresh, actor string) error {
	have, err := Paired(ctx, n.Node)
	if err != nil {
		return err
	}
	was, err := link.ReadPublicKey(n.Config.Twin.Identity)
	if err != nil {
		return err
	}
	key, err := link.ReadPublicKey(fresh)
	if err != nil {
		return err
	}
	detail := map[string]string{"key": link.Fingerprint(key), "was": link.Fingerprint(was)}
	act := node.Act{Actor: actor, Verb: PairRekey, Target: have.Name, Detail: detail}
	if err := n.Node.Audit(ctx, act); err != nil { // first: rather twice than never
		return err
	}
	if err := os.Rename(fresh, n.Config.Twin.Identity); err != nil {
		return err
	}
	return store.FlushDir(filepath.Dir(n.Config.Twin.Identity))
}
