package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

// systemHostKey is the public host key that the system's sshd shows.
const systemHostKey = "/etc/ssh/ssh_host_ed25519_key.pub"

// A Notary does what pairing decides: it writes the files of keys and the row.
// Its methods may be called by any process of this server, again after each
// error: each does what is missing.
type Notary struct {
	Config *config.Config
	Node   *node.DB
}

// Where says how the twin reaches this server; what is "" is found out.
type Where struct {
	Address string // user@host:port
	HostKey string // file of the public host key that sshd shows
}

// HostKeyFile is where the public host key of the system's sshd is looked up.
func HostKeyFile(w Where) string { return cmp.Or(w.HostKey, systemHostKey) }

// Offer returns what the twin must know of this server. It makes this server's
// keys when they are missing.
func (n Notary) Offer(ctx context.Context, w Where) (pairing.Token, error) {
	w.Address = cmp.Or(w.Address, n.Config.SSH.Address)
	w.HostKey = cmp.Or(w.HostKey, n.Config.SSH.HostKeyPub)
	self, err := n.Node.Self(ctx)
	if err != nil {
		return pairing.Token{}, err
	}
	t := pairing.Token{
		Version: 1, Name: self.Name, Server: self.Server, Role: self.Role,
		Epoch: self.Epoch, EpochSeen: self.EpochSeen, Address: w.Address,
	}
	have, err := n.Node.Pair(ctx)
	if err != nil {
		return t, err
	}
	if have != nil {
		t.Pair = have.Pair
	}
	if t.Address == "" {
		if t.Address, err = n.address(); err != nil {
			return t, err
		}
	}
	if t.HostKey, err = n.hostKey(w.HostKey); err != nil {
		return t, err
	}
	t.PublicKey, err = link.EnsureIdentity(n.Config.Twin.Identity)
	return t, err
}

// address guesses where this server is reached: as its host calls itself.
func (n Notary) address() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", cli.Fail(cli.Usage, fmt.Errorf("address of this server: %w", err), "twinctl pair show --address user@host:port")
	}
	port := "22"
	if n.embedded() {
		if _, port, err = net.SplitHostPort(n.Config.SSH.Listen); err != nil {
			return "", err
		}
	}
	return userName(os.Geteuid()) + "@" + net.JoinHostPort(host, port), nil
}

// hostKey returns the key that this server shows to who logs in.
func (n Notary) hostKey(file string) (string, error) {
	if n.embedded() && file == "" {
		return link.EnsureHostKey(n.Config.SSH.HostKey)
	}
	file = HostKeyFile(Where{HostKey: file})
	text, err := os.ReadFile(file)
	if err == nil {
		var key string
		if key, err = link.CheckKey(string(text)); err == nil {
			return key, nil
		}
	}
	return "", cli.Fail(cli.Usage, fmt.Errorf("host key of this server's sshd: %s: %w", file, err),
		"twinctl pair show --host-key FILE, with the .pub that sshd shows; or set [ssh] listen")
}

// embedded tells whether our own SSH server lets the twin in.
func (n Notary) embedded() bool { return n.Config.SSH.Listen != "" }

// ReadLine reads a line that the twin's pair show printed, with keys that can be
// used. An error is pairing.ErrToken.
func ReadLine(text string) (pairing.Token, error) {
	line, err := pairing.Parse(text)
	if err != nil {
		return line, err
	}
	if _, err := link.ParseAddress(line.Address); err != nil {
		return line, fmt.Errorf("%w: %w", pairing.ErrToken, err)
	}
	for _, key := range []string{line.PublicKey, line.HostKey} {
		if plain, err := link.CheckKey(key); err != nil || plain != key {
			return line, fmt.Errorf("%w: %q is no key: %w", pairing.ErrToken, key, err)
		}
	}
	return line, nil
}

