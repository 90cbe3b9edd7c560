package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover/upgrade"
	"github.com/twinctl/twin/sync/link"
)

// planTwin is how long the twin is asked for its version.
const planTwin = 10 * time.Second

func switchoverPlanCommand() cli.Command {
	var upgrading bool
	var to string
	var w switchWish
	return cli.Command{
		Name:  "plan",
		Short: "print what is to be done, and do nothing",
		Long: `What twinctl switchover would do now, step by step, with what both servers say of it: status 4 if something blocks it. With -o md it is a page to hand out.

With --upgrade it prints the order in which both twins get a newer version without loss, with the commands to type on each: the secondary first, then what it missed, the switch-over, the other one, and home again. ` +
			`At any time one of them hears the feeds, and the role is never on the one that is stopped.

With --to too, a server that runs that version already is left out: the same again in the middle prints what is left. A twin that cannot be asked is taken to need it.`,
		Examples: []cli.Example{
			{Line: "twinctl switchover plan -o md > runbook.md", Why: "the runbook, to put beside others"},
			{Line: "twinctl switchover plan --upgrade", Why: "what to type where"},
			{Line: "twinctl switchover plan --upgrade -o md > upgrade.md", Why: "a sheet to tick off"},
			{Line: "twinctl switchover plan --upgrade --to 1.3.0", Why: "what is left to do?"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Conflict},
		Outputs: []cli.Format{cli.Text, cli.MD, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&upgrading, "upgrade", false, "the plan for a newer version on both")
			f.StringVar(&to, "to", "", "the `VERSION` that both are to run, as twinctl version shows it; with --upgrade")
			f.BoolVar(&w.failback, "failback", false, "the way to the server that was made primary at first")
			w.moveFlags(f)
		},
		Complete: w.complete(),
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if !upgrading {
				return s.switchPlan(ctx, call, w, to)
			}
			plan, err := s.upgradePlan(ctx, call, to)
			if err != nil {
				return err
			}
			return showUpgrade(call, plan)
		}),
	}
}

// switchPlan writes the plan of a switch-over.
func (s *site) switchPlan(ctx context.Context, call *cli.Call, w switchWish, version string) error {
	intent, err := w.intent()
	if err == nil && version != "" {
		err = errors.New("--to is the version of --upgrade")
	}
	var args app.SwitchArgs
	if err == nil {
		args, err = w.args(intent)
	}
	if err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help switchover plan")
	}
	return s.showPlan(ctx, call, args)
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
	pair, err := app.Paired(ctx, s.data.Node)
	if err != nil {
		return upgrade.Plan{}, err
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
