package main

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/link"
)

func pairRekeyCommand() cli.Command {
	return cli.Command{
		Name:  "rekey",
		Short: "give this server a new key, and tell the twin",
		Long: `Makes a new key, tells the twin by way of the link, logs in with it, and only then gives up the old one. ` +
			`Cut short, the same again goes on. The host key is the sshd's: when that changes, accept the new line on the twin.`,
		Examples: []cli.Example{{Line: "twinctl pair rekey", Why: "as when somebody may have read the old key"}},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			have, err := app.Paired(ctx, s.data.Node)
			if err != nil {
				return err
			}
			if err := confirm(call, "Give this server a new key, which "+have.Name+" takes from now on?"); err != nil {
				return err
			}
			key, err := s.notary().Rekey(ctx, s.actor())
			if err != nil {
				return err
			}
			if call.Format == cli.JSON {
				return call.Show(cli.View{Document: struct {
					Twin string `json:"twin"`
					Key  string `json:"key"` // fingerprint
				}{have.Name, link.Fingerprint(key)}})
			}
			fmt.Fprintf(call.Out, "%s takes the new key %s\n", inert.Text(have.Name), link.Fingerprint(key))
			return nil
		}),
	}
}

func pairRemoveCommand() cli.Command {
	return cli.Command{
		Name:  "remove",
		Short: "make this server one without a twin",
		Long: `Lets the twin in no longer, forgets its host key, and writes that down. Records and epochs stay as they are. ` +
			`The other server is not told: remove this one there too.`,
		Examples: []cli.Example{{Line: "twinctl pair remove", Why: "asks first"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted, cli.Busy},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			have, err := s.data.Node.Pair(ctx)
			if err != nil {
				return err
			}
			if have != nil {
				if err := confirm(call, "Have "+have.Name+" no longer as the twin of this server?"); err != nil {
					return err
				}
			}
			had, err := s.notary().Remove(ctx, s.actor())
			if err != nil {
				return err
			}
			name := ""
			if had != nil {
				name = had.Name
			}
			switch {
			case call.Format == cli.JSON:
				return call.Show(cli.View{Document: struct {
					Twin    string `json:"twin"` // that was; "" if there was none
					Changed bool   `json:"changed"`
				}{name, had != nil}})
			case had == nil:
				fmt.Fprintln(call.Out, "this server has no twin; nothing was changed")
			default:
				fmt.Fprintf(call.Out, "%s is the twin no longer\nNext: twinctl pair remove on %s\n", inert.Text(name), inert.Text(name))
			}
			return nil
		}),
	}
}
