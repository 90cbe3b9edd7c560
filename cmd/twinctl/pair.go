package main

import (
	"context"
	"fmt"
	"io"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

func pairCommand() cli.Command {
	return cli.Command{
		Name:  "pair",
		Short: "make this server and another one twins",
		Examples: []cli.Example{
			{Line: "twinctl pair show", Why: "the line for the other server"},
			{Line: "twinctl pair check", Why: "can they talk, both ways?"},
		},
		Sub: []cli.Command{pairShowCommand(), pairAcceptCommand(), pairCheckCommand(), pairRekeyCommand(), pairRemoveCommand()},
	}
}

// notary is who writes down what pairing decides.
func (s *site) notary() app.Notary { return app.Notary{Config: s.Config, Node: s.data.Node} }

func pairShowCommand() cli.Command {
	var where app.Where
	return cli.Command{
		Name:  "show",
		Short: "print the line by which the other server knows this one",
		Long: `Prints one line, to be given to twinctl pair accept on the other server. It holds nothing secret: names, addresses and public keys. ` +
			`Compare the fingerprints there with those that are shown here, on standard error. ` +
			`The first time it makes this server's own key.`,
		Examples: []cli.Example{
			{Line: "twinctl pair show", Why: "reached at port 22 under the name that this host has"},
			{Line: "twinctl pair show --address twin@10.0.0.7:2222", Why: "reached otherwise"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&where.Address, "address", "", "the twin reaches this server's SSH at `USER@HOST:PORT`")
			f.StringVar(&where.HostKey, "host-key", "", "`FILE` with the public host key that this server's sshd shows (default /etc/ssh/ssh_host_ed25519_key.pub)")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			offer, err := s.notary().Offer(ctx, where)
			if err != nil {
				return err
			}
			return showOffer(call, offer)
		}),
	}
}

// showOffer prints the line of an offer.
func showOffer(call *cli.Call, offer pairing.Token) error {
	line, err := offer.Encode()
	if err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help pair show")
	}
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: shownLine{line, about(offer), offer}})
	}
	writeServer(call.Err, "this server is", about(offer))
	fmt.Fprintf(call.Err, "\non the other server, with the line below:\n  twinctl pair accept LINE\n\n")
	fmt.Fprintln(call.Out, line)
	return nil
}

// A shownLine is the answer of pair show.
type shownLine struct {
	Line   string        `json:"line"`
	Server server        `json:"server"`
	Token  pairing.Token `json:"token"` // what the line says
}

// A server is what a person compares before saying yes.
type server struct {
	Name    string    `json:"name"`
	Server  string    `json:"server"`
	Role    node.Role `json:"role"`
	Address string    `json:"address"`
	Key     string    `json:"key"`      // fingerprint of the one it logs in with
	HostKey string    `json:"host_key"` // fingerprint of the one it shows
}

func about(t pairing.Token) server {
	return server{t.Name, t.Server, t.Role, t.Address, link.Fingerprint(t.PublicKey), link.Fingerprint(t.HostKey)}
}

func writeServer(w io.Writer, title string, s server) {
	fmt.Fprintf(w, "%s %s, %s\n  address   %s\n  its key   %s\n  host key  %s\n",
		title, inert.Text(s.Name), s.Role, inert.Text(s.Address), s.Key, s.HostKey)
}
