package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/switchover/preflight"
)

// A switchWish is how somebody wants the role moved.
type switchWish struct {
	dryRun, noWait          bool
	resume, abort, failback bool
	to, reason, onRunning   string
	drain                   time.Duration
	skip                    []string
}

func switchoverCommand() cli.Command {
	var w switchWish
	return cli.Command{
		Name:  "switchover",
		Short: "move the role to the other server, step by step, and read it back",
		Long: `Makes the secondary primary and the primary secondary, so that no slot of a timetable is lost and none runs twice. It may be typed on either server: the twind of that one goes through the steps, this verb follows it, and interrupting it stops following only. ` +
			`On a terminal it shows first what both servers say, and asks.

The steps, each noted on both servers before it changes anything:

` + stepsHelp() + `

What fails before the role is given away is undone, and the primary stays it: status 1. After that it is finished; where the other server cannot be reached it halts with status 7, and --resume goes on with it on either server, or --abort gives the role back. ` +
			`If the server that is to be primary is it already, that is status 0 and nothing was changed. If the primary is dead, this is not the verb: twinctl promote.`,
		Examples: []cli.Example{
			{Line: "twinctl switchover --dry-run", Why: "would it go well? Status 0, or 4 with the reasons"},
			{Line: "twinctl switchover --reason 'new disks'", Why: "shows the checks, asks once, and does it"},
			{Line: "twinctl switchover --to cms-b --yes", Why: "in a script: a second time it changes nothing"},
			{Line: "twinctl switchover --on-running cancel --drain-timeout 30s", Why: "do not wait for what runs"},
			{Line: "twinctl switchover --failback", Why: "home again, once all is calm"},
			{Line: "twinctl switchover --resume", Why: "go on with what has halted"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Halted, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Flags:    w.flags,
		Complete: w.complete(),
		Run:      with(func(ctx context.Context, call *cli.Call, s *site) error { return s.switchover(ctx, call, w) }),
		Sub:      []cli.Command{switchoverPlanCommand(), switchoverStatusCommand(), switchoverHistoryCommand(), switchoverDrillCommand()},
	}
}

// stepsHelp lists the steps for the help page.
func stepsHelp() string {
	var b strings.Builder
	for _, s := range switchover.Steps() {
		fmt.Fprintf(&b, "    %-8s %s\n", s.Name, s.What)
		if s.Return {
			fmt.Fprintf(&b, "    %-8s -- point of no return --\n", "")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func (w *switchWish) flags(f *cli.FlagSet) {
	f.BoolVar(&w.dryRun, "dry-run", false, "ask both servers, show the checks and the steps, and change nothing; status 4 if something blocks it")
	f.StringVar(&w.to, "to", "", "the server that is to be primary, by `NAME`; left out: the one that is not")
	w.moveFlags(f)
	f.BoolVar(&w.noWait, "no-wait", false, "write its number once it has begun, and do not follow it")
	f.BoolVar(&w.failback, "failback", false, "towards the server that was made primary at first, if both are filled, in sync, and nothing was moved for 30 minutes")
	f.BoolVar(&w.resume, "resume", false, "go on with the switch-over that has halted")
	f.BoolVar(&w.abort, "abort", false, "end the switch-over that goes on or has halted: who had the role has it again, if the other has not taken it")
}

// moveFlags are those that a drill has too.
func (w *switchWish) moveFlags(f *cli.FlagSet) {
	f.StringVar(&w.reason, "reason", "", "why, in a `TEXT` for the journal and the audit")
	f.StringVar(&w.onRunning, "on-running", switchover.RunningWait, "`CHOICE` for runs that need the role: wait, cancel, or handoff (what may run twice is ended, and runs again on the other server)")
	f.DurationVar(&w.drain, "drain-timeout", switchover.DrainFor, "for how `LONG` those are waited for")
	f.StringArrayVar(&w.skip, "skip-check", nil, "leave the check of this `NAME` out, which stands in the journal; may be given again")
}

func (w *switchWish) complete() map[string]func(context.Context, *cli.Call) []string {
	words := func(all ...string) func(context.Context, *cli.Call) []string {
		return func(context.Context, *cli.Call) []string { return all }
	}
	return map[string]func(context.Context, *cli.Call) []string{
		"--on-running": words(switchover.OnRunning()...),
		"--skip-check": words(preflight.Names()...),
	}
}

// args reads what was asked for.
func (w *switchWish) args(intent node.Intent) (app.SwitchArgs, error) {
	a := app.SwitchArgs{
		ID: rand.Text(), Intent: intent, To: w.to, Reason: w.reason,
		Options: switchover.Options{OnRunning: w.onRunning, DrainS: int64(w.drain.Seconds()), SkipChecks: w.skip},
	}
	if w.drain < time.Second {
		return a, fmt.Errorf("--drain-timeout %v: want 1 s or more", w.drain)
	}
	return a, a.Options.Check()
}

func (w *switchWish) intent() (node.Intent, error) {
	kinds := 0
	for _, is := range []bool{w.resume, w.abort, w.failback} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return "", errors.New("of --resume, --abort and --failback only one can be")
	case (w.resume || w.abort) && (w.dryRun || w.to != ""):
		return "", errors.New("--resume and --abort are about the one that was begun")
	case w.failback && w.to != "":
		return "", errors.New("--failback says where to")
	case w.failback:
		return node.IntentFailback, nil
	}
	return node.IntentSwitchover, nil
}

func (s *site) switchover(ctx context.Context, call *cli.Call, w switchWish) error {
	intent, err := w.intent()
	var args app.SwitchArgs
	if err == nil {
		args, err = w.args(intent)
	}
	if err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help switchover")
	}
	switch {
	case w.resume:
		return s.goOn(ctx, call, app.ResumeSwitch)
	case w.abort:
		return s.goOn(ctx, call, app.AbortSwitch)
	case w.dryRun:
		return s.showPlan(ctx, call, args)
	}
	if err := s.askSwitch(ctx, call, args); err != nil {
		return err
	}
	return s.move(ctx, call, args, w.noWait)
}

// askSwitch shows a person the plan and asks. A script has said yes with --yes.
func (s *site) askSwitch(ctx context.Context, call *cli.Call, args app.SwitchArgs) error {
	if call.Yes {
		return nil
	}
	if call.NoInput || !cli.IsTerminal(call.In) {
		return confirm(call, "")
	}
	p, err := s.planSwitch(ctx, args)
	if err != nil {
		return err
	}
	if p.Already {
		return nil
	}
	writePlan(call.Err, p)
	if !p.Ready {
		return cli.Fail(cli.Refused, errors.New("it is blocked: nothing was changed"), "the fixes above, or --skip-check NAME")
	}
	return confirm(call, fmt.Sprintf("make %s primary?", inert.Text(p.To)))
}

// planSwitch asks both servers how they are.
func (s *site) planSwitch(ctx context.Context, args app.SwitchArgs) (switchover.Plan, error) {
	here, there, ways, err := app.Both(ctx, app.Witness{Config: s.Config, Data: s.data, Say: app.Say(s.Config, s.data)})
	if err != nil {
		return switchover.Plan{}, err
	}
	p, err := switchover.MakePlan(switchover.Wish{Intent: args.Intent, To: args.To, Options: args.Options},
		switchover.Seen{Here: here, There: there, Ways: ways, Limits: preflight.Usual()})
	if errors.Is(err, switchover.ErrQuestion) {
		return p, cli.Fail(cli.Usage, err, "twinctl help switchover")
	}
	if p.From == "" { // it does not answer; who it is, is known all the same
		p.From = here.Twin.Name
	}
	return p, err
}

// move has twind move the role, and follows that.
func (s *site) move(ctx context.Context, call *cli.Call, args app.SwitchArgs, noWait bool) error {
	f := follower{site: s, call: call, id: args.ID}
	done, err := f.ask(ctx, app.SwitchRole, args, noWait)
	if noWait && errors.Is(err, errBegun) {
		return showBegun(call, args.ID)
	}
	return s.orElse(ctx, args.Intent, f.show(ctx, done, err))
}

// orElse adds to why the role was not moved what there is to try about it, where
// that depends on who asked for what.
func (s *site) orElse(ctx context.Context, intent node.Intent, err error) error {
	self, wrong := s.data.Node.Self(ctx)
	switch code := cli.Verdict(err); {
	case err == nil || wrong != nil:
	case code == cli.Unreachable && self.Role == node.Secondary:
		return cli.Fail(code, err, "twinctl pair check; if the primary is dead, and not only out of reach: twinctl promote --primary-is-down")
	case code == cli.Refused && intent == node.IntentFailback && !errors.Is(err, node.ErrNotClaimed):
		return cli.Fail(code, err, "twinctl switchover --failback --dry-run")
	case code == cli.Busy:
		return cli.Fail(code, err, "twinctl switchover status; twinctl switchover --abort ends what goes on")
	}
	return err
}

// goOn has twind go on with the move that has halted, or end it.
func (s *site) goOn(ctx context.Context, call *cli.Call, verb string) error {
	f := follower{site: s, call: call}
	open, err := s.data.Node.Runbook(ctx, "")
	switch {
	case errors.Is(err, node.ErrNoRunbook): // the twin may have one
	case err != nil:
		return err
	case open.State == node.RunbookOpen:
		f.id, f.shown = open.ID, len(open.Notes)
	}
	done, err := f.ask(ctx, verb, app.AbortArgs{}, false)
	return s.orElse(ctx, "", f.show(ctx, done, err))
}
