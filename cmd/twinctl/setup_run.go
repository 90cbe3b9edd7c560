package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/cmd/internal/setup"
	"github.com/twinctl/twin/collector/inert"
)

// systemd is there where it runs.
const systemd = "/run/systemd/system"

// A setupRun is one call of setup.
type setupRun struct {
	dialogue
	rim      setup.Rim
	stage    *setup.Stage
	where    app.Where
	all      []setup.Question
	asking   setup.Asking
	existing *config.Config // nil if there is none
	a        setup.Answers
	pin      *setup.Pin // the host key that is to be pinned; nil if there is none
	anew     bool       // the answers are being changed: what is kept is asked too

	shown  string // its fingerprint, as --fingerprint says
	dryRun bool
}

// errAgain is returned when a person changes the answers: all begins anew with
// those that are left.
var errAgain = errors.New("the answers are being changed")

func runSetup(ctx context.Context, call *cli.Call, f setupFlags) error {
	file, err := filepath.Abs(call.Config)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	r := setupRun{dialogue: dialogue{call: call}, rim: setup.Rim{File: file, Systemd: systemd}, where: f.where, shown: f.shown, dryRun: f.dryRun}
	r.all = setup.Questions(host, filepath.Dir(file), setup.Sshd(f.where))
	if r.a, err = f.answers(call, r.all); err != nil {
		return err
	}
	if !call.NoInput && cli.IsTerminal(call.In) {
		r.in = bufio.NewReader(call.In)
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	for {
		if err := r.attempt(ctx); !errors.Is(err, errAgain) {
			return err
		}
	}
}

// attempt asks what is open, and goes on from there to the end. Until the first
// step that writes, a person may change the answers: errAgain.
func (r *setupRun) attempt(ctx context.Context) (err error) {
	if r.stage, err = setup.NewStage(); err != nil { // never one that was given away
		return err
	}
	defer func() { err = errors.Join(err, r.stage.Close()) }()
	if err := r.settle(ctx); err != nil {
		return err
	}
	r.pin = nil
	if err := r.trust(ctx); err != nil {
		return err
	}
	goal := r.goal()
	seen, err := r.rim.See(ctx, goal)
	if err != nil {
		return r.setback(ctx, err, "data")
	}
	steps, err := plan(goal, seen)
	if err != nil {
		return r.setback(ctx, err, "name")
	}
	return r.carryOut(ctx, goal, seen, steps)
}

// carryOut does the steps, or shows them, unless one is known to fail.
func (r *setupRun) carryOut(ctx context.Context, goal setup.Goal, seen setup.Seen, steps []setup.Step) error {
	obstacle := setup.Ready(ctx, goal, steps)
	unreached := ""
	if seen.Config == nil {
		unreached = setup.Unreached(goal)
		r.warn(unreached)
		r.warn(setup.Taken(ctx, goal))
	}
	switch {
	case r.dryRun:
		if obstacle != nil {
			r.warn(obstacle.Error())
		}
		return showSteps(r.call, setupDocument{File: goal.File, DryRun: true, Steps: steps})
	case obstacle != nil:
		return r.setback(ctx, obstacle, "name")
	case unreached != "":
		if err := r.proceed(ctx, "Go on all the same?", "ssh.listen"); err != nil {
			return err
		}
	}
	return r.do(ctx, goal, seen, steps)
}

// warn says what does not keep this from going on, if it is anything.
func (r *setupRun) warn(text string) {
	if text != "" {
		fmt.Fprintf(r.call.Err, "warning: %s\n", inert.Text(text))
	}
}

// plan gives a refusal its exit status.
func plan(goal setup.Goal, seen setup.Seen) ([]setup.Step, error) {
	steps, err := setup.Plan(goal, seen)
	if errors.Is(err, setup.ErrAnother) {
		err = cli.Fail(cli.Refused, err, "twinctl status")
	}
	return steps, err
}

// prepare finds out what is there and what is to be asked, before anything is.
func (r *setupRun) prepare(ctx context.Context) (err error) {
	if r.existing, err = r.rim.Existing(); err != nil {
		return app.Denied(err)
	}
	questions := slices.Clone(r.all)
	if r.existing != nil {
		if questions, err = r.adopt(ctx, questions); err != nil {
			return err
		}
	} else if !r.dryRun { // or all would be asked for nothing
		if err := setup.Writable(r.rim.File); err != nil {
			return err
		}
	}
	for i, q := range questions {
		if q.Key == setup.Secret { // one that stands in its file already is kept
			questions[i].When = func(a setup.Answers) bool { return r.secretFile() != "" && (r.anew || r.kept() == "") }
		}
	}
	r.asking = setup.Asking{Questions: questions, Person: r, Check: func(a setup.Answers) config.Problems { return r.wrong(ctx, a) }}
	return nil
}

// wrong returns what is wrong with the answers so far.
func (r *setupRun) wrong(ctx context.Context, a setup.Answers) config.Problems {
	if r.existing != nil {
		return nil // it was read
	}
	problems := r.stage.Check(r.rim.File, a)
	if !r.dryRun { // which only warns of them
		problems = append(problems, r.rim.Obstacles(ctx, a)...)
	}
	return problems
}

// settle makes the answers complete: from the configuration that is there, else
// by asking, else by defaults.
func (r *setupRun) settle(ctx context.Context) error {
	if err := r.complete(ctx); err != nil {
		return err
	}
	if _, said := r.a[setup.Secret]; !said {
		r.a[setup.Secret] = r.kept()
	}
	if r.existing != nil {
		return nil
	}
	if problems := r.stage.Check(r.rim.File, r.a); len(problems) > 0 {
		err := fmt.Errorf("twin.toml would be wrong: %w%s", problems, setup.Blame(r.all, r.a, problems))
		return r.setback(ctx, cli.Fail(cli.Usage, err, "twinctl help setup"), "name")
	}
	return nil
}

// complete asks what was not said, or takes what is usual.
func (r *setupRun) complete(ctx context.Context) error {
	var missing []setup.Question
	if r.in == nil {
		missing = setup.Fill(r.asking.Questions, r.a)
	} else if err := r.ask(ctx); err != nil {
		return err
	}
	if err := setup.Misfit(r.asking.Questions, r.a); err != nil {
		return r.setback(ctx, cli.Fail(cli.Usage, err, "twinctl help setup"), "feed.kind")
	}
	if len(missing) > 0 {
		return cli.Fail(cli.Usage, fmt.Errorf("not said, and nobody is there to ask: %s", flagsOf(missing)), "twinctl help setup")
	}
	return nil
}

// adopt takes over the configuration that is there, and returns what is still
// to be asked.
func (r *setupRun) adopt(ctx context.Context, questions []setup.Question) ([]setup.Question, error) {
	if err := setup.Adopt(r.existing, r.a); err != nil {
		return nil, cli.Fail(cli.Refused, fmt.Errorf("%w; nothing was changed", err), "twinctl config show --config "+r.rim.File)
	}
	seen, err := r.rim.See(ctx, r.goal())
	if err != nil {
		return nil, err
	}
	if _, said := r.a[setup.Role]; !said && seen.Self != nil {
		r.a[setup.Role] = string(seen.Self.Role)
	}
	var left []setup.Question
	for _, q := range questions {
		if q.Key == setup.Role && seen.Self == nil || q.Key == setup.Secret {
			left = append(left, q)
		}
	}
	return left, nil
}

func (r *setupRun) secretFile() string { return setup.SecretFile(r.rim.File, r.a) }

func (r *setupRun) kept() string { return r.rim.Kept(r.secretFile(), r.a["data"]) }

func (r *setupRun) goal() setup.Goal {
	return setup.Goal{
		File: r.rim.File, Text: setup.Render(r.a, r.secretFile()),
		Name: r.a["name"], Data: r.a["data"], Role: r.a[setup.Role],
		Feed: r.a["feed.name"], SecretFile: r.secretFile(), Secret: r.a[setup.Secret], Pin: r.pin,
		Pages: r.pages(), Listen: r.a["ssh.listen"], Address: r.a["ssh.address"],
	}
}

// pages is where twind will tell how it is.
func (r *setupRun) pages() string {
	if said, ok := r.a["http.listen"]; ok {
		return said
	}
	for _, s := range config.Settings() {
		if s.Key == "http.listen" {
			return s.Default
		}
	}
	return ""
}

func flagsOf(missing []setup.Question) string {
	var flags []string
	for _, q := range missing {
		if q.Key == setup.Secret {
			q.Flag = "secret-from"
		}
		flags = append(flags, "--"+q.Flag)
	}
	return strings.Join(flags, ", ")
}

// do does what is left to do, in order, and reads it back.
func (r *setupRun) do(ctx context.Context, goal setup.Goal, seen setup.Seen, steps []setup.Step) error {
	if err := r.agree(ctx, steps); err != nil {
		return err
	}
	for i, s := range steps {
		if ctx.Err() != nil {
			return fmt.Errorf("the same again goes on: %w", ctx.Err())
		}
		if s.State == setup.Todo {
			if err := r.step(ctx, s, goal, seen); err != nil {
				return err
			}
			steps[i].State = setup.Done
		}
		if s.Do != setup.Show {
			writeStep(r.call, steps[i])
		}
	}
	offer, err := r.readBack(ctx, goal)
	if err != nil {
		return err
	}
	line, err := offer.Encode()
	if err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help pair show")
	}
	if r.call.Format == cli.JSON {
		return showSteps(r.call, setupDocument{File: goal.File, Steps: steps, Line: line, Server: new(about(offer))})
	}
	return showOffer(r.call, offer)
}

