package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/sync/vault"
)

// leftToOthers is what the twin's backups leave of a disk, in bytes, beside what
// storing needs: collecting goes before keeping copies.
const leftToOthers = 1 << 30

// Sent is what became of sending backups to the twin.
type Sent struct {
	Twin  string   // "": there is none
	Names []string // that the twin had not, and has read back now
	Err   error
}

// SendBackups sends the twin what it lacks of the newest chain of this server's
// backups, under the lock of backups.
func SendBackups(ctx context.Context, cfg *config.Config, data *Data) (sent Sent, err error) {
	held, err := LockBackup(data.Dir)
	if err != nil {
		return sent, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	return sendBackups(ctx, cfg, data), nil
}

func sendBackups(ctx context.Context, cfg *config.Config, data *Data) Sent {
	have, err := data.Node.Pair(ctx)
	if err != nil || have == nil {
		return Sent{Err: err}
	}
	s := Sent{Twin: have.Name}
	var newest string
	newest, s.Err = s.send(ctx, cfg, data)
	if s.Err != nil && newest != "" {
		s.Err = errors.Join(s.Err, data.Node.NoteUnsent(context.WithoutCancel(ctx), newest, s.Err.Error()))
	}
	return s
}

// send does it, and returns the newest of this server's backups.
func (s *Sent) send(ctx context.Context, cfg *config.Config, data *Data) (newest string, err error) {
	self, err := data.Node.Self(ctx)
	if err != nil {
		return "", err
	}
	keeper := Backups(cfg)
	all, err := keeper.Sets(ctx)
	if err != nil {
		return "", err
	}
	chain, err := backup.Chain(backup.Of(all, self.Server, self.Name))
	if err != nil || len(chain) == 0 {
		return "", err
	}
	newest = chain[len(chain)-1].Title()
	l, err := (Notary{Config: cfg, Node: data.Node}).Dial(ctx, link.Options{})
	if err != nil {
		return newest, err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	if _, err := l.Check(ctx, false); err != nil {
		return newest, err
	}
	return newest, s.over(ctx, vault.Sender{Peer: l, From: keeper}, chain, data.Node)
}

// over sends over a link what the twin lacks, and asks then what it has.
func (s *Sent) over(ctx context.Context, to vault.Sender, chain []backup.Set, n *node.DB) error {
	there, err := to.List(ctx)
	if err != nil {
		return err
	}
	for _, set := range vault.Missing(chain, there) {
		if err := to.Send(ctx, set); err != nil {
			return err
		}
		s.Names = append(s.Names, set.Title())
	}
	if there, err = to.List(ctx); err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if left := vault.Missing(chain, there); len(left) > 0 {
		return fmt.Errorf("%s is not among the backups on %s", left[0].Title(), s.Twin)
	}
	for _, set := range chain {
		if err := n.NoteSent(context.WithoutCancel(ctx), set.Title(), Actor()); err != nil {
			return err
		}
	}
	return nil
}

// OnTwin returns which of this server's backups the twin has.
func OnTwin(ctx context.Context, cfg *config.Config, data *Data) ([]backup.Kept, error) {
	l, err := (Notary{Config: cfg, Node: data.Node}).Dial(ctx, link.Options{})
	if err != nil {
		return nil, err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	if _, err := l.Check(ctx, false); err != nil {
		return nil, err
	}
	return vault.Sender{Peer: l}.List(ctx)
}

// FromTwin is where the backups of a twin of that name lie here.
func FromTwin(cfg *config.Config, twin string) string {
	return filepath.Join(cfg.Backup.Directory, backup.OfTwin(twin))
}

// Incoming takes the backups of the twin.
func Incoming(cfg *config.Config, twin node.Pair) backup.Incoming {
	return backup.Incoming{Dir: FromTwin(cfg, twin.Name), Server: twin.Server, Quota: cfg.Backup.Quota(), Spare: leftToOthers}
}

func (p Peer) vault(twin node.Pair) vault.Handler {
	in := Incoming(p.Config, twin)
	in.Spare += spare + p.reserved()
	return vault.Handler{In: in}
}

// keep answers one verb about the twin's backups. What is wrong travels with its
// exit status.
func (p Peer) keep(ctx context.Context, twin node.Pair, verb string, args json.RawMessage) (any, error) {
	answer, err := p.vault(twin).Answer(ctx, verb, args)
	switch {
	case errors.Is(err, vault.ErrVerb), errors.Is(err, vault.ErrQuestion):
		return nil, remote(cli.Usage, err)
	case err != nil:
		return nil, remote(cli.Verdict(err), fmt.Errorf("on %s: %w", p.Config.Name, err))
	}
	if verb == vault.VerbKeep {
		return answer, p.kept(ctx, twin, args)
	}
	return answer, nil
}

// kept writes down that the twin has put a backup here.
func (p Peer) kept(ctx context.Context, twin node.Pair, args json.RawMessage) error {
	var q vault.Keep
	if err := json.Unmarshal(args, &q); err != nil {
		return err
	}
	return p.Node.AuditRefusal(ctx, node.Act{Actor: twin.Name, Verb: "backup.keep", Target: q.Name})
}

func (p Peer) takePiece(ctx context.Context, twin node.Pair, path string) (link.Upload, error) {
	piece, err := p.vault(twin).Create(ctx, path)
	if err != nil {
		return nil, remote(cli.Verdict(err), err)
	}
	return piece, nil
}

func isVault(path string) bool { return strings.HasPrefix(path, vault.Tree) }
