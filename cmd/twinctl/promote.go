package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
)

// saidDown is the reason of who gives none, and confirms that the primary is down.
const saidDown = "the primary is down"

// A promoteWish is how somebody wants the role taken.
type promoteWish struct {
	down, dryRun    bool
	confirm, reason string
}

func promoteCommand(name string) cli.Command {
	var w promoteWish
	return cli.Command{
		Name:  name,
		Short: "take the role on this server, because the primary is down",
		Long: `Makes this server primary without the other one's help. It is typed on the secondary, whose twind does it; if both do well, twinctl switchover is the verb.

The steps, noted in the journal:

` + promoteHelp() + `

The twin is asked over the link, anew. If it is secondary, the role is taken. If it is primary, runs and can write, this is refused with status 4. If its machine answers but its twind is dead or frozen, or its disk is full, read-only or failed, it is fenced first: its twind is ended, and starts nothing that needs the role until it has heard of the new epoch. ` +
			`If nobody reaches it, nothing proves that it is down: status 4, unless a person says so, by typing its name or with --confirm, which stands in the journal and the audit. If that is not so, slots may run on both until the two meet; then the old primary steps down, and both list them.

Slots that the old primary did not report are decided upon as each timetable's on_promotion says; how many is told at the end. If this server is primary already, that is status 0 and nothing was changed. A switch-over that halted is ended by it. ` +
			`As long as the old primary has not heard of the new epoch an alarm says so; when it returns it becomes secondary by itself. ` + name + ` and ` + map[string]string{"promote": "failover", "failover": "promote"}[name] + ` are the same.`,
		Examples: []cli.Example{
			{Line: "twinctl " + name + " --primary-is-down --dry-run", Why: "what is seen, and would it be done? Status 0, or 4"},
			{Line: "twinctl " + name + " --primary-is-down", Why: "on a terminal it shows what it sees, and asks"},
			{Line: "twinctl " + name + " --primary-is-down --confirm cms-a --reason 'its rack burns'", Why: "nobody reaches cms-a, and it is known to be down"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted, cli.Halted, cli.Busy, cli.Unknown},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&w.down, "primary-is-down", false, "must be said: if the primary does well, twinctl switchover moves the role without loss")
			f.StringVar(&w.confirm, "confirm", "", "the `NAME` of the other server, by which it is said to be down though nothing proves that")
			f.StringVar(&w.reason, "reason", "", "why, in a `TEXT` for the journal and the audit")
			f.BoolVar(&w.dryRun, "dry-run", false, "look, say what would be done, and change nothing; status 4 if it would be refused")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error { return s.promote(ctx, call, w) }),
	}
}

// promoteHelp lists the steps for the help page.
func promoteHelp() string {
	var b strings.Builder
	for _, s := range switchover.PromoteSteps() {
		fmt.Fprintf(&b, "    %-8s %s\n", s.Name, s.What)
	}
	return strings.TrimRight(b.String(), "\n")
}

func (s *site) promote(ctx context.Context, call *cli.Call, w promoteWish) error {
	if !w.down {
		return cli.Fail(cli.Usage, errors.New("--primary-is-down must be said: if the primary does well, this is the wrong verb"), "twinctl switchover")
	}
	if app.Running(s.data.Dir) == 0 {
		return fmt.Errorf("%w: this server cannot be primary without it; nothing was changed", node.ErrNotClaimed)
	}
	person := !call.Yes && !call.NoInput && cli.IsTerminal(call.In)
	if w.dryRun || person {
		seen, err := s.lookAt(ctx, w)
		if err != nil {
			return err
		}
		if w.dryRun {
			return showPromotePlan(call, seen)
		}
		if err := askPromote(ctx, call, &w, seen); err != nil {
			return err
		}
	}
	if w.confirm != "" && w.reason == "" {
		w.reason = saidDown
	}
	args := app.PromoteArgs{ID: rand.Text(), Reason: w.reason, Confirm: w.confirm}
	f := follower{site: s, call: call, id: args.ID}
	var done switchover.Promoted
	if err := f.askFor(ctx, app.PromoteRole, args, &done); err != nil {
		return f.show(ctx, switchover.Result{}, err)
	}
	return showPromoted(call, done)
}

// A promotePlan is what is seen, and what would be done.
type promotePlan struct {
	Name    string             `json:"name"`
	Twin    string             `json:"twin"`
	Reached bool               `json:"reached"`
	Vitals  *switchover.Vitals `json:"vitals"` // of the twin; null: nobody reaches it
	Ruling  switchover.Ruling  `json:"ruling"`
	Steps   []switchover.Step  `json:"steps"`
}