// agree shows a person at a terminal what is about to be done, and asks.
func (r *setupRun) agree(ctx context.Context, steps []setup.Step) error {
	if r.in == nil {
		return nil
	}
	todo := false
	for _, s := range steps {
		writeStep(r.call, s)
		todo = todo || s.State == setup.Todo && s.Do != setup.Show
	}
	if !todo {
		return nil
	}
	return r.proceed(ctx, "Do this?", r.asking.Questions[0].Key)
}

func (r *setupRun) step(ctx context.Context, s setup.Step, goal setup.Goal, seen setup.Seen) error {
	switch s.Do {
	case setup.Show: // when all is read back
		return nil
	case setup.Examine:
		return r.examine(ctx, goal, seen)
	default:
		return r.rim.Do(ctx, s, goal, seen)
	}
}

// examine tries the feed's upstream. One that is down now may be gone on without:
// nothing is lost by that but what it says until it is there.
func (r *setupRun) examine(ctx context.Context, goal setup.Goal, seen setup.Seen) error {
	checks, err := r.stage.Examine(ctx, r.a, goal, seen)
	if err != nil {
		return r.setback(ctx, err, r.feedFrom())
	}
	t, failed := checkTable(checks)
	if err := t.WriteText(r.call.Err); err != nil || failed == 0 {
		return err
	}
	fmt.Fprintf(r.call.Err, "warning: %d of %d checks of feed %s failed\n", failed, len(checks), inert.Text(goal.Feed))
	return r.proceed(ctx, "Go on all the same?", r.feedFrom())
}

// readBack finds every step done, or says which is not.
func (r *setupRun) readBack(ctx context.Context, goal setup.Goal) (offer pairing.Token, err error) {
	seen, err := r.rim.See(ctx, goal)
	if err != nil {
		return offer, err
	}
	steps, err := plan(goal, seen)
	if err != nil {
		return offer, err
	}
	for _, s := range steps {
		if s.State == setup.Todo && s.Do != setup.Show {
			return offer, cli.Fail(cli.Unknown, fmt.Errorf("read back: not done: %s", s.Text), "the same again")
		}
	}
	return r.rim.Offer(ctx, seen, r.where)
}
