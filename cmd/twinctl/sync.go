package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/sync/push"
)

// A syncWish is how somebody wants the twin to become what this server is.
type syncWish struct {
	dryRun  bool
	drift   string
	resolve []string
	first   bool
	only    []string
	except  []string
	deletes int
	view    string
	tell    bool // how far it has come
}

func syncCommand() cli.Command {
	var w syncWish
	return cli.Command{
		Name:  "sync",
		Short: "make the secondary's administration data what the primary's is",
		Long: `Compares both with what they agreed on last, row by row, and shows what it will add, change and remove on the secondary, and what that will cause there. ` +
			`On a terminal it asks once. Then the secondary takes all of it in one transaction, or nothing.

What was edited on the secondary alone (drift), or on both (conflict), stops it with status 8 until somebody chooses: nothing is overwritten that was not shown. ` +
			`Edits that are equal on both agree by themselves. Rows that --only and --except leave out stay pending on both as they are, and stop nothing. If it is cut off, the same again finds out how far it came.`,
		Examples: []cli.Example{
			{Line: "twinctl sync --dry-run", Why: "what would be done? Status 3 if anything"},
			{Line: "twinctl sync", Why: "do it"},
			{Line: "twinctl sync --drift adopt", Why: "and take over first what was edited on the secondary"},
			{Line: "twinctl sync --resolve secondary queue/support", Why: "of this conflict the secondary's row stands"},
			{Line: "twinctl sync --only queue --except queue/support", Why: "the queues, but for that one"},
		},
		Exits:    []cli.Code{cli.Differs, cli.Refused, cli.Unreachable, cli.Untrusted, cli.Conflict, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Flags:    w.flags,
		Complete: w.complete(),
		Run:      with(func(ctx context.Context, call *cli.Call, s *site) error { return s.sync(ctx, call, w) }),
		Sub:      []cli.Command{syncLogCommand(), syncShowCommand(), syncDiffCommand(), syncRollbackCommand()},
	}
}

func (w *syncWish) flags(f *cli.FlagSet) {
	f.BoolVar(&w.dryRun, "dry-run", false, "show what would be done, and change nothing; status 3 if anything would be")
	f.StringVar(&w.drift, "drift", "", "`CHOICE` for rows edited on the secondary alone: keep, overwrite or adopt")
	f.StringArrayVar(&w.resolve, "resolve", nil, "`SIDE KIND/KEY`: of a row edited on both that of the primary or secondary stands; may be given again")
	cli.TwoWords(f, "resolve")
	f.StringArrayVar(&w.only, "only", nil, "nothing but this `KIND[/KEY]`, a row or all rows of a kind; may be given again")
	f.StringArrayVar(&w.except, "except", nil, "not this `KIND[/KEY]`, a row or all rows of a kind; may be given again")
	f.BoolVar(&w.first, "first", false, "begin anew where the twins have no common base: equal rows agree, others are conflicts")
	f.IntVar(&w.deletes, "allow-deletes", 0, "let this `N` of rows be deleted, where that is more than 10 and a fifth of a kind")
	f.BoolVar(&w.tell, "progress", false, "say on standard error how far it has come")
	f.StringVar(&w.view, "view", string(viewRows), "how `MUCH` to show: summary (counts), rows (also the first of each kind) or all")
}

func (w *syncWish) complete() map[string]func(context.Context, *cli.Call) []string {
	words := func(all ...string) func(context.Context, *cli.Call) []string {
		return func(context.Context, *cli.Call) []string { return all }
	}
	return map[string]func(context.Context, *cli.Call) []string{
		"--drift":   words(string(push.DriftKeep), string(push.DriftOverwrite), string(push.DriftAdopt)),
		"--resolve": words(string(push.Primary), string(push.Secondary)),
		"--only":    words(kindNames()...),
		"--except":  words(kindNames()...),
		"--view":    words(string(viewSummary), string(viewRows), string(viewAll)),
	}
}

// options reads what was asked for.
func (w *syncWish) options(by admin.Author) (push.Options, error) {
	o := push.Options{By: by, First: w.first, AllowDeletes: w.deletes, Choices: push.Choices{Resolve: map[admin.Name]push.Side{}}}
	var err error
	if o.Choices.Drift, err = push.ParseDrift(w.drift); err != nil {
		return o, fmt.Errorf("--%w", err)
	}
	for _, words := range w.resolve {
		side, row, _ := strings.Cut(words, " ")
		stands, err := push.ParseSide(side)
		if err != nil {
			return o, fmt.Errorf("--resolve: %w", err)
		}
		name, err := admin.ParseName(row)
		if err != nil {
			return o, fmt.Errorf("--resolve %s: %w", side, err)
		}
		o.Choices.Resolve[admin.Name{Kind: name.Kind, Key: admin.Composed(name.Key)}] = stands
	}
	if o.Choices.Only, err = readRows("only", w.only); err != nil {
		return o, err
	}
	if o.Choices.Except, err = readRows("except", w.except); err != nil {
		return o, err
	}
	if w.deletes < 0 {
		return o, fmt.Errorf("--allow-deletes %d: want 0 or more", w.deletes)
	}
	return o, detail(w.view).check()
}

// author is who changes administration data here.
func (s *site) author(verb string) admin.Author {
	by := admin.Author{Actor: s.actor(), From: cameFrom(), Verb: verb}
	if s.person != nil {
		by.From, by.Allow = strings.TrimSuffix("ssh "+by.From, " "+fromHere), s.mayChange
	}
	return by
}

func (s *site) sync(ctx context.Context, call *cli.Call, w syncWish) error {
	o, err := w.options(s.author("sync"))
	if err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help sync")
	}
	if err := s.notary().MayPush(ctx); err != nil {
		return err
	}
	held, err := app.LockSync(s.Data)
	if err != nil {
		return err
	}
	defer held.Close() //nolint:errcheck // the process ends
	show := syncView{call: call, view: detail(w.view), dryRun: w.dryRun, deletes: w.deletes, tell: w.tell}
	if w.dryRun {
		return s.linked(ctx, o, func(p *push.Pusher) error { return show.wouldDo(ctx, p) })
	}
	var plan *push.Plan
	var declined bool
	err = s.linked(ctx, o, func(p *push.Pusher) (err error) {
		plan, declined, err = show.do(ctx, p)
		return err
	})
	if declined {
		return err // nothing was tried
	}
	return errors.Join(err, s.noteAttempt(ctx, plan, err))
}

