package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
)

// changeExits are what a change of timetables can give.
func changeExits() []cli.Code {
	return []cli.Code{cli.Differs, cli.Refused, cli.Untrusted, cli.Busy, cli.Unknown}
}

const scheduleWords = `Every answer says the schedule in words, what there is to be warned of, and the next slots on both servers.`

func timetableAddCommand() cli.Command {
	a := act{verb: "timetable.add", timetables: true}
	var w wishes
	offers := completeWishes()
	delete(offers, "NAME") // a new one
	return cli.Command{
		Name:  "add",
		Args:  "NAME",
		Short: "make a timetable",
		Long: `A schedule and the tasks that run in their order, each a verb of twinctl or a program of your own. ` + scheduleWords +
			"\n\nTasks:\n\n" + tasksHelp() + "\n\n" + scheduleHelp(),
		Examples: []cli.Example{
			{Line: `twinctl timetable add nightly --schedule "0 2 * * *" --task sync`},
			{Line: "twinctl timetable add safe --schedule @daily \\\n      --task 'backup incremental' --task 'backup prune'", Why: "two tasks, on both servers"},
			{Line: "twinctl timetable add weekly --schedule '0 6 * * mon' --calendar desk \\\n      --task 'report saved Weekly --mail'"},
			{Line: "twinctl timetable add tell --schedule 'every 15m' --catch-up skip \\\n      --task 'exec /usr/local/bin/tell --all'", Why: "your own program"},
			{Line: "twinctl timetable add try --schedule '30 2 * * *' --task sync --dry-run", Why: "when would it run?"},
		},
		Exits:    changeExits(),
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: offers,
		Flags: func(f *cli.FlagSet) {
			w.flags(f)
			a.flags(f)
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			all, err := w.assignments()
			switch {
			case err != nil:
			case !w.said("schedule"):
				err = errors.New(`--schedule is missing: when does it run? As "0 2 * * *", @daily, "every 15m" or manual`)
			case len(w.tasks) == 0:
				err = errors.New("--task is missing: what does it do? As --task 'backup full'")
			}
			if err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help timetable add")
			}
			return with(func(ctx context.Context, call *cli.Call, s *site) error {
				return s.makeTimetable(ctx, call, a, named(admin.Body{}, call.Args[0], all))
			})(ctx, call)
		},
	}
}

func scheduleHelp() string {
	return "Schedules:\n\n" + entryList([][2]string{
		{"0 6 * * mon-fri", "minute, hour, day, month, weekday, as cron has it; 0 and 7 are Sunday"},
		{"seconds 30 0 6 * * *", "with seconds in front"},
		{"@hourly @daily @weekly @monthly @yearly", "at their beginning"},
		{"every 15m", "in steps that are the same on both servers"},
		{"at 2026-12-24T06:00", "once, by the zone's clock, or RFC 3339"},
		{"manual", "only by twinctl timetable run"},
	})
}

// named returns a body of that name, with the assignments done.
func named(body admin.Body, name string, all []assignment) admin.Body {
	body, _ = assign(body, all)
	body["name"] = admin.Composed(name)
	return body
}

// makeTimetable makes a row that there is not yet, of what the body says
// already and is not said otherwise.
func (s *site) makeTimetable(ctx context.Context, call *cli.Call, a act, body admin.Body) error {
	k, name := timetableKind(), body.Text("name")
	_, err := s.data.Admin.Find(ctx, k.Name, name)
	if err == nil {
		err := fmt.Errorf("there is a timetable %s already", inert.Text(name))
		return cli.Fail(cli.Usage, err, "twinctl timetable edit NAME; twinctl timetable show NAME")
	}
	if !errors.Is(err, admin.ErrNoRow) {
		return err
	}
	return s.administer(ctx, call, a, []admin.Edit{{Kind: k.Name, Body: body, Old: &admin.Hash{}}})
}