// lookAt sees how both do, and what that would come to.
func (s *site) lookAt(ctx context.Context, w promoteWish) (promotePlan, error) {
	own, twin, err := app.Scout{Notary: s.notary(), Say: app.Say(s.Config, s.data), Within: app.LookWithin}.Look(ctx)
	if err != nil {
		return promotePlan{}, err
	}
	said := switchover.Attestation{Name: w.confirm, Reason: w.reason}
	if said.Name != "" && said.Reason == "" {
		said.Reason = saidDown
	}
	p := promotePlan{Name: own.Name, Twin: twin.Name, Reached: twin.Away == nil, Ruling: switchover.Rule(own, twin, said), Steps: switchover.PromoteSteps()}
	if p.Reached {
		p.Vitals = &twin.Vitals
	}
	return p, nil
}

// askPromote shows a person what is seen, and asks: where nothing proves that the
// primary is down, for its name and a reason, which end with ctx.
func askPromote(ctx context.Context, call *cli.Call, w *promoteWish, p promotePlan) error {
	writePromotePlan(call.Err, p)
	switch p.Ruling.Verdict {
	case switchover.VerdictAlready, switchover.VerdictAlive, switchover.VerdictRefused:
		return nil // twind says it with its status
	case switchover.VerdictTake, switchover.VerdictFence:
		return confirm(call, "make "+p.Name+" primary?")
	case switchover.VerdictNoProof:
	}
	in := dialogue{call, bufio.NewReader(call.In)}
	fmt.Fprintf(call.Err, "if it is not down, slots may run twice. Is it down for sure? Type its name, %s: ", inert.Text(p.Twin))
	name, err := in.read(ctx)
	if err != nil {
		return err
	}
	if strings.TrimSpace(name) != p.Twin {
		return cli.Fail(cli.Refused, errors.New("not confirmed: nothing was changed"), "")
	}
	w.confirm = p.Twin
	if w.reason == "" {
		fmt.Fprint(call.Err, "how is that known? ")
		reason, err := in.read(ctx)
		if err != nil {
			return err
		}
		if w.reason = strings.TrimSpace(reason); w.reason == "" {
			return cli.Fail(cli.Refused, errors.New("no reason: nothing was changed"), "")
		}
	}
	return nil
}

// showPromotePlan writes what is seen: status 4 if it would be refused.
func showPromotePlan(call *cli.Call, p promotePlan) error {
	if call.Format == cli.JSON {
		if err := call.Show(cli.View{Document: p}); err != nil {
			return err
		}
	} else {
		writePromotePlan(call.Out, p)
	}
	if p.Ruling.Err() != nil {
		return cli.Fail(cli.Refused, nil, "")
	}
	return nil
}

func writePromotePlan(out io.Writer, p promotePlan) {
	fmt.Fprintf(out, "%s\n", inert.Text(p.Ruling.Because))
	switch p.Ruling.Verdict {
	case switchover.VerdictAlready:
		fmt.Fprintln(out, "nothing would be done")
		return
	case switchover.VerdictAlive:
		fmt.Fprintf(out, "refused: it does its work\nnext: twinctl switchover --to %s\n", inert.Text(p.Name))
		return
	case switchover.VerdictRefused:
		fmt.Fprintln(out, "refused")
		return
	case switchover.VerdictNoProof:
		fmt.Fprintf(out, "nothing proves that %[1]s is down: refused without --confirm %[1]s\n", inert.Text(p.Twin))
		return
	case switchover.VerdictTake, switchover.VerdictFence:
	}
	fmt.Fprintf(out, "\npromotion: %s -> %s\n\n", inert.Text(p.Twin), inert.Text(p.Name))
	for i, s := range p.Steps {
		if s.Name == "fence" && p.Ruling.Verdict != switchover.VerdictFence {
			continue
		}
		fmt.Fprintf(out, "%3d. %-8s %s\n", i+1, s.Name, s.What)
	}
}

// showPromoted writes what came of it.
func showPromoted(call *cli.Call, p switchover.Promoted) error {
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: p})
	}
	if p.Outcome == switchover.OutcomeAlready {
		_, err := fmt.Fprintf(call.Out, "%s is primary already, epoch %d: nothing was changed\n", inert.Text(p.Primary), p.Epoch)
		return err
	}
	fmt.Fprintf(call.Out, "%s is primary, epoch %d; read back\n", inert.Text(p.Primary), p.Epoch)
	fmt.Fprintf(call.Out, "%s", p.Slots)
	if p.Slots != (node.Reviewed{}) {
		fmt.Fprint(call.Out, ": twinctl run list --state missed")
	}
	fmt.Fprintln(call.Out)
	if !p.Acked {
		fmt.Fprintf(call.Out, "%s does not know yet: it is told when it returns, and steps down by itself\n", inert.Text(p.From))
	}
	return nil
}

// askFor is as ask, for a verb with an answer of its own.
func (f *follower) askFor(ctx context.Context, verb string, args, answer any) error {
	text, err := json.Marshal(args)
	if err != nil {
		return err
	}
	a, err := f.follow(ctx, f.request(verb, text), false)
	if err == nil {
		err = app.Refusal(a)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(a.Text), answer); err != nil {
		return cli.Fail(cli.Unknown, fmt.Errorf("what twind answered: %w", err), "twinctl role show")
	}
	return nil
}
