package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

func pairAcceptCommand() cli.Command {
	var replace string
	return cli.Command{
		Name:  "accept",
		Args:  "LINE",
		Short: "make the server whose line this is the twin",
		Long: `Takes the line that twinctl pair show printed on the other server. It pins that server's host key, lets its key in for the link alone, ` +
			`and writes both down; on the other server the same is done with this one's line. It shows the fingerprints first and asks. ` +
			`Cut short, the same again does what is missing.

Two primaries, two secondaries, a server of the same name, or one more than the twin that there is are refused. ` +
			`A server that lost its disk comes back under its old name: after twinctl init there, accept its new line here with --replace, and then this server's line there.`,
		Examples: []cli.Example{
			{Line: "twinctl pair accept twin1.eyJ2ZXJzaW9uIjox...", Why: "shows what it is about to trust, and asks"},
			{Line: "twinctl pair accept twin1.eyJ2ZXJzaW9uIjox... --replace cms-b", Why: "cms-b lost its disk and was set up anew"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted, cli.Busy},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&replace, "replace", "", "the twin of this `NAME` lost its disk, and the line is of the new one")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			return acceptPair(ctx, call, s, replace)
		}),
	}
}

func acceptPair(ctx context.Context, call *cli.Call, s *site, replace string) error {
	line, err := app.ReadLine(call.Args[0])
	if err != nil {
		return err
	}
	d, self, err := s.notary().Decide(ctx, line, replace)
	if err != nil {
		return err
	}
	if d.Changes(self) {
		writeOffer(call, self, d, line)
		if err := confirm(call, "Trust this server as the twin of "+self.Name+"?"); err != nil {
			return err
		}
	}
	changed, err := s.notary().Accept(ctx, line, replace, s.actor())
	if err != nil {
		return err
	}
	if changed {
		warnLoose(call, s)
	}
	return showPaired(ctx, call, s, changed)
}

// warnLoose says why sshd may not let the twin in nevertheless.
func warnLoose(call *cli.Call, s *site) {
	paths, err := s.notary().Loose()
	if err != nil {
		fmt.Fprintf(call.Err, "warning: whether sshd believes the file of keys cannot be told: %s\n", inert.Text(err.Error()))
	}
	for _, path := range paths {
		fmt.Fprintf(call.Err, "warning: sshd does not let the twin in as long as others can write to %s: chmod go-w %s\n",
			inert.Text(path), inert.Text(path))
	}
}

// writeOffer says what is about to be trusted, and what is not any more.
func writeOffer(call *cli.Call, self node.Self, d pairing.Decision, line pairing.Token) {
	writeServer(call.Err, "the twin will be", about(line))
	if had := d.Had; had != nil {
		writeServer(call.Err, "it takes the place of", about(pairing.Token{
			Name: had.Name, Server: had.Server, Role: line.Role, Address: had.Address, PublicKey: had.PublicKey, HostKey: had.HostKey,
		}))
	}
	if d.Epoch != self.Epoch {
		fmt.Fprintf(call.Err, "the epoch of %s becomes %d (was %d)\n", inert.Text(self.Name), d.Epoch, self.Epoch)
	}
}

// A pairedDocument is the answer of pair accept, as read back.
type pairedDocument struct {
	Pair    string `json:"pair"`
	Twin    server `json:"twin"`
	Epoch   int64  `json:"epoch"` // of this server
	Changed bool   `json:"changed"`
}

func showPaired(ctx context.Context, call *cli.Call, s *site, changed bool) error {
	have, err := s.data.Node.Pair(ctx)
	if err == nil && have == nil {
		err = errors.New("the pair was removed by another")
	}
	if err != nil {
		return cli.Fail(cli.Unknown, fmt.Errorf("read back: %w", err), "twinctl pair accept LINE")
	}
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return err
	}
	role := node.Secondary
	if self.Role == node.Secondary {
		role = node.Primary
	}
	twin := about(pairing.Token{
		Name: have.Name, Server: have.Server, Role: role, Address: have.Address, PublicKey: have.PublicKey, HostKey: have.HostKey,
	})
	switch {
	case call.Format == cli.JSON:
		return call.Show(cli.View{Document: pairedDocument{have.Pair, twin, self.Epoch, changed}})
	case changed:
		fmt.Fprintf(call.Out, "%s is the twin of %s\nNext: twinctl pair show here, accept its line on %s if you have not, then twinctl pair check\n",
			inert.Text(have.Name), inert.Text(self.Name), inert.Text(have.Name))
	default:
		fmt.Fprintf(call.Out, "%s is the twin of %s already; nothing was changed\n", inert.Text(have.Name), inert.Text(self.Name))
	}
	return nil
}