// linked does f with what pushes, over a link to the twin.
func (s *site) linked(ctx context.Context, o push.Options, f func(*push.Pusher) error) error {
	l, err := s.notary().Dial(ctx, link.Options{})
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	p, err := s.notary().Pusher(ctx, s.data.Admin, l, o)
	if err != nil {
		return err
	}
	return f(p)
}

// noteAttempt writes down for status what became of a sync, also of one that was
// interrupted. plan may be nil.
func (s *site) noteAttempt(ctx context.Context, plan *push.Plan, why error) error {
	conflicts := 0
	if plan != nil {
		conflicts = len(plan.Conflicts())
	}
	return s.data.Admin.Attempted(context.WithoutCancel(ctx), int64(conflicts), why)
}

// wouldDo makes the plan and shows it.
func (v syncView) wouldDo(ctx context.Context, p *push.Pusher) error {
	plan, err := p.Plan(ctx)
	if err != nil {
		return wayOut(err)
	}
	if err := v.plan(plan, nil); err != nil {
		return err
	}
	if err := plan.Check(p.Options.AllowDeletes); err != nil {
		return wayOut(err)
	}
	if !plan.Empty() {
		return cli.Fail(cli.Differs, nil, "")
	}
	return nil
}

// do makes the plan, shows it, and does it. declined tells that whoever was asked
// did not say yes.
func (v syncView) do(ctx context.Context, p *push.Pusher) (plan *push.Plan, declined bool, err error) {
	shown := false
	plan, result, err := p.Run(ctx, func(_ context.Context, plan *push.Plan) (bool, error) {
		if v.call.Format == cli.Text {
			shown = true
			if err := v.plan(plan, nil); err != nil {
				return false, err
			}
		}
		if v.tell {
			p.Options.Progress = progress(v.call, plan.Secondary.Name)
		}
		err := askPush(v.call, plan)
		declined = err != nil
		return !declined, err
	})
	if err != nil {
		if plan != nil && !shown {
			err = errors.Join(v.plan(plan, nil), err)
		}
		return plan, declined, wayOut(err)
	}
	return plan, false, v.result(plan, result, shown)
}

// askPush asks a person. A script that got so far has said what is to become of
// everything that somebody could regret: it is not asked.
func askPush(call *cli.Call, plan *push.Plan) error {
	if call.NoInput || !cli.IsTerminal(call.In) {
		return nil
	}
	return confirm(call, fmt.Sprintf("make it so on %s?", inert.Text(plan.Secondary.Name)))
}

// wayOut adds to an error of a push what can be done about it.
func wayOut(err error) error {
	var rewritten *push.Rewritten
	if errors.As(err, &rewritten) {
		return cli.Fail(cli.Verdict(err), err, fmt.Sprintf("twinctl audit verify --twin; if admin.db of %s was put back from a copy or begun anew: twinctl audit accept %s",
			inert.Text(rewritten.Twin), rewritten.Is))
	}
	for _, c := range []struct {
		err  error
		hint string
	}{
		{push.ErrConflict, "twinctl sync --dry-run --view all; then --resolve primary|secondary KIND/KEY for each"},
		{push.ErrDrift, "twinctl sync --dry-run --view all; then --drift keep, overwrite or adopt"},
		{push.ErrFirst, "twinctl sync --first --dry-run"},
	} {
		if errors.Is(err, c.err) {
			return cli.Fail(cli.Verdict(err), err, c.hint)
		}
	}
	return err
}
