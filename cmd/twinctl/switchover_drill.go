package main

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
)

func switchoverDrillCommand() cli.Command {
	var w switchWish
	return cli.Command{
		Name:  "drill",
		Short: "a rehearsal: move the role over and back, and measure it",
		Long: `Moves the role to the other server and back again, as twinctl switchover does, and tells how long each took. The role is really moved, twice: its epochs rise by two. ` +
			`If the way over fails, nothing is tried back.`,
		Examples: []cli.Example{
			{Line: "twinctl switchover drill --reason 'first Monday'", Why: "shows the checks, asks once"},
			{Line: "twinctl switchover drill --yes --json", Why: "the times for programs"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Halted, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Flags:    w.moveFlags,
		Complete: w.complete(),
		Run:      with(func(ctx context.Context, call *cli.Call, s *site) error { return s.drillSwitch(ctx, call, w) }),
	}
}

func (s *site) drillSwitch(ctx context.Context, call *cli.Call, w switchWish) error {
	there, err := w.args(node.IntentDrill)
	if err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help switchover drill")
	}
	if err := s.askSwitch(ctx, call, there); err != nil {
		return err
	}
	var both []switchover.Result
	to := ""
	for range 2 {
		args, err := w.args(node.IntentDrill)
		if err != nil {
			return err
		}
		args.To = to
		f := follower{site: s, call: call, id: args.ID}
		done, err := f.ask(ctx, app.SwitchRole, args, false)
		if err != nil {
			return f.show(ctx, done, err)
		}
		to, both = done.From, append(both, done)
	}
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: struct {
			Moves []switchover.Result `json:"moves"`
		}{both}})
	}
	for _, r := range both {
		fmt.Fprintf(call.Out, "%s -> %s: %.1f s in all\n", inert.Text(r.From), inert.Text(r.To), r.TookMS/1000)
		if err := showResult(call, r); err != nil {
			return err
		}
	}
	return nil
}
