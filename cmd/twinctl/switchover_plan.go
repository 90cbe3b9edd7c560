package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover/upgrade"
	"github.com/twinctl/twin/sync/link"
)

func switchoverCommand() cli.Command {
	return cli.Command{
		Name:     "switchover",
		Short:    "move the role to the twin",
		Examples: []cli.Example{{Line: "twinctl switchover plan --upgrade", Why: "the order for a newer version on both"}},
		Sub:      []cli.Command{switchoverPlanCommand()},
	}
}

// planTwin is how long the twin is asked for its version.
const planTwin = 10 * time.Second

func switchoverPlanCommand() cli.Command {
	var upgrading bool
	var to string
	return cli.Command{
		Name:  "plan",
		Short: "print what is to be done, and do nothing",
		Long: `With --upgrade it prints the order in which both twins get a newer version without loss, with the commands to type on each: the secondary first, then what it missed, the switch-over, the other one, and home again. ` +
			`At any time one of them hears the feeds, and the role is never on the one that is stopped.

With --to, a server that runs that version already is left out: the same again in the middle prints what is left. A twin that cannot be asked is taken to need it.`,
		Examples: []cli.Example{
			{Line: "twinctl switchover plan --upgrade", Why: "what to type where"},
			{Line: "twinctl switchover plan --upgrade -o md > upgrade.md", Why: "a sheet to tick off"},
			{Line: "twinctl switchover plan --upgrade --to 1.3.0", Why: "what is left to do?"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Conflict},
		Outputs: []cli.Format{cli.Text, cli.MD, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&upgrading, "upgrade", false, "the plan for a newer version on both")
			f.StringVar(&to, "to", "", "the `VERSION` that both are to run, as twinctl version shows it")
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			if !upgrading {
				return cli.Fail(cli.Usage, errors.New("which plan? There is --upgrade"), "twinctl switchover plan --upgrade")
			}
			return with(func(ctx context.Context, call *cli.Call, s *site) error {
				plan, err := s.upgradePlan(ctx, call, to)
				if err != nil {
					return err
				}
				return showUpgrade(call, plan)
			})(ctx, call)
		},
	}
}

func showUpgrade(call *cli.Call, p upgrade.Plan) error {
	switch call.Format {
	case cli.JSON:
		return call.Show(cli.View{Document: p})
	case cli.MD:
		_, err := io.WriteString(call.Out, p.Markdown())
		return err
	default:
		_, err := io.WriteString(call.Out, p.Text())
		return err
	}
}

// upgradePlan asks both who they are. A twin that does not answer has the other
// role, as long as this server knows no better.
func (s *site) upgradePlan(ctx context.Context, call *cli.Call, to string) (upgrade.Plan, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return upgrade.Plan{}, err
	}
	pair, err := s.data.Node.Pair(ctx)
	if err != nil {
		return upgrade.Plan{}, err
	}
	if pair == nil {
		return upgrade.Plan{}, pairing.ErrAlone
	}
	doc, err := app.Status(ctx, s.Config, s.data)
	if err != nil {
		return upgrade.Plan{}, err
	}
	first := self.Epoch%2 == 1 // init made it primary
	here := upgrade.Server{Name: self.Name, Role: self.Role, Version: doc.Version, Home: first}
	there := upgrade.Server{Name: pair.Name, Role: node.Primary, Home: !first}
	if self.Role == node.Primary {
		there.Role = node.Secondary
	}
	if a, err := s.askTwin(ctx); err == nil {
		there.Role, there.Version = a.Role, a.Version
	} else {
		fmt.Fprintf(call.Err, "note: %s; its version is not known\n", inert.Text(err.Error()))
	}
	plan, err := upgrade.Order(here, there, to)
	if errors.Is(err, upgrade.ErrRoles) {
		err = cli.Fail(cli.Conflict, err, "twinctl pair check")
	}
	return plan, err
}

// askTwin asks the twin who it is.
func (s *site) askTwin(ctx context.Context) (app.CheckAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, planTwin)
	defer cancel()
	l, err := s.notary().Dial(ctx, link.Options{})
	if err != nil {
		return app.CheckAnswer{}, err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	return l.Check(ctx, false)
}