func timetableEditCommand() cli.Command {
	a := act{verb: "timetable.edit", timetables: true}
	var w wishes
	var c chosen
	var everyone bool
	return cli.Command{
		Name:  "edit",
		Args:  "[NAME]",
		Short: "change a timetable, or many at once",
		Long: `What is not said stays as it is; --task, once or more, says all tasks anew. With --all, --owned-by or --match instead of NAME it changes all that are so: ` +
			`what changes is shown first, and asked; then all of it is done, or nothing. ` + scheduleWords,
		Examples: []cli.Example{
			{Line: "twinctl timetable edit nightly --schedule '30 3 * * *'"},
			{Line: "twinctl timetable edit nightly --clear zone,calendar", Why: "as the site says, and on any day"},
			{Line: "twinctl timetable edit --match 'backup*' --runs-on both --dry-run", Why: "what would change?"},
			{Line: "twinctl timetable edit --owned-by ann --owner bob", Why: "bob has all that ann had"},
		},
		Exits:    changeExits(),
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: completeWishes(),
		Flags: func(f *cli.FlagSet) {
			w.flags(f)
			w.clearFlag(f)
			f.BoolVar(&everyone, "all", false, "change all timetables")
			c.flags(f)
			a.flags(f)
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			all, err := w.assignments()
			c.names = call.Args
			many := everyone || c.owner != "" || c.match != ""
			switch {
			case err != nil:
			case len(c.names) == 0 && !many:
				err = errors.New("which? Want NAME, --all, --owned-by USER or --match TEXT")
			case len(c.names) > 0 && many:
				err = errors.New("NAME goes without --all, --owned-by and --match")
			case len(all) == 0:
				err = errors.New("there is nothing to change: say what, as --schedule '30 3 * * *'")
			}
			if err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help timetable edit")
			}
			if many {
				a.question = "Change these"
			}
			return with(func(ctx context.Context, call *cli.Call, s *site) error {
				return s.editTimetables(ctx, call, a, c, all)
			})(ctx, call)
		},
	}
}

// editTimetables does the same to all that are chosen.
func (s *site) editTimetables(ctx context.Context, call *cli.Call, a act, c chosen, all []assignment) error {
	rows, err := s.chosenRows(ctx, c)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return cli.Fail(cli.Usage, errors.New("no timetable is so"), "twinctl timetable list")
	}
	edits := make([]admin.Edit, len(rows))
	for i, row := range rows {
		body, _ := assign(row.Body, all)
		edits[i] = editOf(row, body)
	}
	return s.administer(ctx, call, a, edits)
}

// editOf makes of a row what the body says, if it is still as it was read.
func editOf(row admin.Row, body admin.Body) admin.Edit {
	old := row.Hash()
	return admin.Edit{Kind: row.Kind, Key: row.Key, Body: body, Old: &old}
}

func timetableCopyCommand() cli.Command {
	a := act{verb: "timetable.copy", timetables: true}
	var w wishes
	return cli.Command{
		Name:  "copy",
		Args:  "NAME NEW",
		Short: "make a timetable that is as another one",
		Long:  `All of it is copied, also whether it is paused; flags say what is to be otherwise. ` + scheduleWords,
		Examples: []cli.Example{
			{Line: "twinctl timetable copy nightly evening --schedule '0 18 * * *'", Why: "the same at another time"},
		},
		Exits:    changeExits(),
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: completeWishes(),
		Flags: func(f *cli.FlagSet) {
			w.flags(f)
			w.clearFlag(f)
			a.flags(f)
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			all, err := w.assignments()
			if err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help timetable copy")
			}
			return with(func(ctx context.Context, call *cli.Call, s *site) error {
				row, err := s.timetableRow(ctx, call.Args[0])
				if err != nil {
					return err
				}
				return s.makeTimetable(ctx, call, a, named(row.Body, call.Args[1], all))
			})(ctx, call)
		},
	}
}

func timetableRenameCommand() cli.Command {
	a := act{verb: "timetable.rename", timetables: true}
	return cli.Command{
		Name:     "rename",
		Args:     "NAME NEW",
		Short:    "call a timetable something else",
		Long:     `It stays the same one: its runs of before are its own, under the name that it had then.`,
		Examples: []cli.Example{{Line: "twinctl timetable rename nightly 'nightly sync'"}},
		Exits:    changeExits(),
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeKeys(timetableKind())},
		Flags:    a.flags,
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			row, err := s.timetableRow(ctx, call.Args[0])
			if err != nil {
				return err
			}
			return s.administer(ctx, call, a, []admin.Edit{editOf(row, named(row.Body, call.Args[1], nil))})
		}),
	}
}

func timetableDeleteCommand() cli.Command {
	a := act{verb: "timetable.delete"}
	return cli.Command{
		Name:     "delete",
		Args:     "NAME",
		Short:    "delete a timetable",
		Long:     `What is running goes on; what waits does not begin any more. Its runs stay in twinctl run list. twinctl admin undo brings it back.`,
		Examples: []cli.Example{{Line: "twinctl timetable delete nightly"}, {Line: "twinctl timetable delete nightly --dry-run"}},
		Exits:    changeExits(),
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeKeys(timetableKind())},
		Flags:    a.flags,
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			row, err := s.timetableRow(ctx, call.Args[0])
			if err != nil {
				return err
			}
			return showReferences(call, s.administer(ctx, call, a, []admin.Edit{editOf(row, nil)}))
		}),
	}
}