// Decide says what accepting a line would do, and changes nothing.
func (n Notary) Decide(ctx context.Context, line pairing.Token, replace string) (pairing.Decision, node.Self, error) {
	self, err := n.Node.Self(ctx)
	if err != nil {
		return pairing.Decision{}, self, err
	}
	if want := n.Config.Twin.Name; want != "" && want != line.Name {
		return pairing.Decision{}, self, cli.Fail(cli.Usage,
			fmt.Errorf("the line is of %s, and %s says that the twin is %s", line.Name, n.Config.File, want), "twinctl config show --origin")
	}
	have, err := n.Node.Pair(ctx)
	if err != nil {
		return pairing.Decision{}, self, err
	}
	d, err := pairing.Decide(self, have, line, replace)
	if err == nil && !n.embedded() {
		_, _, err = n.nowhereElse(self, line.PublicKey)
	}
	return d, self, refused(err)
}

// refused gives a decision against a pair its exit status.
func refused(err error) error {
	var refusal *pairing.Refusal
	if errors.As(err, &refusal) {
		return cli.Fail(cli.Refused, err, refusal.Hint)
	}
	return err
}

// Accept makes the server of a line this one's twin, and tells whether that
// changed anything that was written down.
func (n Notary) Accept(ctx context.Context, line pairing.Token, replace, actor string) (changed bool, err error) {
	d, self, err := n.Decide(ctx, line, replace)
	if err != nil {
		return false, err
	}
	for _, s := range d.Steps(n.embedded()) {
		if s.Action != pairing.Write {
			err = n.do(self, s)
		} else if changed = d.Changes(self); changed {
			err = n.write(ctx, line, replace, actor)
		}
		if err != nil {
			return false, fmt.Errorf("pair with %s: %w", line.Name, err)
		}
	}
	return changed, nil
}

// write decides again, on what stands there now: another may have been quicker.
func (n Notary) write(ctx context.Context, line pairing.Token, replace, actor string) error {
	heard, err := n.Node.Heard(ctx, node.Out)
	if err != nil {
		return err
	}
	err = n.Node.SetPair(ctx, func(self node.Self, have *node.Pair) (node.Pairing, error) {
		d, err := pairing.Decide(self, have, line, replace)
		act := node.Act{Actor: actor, Verb: "pair.accept", Target: line.Name, Detail: accepted(d, heard)}
		return node.Pairing{Pair: d.Pair, Epoch: d.Epoch, Seen: d.Seen, Act: act}, err
	})
	return refused(err)
}

// An acceptance is the detail of pair.accept in the audit.
type acceptance struct {
	Pair    string     `json:"pair"`
	Server  string     `json:"server"`
	Address string     `json:"address"`
	Key     string     `json:"key"`      // fingerprint
	HostKey string     `json:"host_key"` // fingerprint
	Epoch   int64      `json:"epoch"`    // of this server from now on
	Closed  *closedLog `json:"closed,omitempty"`
}

// A closedLog is the audit of a server that was replaced, as far as it was known.
type closedLog struct {
	Server string    `json:"server"`
	Head   node.Head `json:"head"`
}

func accepted(d pairing.Decision, heard *node.Heard) acceptance {
	a := acceptance{
		Pair: d.Pair.Pair, Server: d.Pair.Server, Address: d.Pair.Address, Epoch: d.Epoch,
		Key: link.Fingerprint(d.Pair.PublicKey), HostKey: link.Fingerprint(d.Pair.HostKey),
	}
	if d.Replaced {
		a.Closed = &closedLog{Server: d.Had.Server}
		if heard != nil {
			a.Closed.Head = heard.Head
		}
	}
	return a
}

// Remove makes this server one without a twin, and returns whom it had. It
// returns nil when it had none; what an earlier try left is taken away.
func (n Notary) Remove(ctx context.Context, actor string) (*node.Pair, error) {
	self, err := n.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	have, err := n.Node.Pair(ctx)
	if err != nil || have == nil {
		return nil, errors.Join(err, n.do(self, pairing.Step{Action: pairing.Revoke}))
	}
	for _, s := range pairing.RemoveSteps(*have) {
		if s.Action == pairing.Forget {
			_, err = n.Node.RemovePair(ctx, node.Act{Actor: actor, Verb: "pair.remove", Target: have.Name})
		} else {
			err = n.do(self, s)
		}
		if err != nil {
			return nil, fmt.Errorf("remove %s: %w", have.Name, err)
		}
	}
	return have, nil
}
