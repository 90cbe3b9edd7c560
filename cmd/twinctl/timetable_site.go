package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// A planned is a row of kind timetable, and what it means.
type planned struct {
	timetable.Timetable

	row   admin.Row
	wrong string // why it cannot be read; the Timetable has its key and name then
}

func unreadableRow(row admin.Row, why string) planned {
	t := timetable.Timetable{ID: row.Key, Name: row.Body.Text("name"), RunsOn: row.Body.Text("runs_on"), Owner: row.Body.Text("owner")}
	return planned{t, row, strings.ReplaceAll(why, "\n", "; ")}
}

// plan reads a row, as it is or would be.
func (s *site) plan(ctx context.Context, row admin.Row) (planned, error) {
	all, err := app.ChangedTimetables(ctx, s.data.Admin, []admin.Change{{Kind: row.Kind, Key: row.Key, After: row.Body}}, checkTasks())
	if errors.Is(err, admin.ErrInvalid) {
		return unreadableRow(row, err.Error()), nil
	}
	if err != nil {
		return planned{}, err
	}
	return planned{all[0], row, ""}, nil
}

// timetables returns those that are chosen, in the order of their names.
func (s *site) timetables(ctx context.Context, c chosen) ([]planned, error) {
	rows, err := s.chosenRows(ctx, c)
	if err != nil {
		return nil, err
	}
	list, err := app.Timetables(ctx, s.data.Admin, checkTasks())
	if err != nil {
		return nil, err
	}
	meant := map[string]timetable.Timetable{}
	for _, t := range list.Timetables {
		meant[t.ID] = t
	}
	why := map[string]string{}
	for _, u := range list.Unreadable {
		why[u.ID] = u.Error
	}
	var all []planned
	for _, row := range rows {
		t, readable := meant[row.Key]
		switch text, wrong := why[row.Key]; {
		case wrong:
			all = append(all, unreadableRow(row, text))
		case readable: // else it was deleted meanwhile
			all = append(all, planned{t, row, ""})
		}
	}
	return all, nil
}

// checkTasks returns what holds tasks against the verbs that there are, those of
// the same text once. It is for one goroutine.
func checkTasks() func(task.Task) error {
	root, known := program(), map[string]error{}
	read := func(argv []string) ([]string, error) { return cli.Read(root, argv) }
	return func(t task.Task) error {
		text := t.String()
		err, is := known[text]
		if !is {
			err = t.Check(read)
			known[text] = err
		}
		return err
	}
}

// checkTimetables refuses a change after which a timetable could not be read.
// One that could, and must not run, is refused only if that is new and the
// caller is strict: else it is said.
func (s *site) checkTimetables(ctx context.Context, call *cli.Call, changes []admin.Change, strict bool) error {
	all, err := app.ChangedTimetables(ctx, s.data.Admin, changes, checkTasks())
	if err != nil {
		return cli.Fail(cli.Verdict(err), err, "twinctl help timetable add")
	}
	for _, t := range all {
		if t.Problem == "" || s.hadProblem(ctx, changes, t) {
			continue
		}
		if strict {
			return cli.Fail(problemCode(t), fmt.Errorf("timetable %s: %s", t.Name, t.Problem), "twinctl help timetable add")
		}
		fmt.Fprintf(call.Err, "Warning: timetable %s could not run: %s\n", inert.Text(t.Name), inert.Text(t.Problem))
	}
	return nil
}

// hadProblem tells whether a timetable that is changed had its problem before.
func (s *site) hadProblem(ctx context.Context, changes []admin.Change, t timetable.Timetable) bool {
	i := slices.IndexFunc(changes, func(c admin.Change) bool { return c.Kind == timetableKind().Name && c.Key == t.ID })
	if changes[i].Before == nil {
		return false
	}
	was, err := s.plan(ctx, admin.Row{Kind: changes[i].Kind, Key: t.ID, Body: changes[i].Before})
	return err == nil && was.Problem == t.Problem
}

// problemCode is what a timetable with a problem leads to: a task that is wrong
// is a wrong command line, an owner who may not a refusal.
func problemCode(t timetable.Timetable) cli.Code {
	check := checkTasks()
	for _, one := range t.Tasks {
		if check(one) != nil {
			return cli.Usage
		}
	}
	return cli.Refused
}

// touchesTimetables tells whether edits make or change any.
func touchesTimetables(edits []admin.Edit) bool {
	return slices.ContainsFunc(edits, func(e admin.Edit) bool { return e.Kind == timetableKind().Name && e.Body != nil })
}
