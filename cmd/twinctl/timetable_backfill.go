package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/engine"
)

func timetableBackfillCommand() cli.Command {
	var b backfill
	return cli.Command{
		Name:  "backfill",
		Args:  "NAME",
		Short: "run slots of the past that did not run",
		Long: `Runs the slots of a stretch that were skipped or missed, or that nobody knew of; with --failed those too that failed, were cancelled or interrupted, ` +
			`and with --all every one. Of what goes with the role, what the twin told that it ran stands for this server too. Its tasks get the slot in TWIN_SLOT, and reports are of that time. They run one after another. ` +
			`The slots are shown first, and asked.`,
		Examples: []cli.Example{
			{Line: "twinctl timetable backfill weekly --from 2026-11-01 --dry-run", Why: "which would run?"},
			{Line: "twinctl timetable backfill nightly --from 7d --failed --yes", Why: "all of a week that is not ok"},
		},
		Exits:    []cli.Code{cli.Differs, cli.Refused, cli.Unreachable, cli.Untrusted, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeKeys(timetableKind())},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&b.from, "from", "", "slots from this `TIME` on; must be said")
			f.StringVar(&b.to, "to", "now", "slots before this `TIME`, "+toWords)
			f.BoolVar(&b.failed, "failed", false, "also those that failed, were cancelled or interrupted")
			f.BoolVar(&b.all, "all", false, "also those that did well")
			f.BoolVar(&b.dryRun, "dry-run", false, "show which would run, and run none; status 3 if any would")
		},
		Run: with(b.run),
	}
}

type backfill struct {
	timeStretch
	failed, all, dryRun bool
}

// A backfillSlot is a slot that is run, and what became of it before.
type backfillSlot struct {
	Slot    node.Moment   `json:"slot"`
	Attempt int           `json:"attempt"`
	Was     node.RunState `json:"was"` // "": nothing is known
	Reason  string        `json:"reason"`
	Server  string        `json:"server"` // that tells so; "": none does

	told bool // it is the twin
	zone *time.Location
}

func (b *backfill) run(ctx context.Context, call *cli.Call, s *site) error {
	row, err := s.timetableRow(ctx, call.Args[0])
	if err != nil {
		return err
	}
	p, err := s.plan(ctx, row)
	if err != nil {
		return err
	}
	if p.wrong != "" {
		return cli.Fail(cli.Refused, fmt.Errorf("%s", p.wrong), "twinctl timetable show NAME")
	}
	span, err := b.span(ctx, s)
	if err != nil {
		return err
	}
	slots, err := b.slots(ctx, s, p.Timetable, span)
	if err != nil {
		return err
	}
	switch {
	case len(slots) == 0:
		fmt.Fprintln(call.Err, "no slot of that time is to be run")
		return b.show(call, slots, nil)
	case b.dryRun:
		if err := b.show(call, slots, nil); err != nil {
			return err
		}
		return cli.Fail(cli.Differs, nil, "")
	case !call.Yes:
		if err := backfillTable(slots).WriteText(call.Err); err != nil {
			return err
		}
	}
	if err := confirm(call, fmt.Sprintf("Run these %d slots of %s", len(slots), inert.Text(p.Name))); err != nil {
		return err
	}
	return b.ask(ctx, call, s, p, span)
}

// span reads from when to when, up to now.
func (b *backfill) span(ctx context.Context, s *site) (record.Span, error) {
	const help = "twinctl help timetable backfill"
	if b.from == "" {
		return record.Span{}, cli.Fail(cli.Usage, fmt.Errorf("--from is missing: slots from when on?"), help)
	}
	zone, err := s.zone(ctx)
	if err != nil {
		return record.Span{}, err
	}
	now := time.Now()
	span, err := b.read(now, zone)
	if err != nil {
		return span, cli.Fail(cli.Usage, err, help)
	}
	span.To = min(span.To, record.At(now))
	if span.To <= span.From {
		return span, cli.Fail(cli.Usage, fmt.Errorf("--from %s is to come: want a time that is past", b.from), help)
	}
	return span, nil
}

// slots returns what would be run, as far as the ledger tells.
func (b *backfill) slots(ctx context.Context, s *site, t timetable.Timetable, span record.Span) ([]backfillSlot, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	wanted := engine.Backfill{Timetable: t.ID, Span: span, Failed: b.failed, All: b.all}
	all, err := engine.PlanBackfill(ctx, s.data.Node, t, wanted, self.Epoch)
	if errors.Is(err, engine.ErrStretch) {
		return nil, cli.Fail(cli.Usage, err, "")
	}
	if err != nil {
		return nil, err
	}
	slots := make([]backfillSlot, len(all))
	for i, slot := range all {
		was := slot.Was
		slots[i] = backfillSlot{node.Moment(slot.Slot), slot.Attempt, was.State, was.Reason, was.Server, was.Theirs != 0, t.Schedule.Zone()}
	}
	return slots, nil
}

// ask has twind run them, and shows the runs.
func (b *backfill) ask(ctx context.Context, call *cli.Call, s *site, p planned, span record.Span) error {
	var begun app.BackfillAnswer
	args := app.BackfillArgs{ID: p.ID, From: node.Moment(span.From), To: node.Moment(span.To), Failed: b.failed, All: b.all}
	if err := s.ask(ctx, call, app.BackfillTimetable, args, &begun); err != nil {
		return err
	}
	rows := make([]runRow, len(begun.Runs))
	for i, id := range begun.Runs {
		r, err := s.data.Node.Run(ctx, id)
		if err != nil {
			return cli.Fail(cli.Unknown, err, "twinctl run list")
		}
		rows[i] = runRowOf(r)
	}
	if len(rows) > 0 && call.Format == cli.Text {
		fmt.Fprintf(call.Err, "%d runs go on: twinctl run list --timetable %s\n", len(rows), inert.Text(p.ID))
	}
	return b.show(call, nil, rows)
}

func (b *backfill) show(call *cli.Call, slots []backfillSlot, rows []runRow) error {
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: struct {
			DryRun bool           `json:"dry_run"`
			Slots  []backfillSlot `json:"slots"` // that would be run
			Runs   []runRow       `json:"runs"`  // that were begun
		}{b.dryRun, append([]backfillSlot{}, slots...), append([]runRow{}, rows...)}})
	}
	switch {
	case len(rows) > 0:
		return runTable(rows).WriteText(call.Out)
	case len(slots) > 0:
		return backfillTable(slots).WriteText(call.Out)
	}
	return nil
}

func backfillTable(slots []backfillSlot) cli.Table {
	t := cli.Table{Columns: []cli.Column{{Name: "slot"}, {Name: "attempt", Number: true}, {Name: "was", Maybe: true}}}
	for _, slot := range slots {
		t.Add(slotTime(slot.Slot, slot.zone), number(int64(slot.Attempt)), slot.words())
	}
	return t
}

// words says for people what became of it, and where if that was not here.
func (b backfillSlot) words() string {
	text := string(b.Was)
	if b.told {
		text += " on " + inert.Text(b.Server)
	}
	return strings.TrimSuffix(text+": "+b.Reason, ": ")
}
