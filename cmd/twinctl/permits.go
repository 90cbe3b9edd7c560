package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/timetable/task"
)

// mayRun refuses what a person asked for and may not do.
func (s *site) mayRun(ctx context.Context, p *cli.Person, asked cli.Asked) error {
	if err := permits(p, asked); err != nil {
		return err
	}
	if !p.Limited() {
		return nil
	}
	return s.shows(ctx, p, asked)
}

// permits holds what was asked for against the rule of its verb.
func permits(p *cli.Person, asked cli.Asked) error {
	r := ruleOf(asked.Verb)
	if err := needs(p, r.needs, "twinctl "+strings.Join(asked.Verb, " ")); err != nil {
		return err
	}
	for flag := range asked.Flags {
		if more := r.dear[flag]; more != "" {
			if err := needs(p, more, "--"+flag); err != nil {
				return err
			}
		}
	}
	for _, arg := range asked.Args {
		if r.files && namesFile(asked.Verb, arg) {
			return cli.Fail(cli.Refused, fmt.Errorf("%s: %w", inert.Text(arg), errFile), "leave it out, or say - or FIELD=@-, for standard input and output")
		}
	}
	return nil
}

// unchanged is how a refusal ends, behind the reason.
const unchanged = "; nothing was changed"

// needs refuses what wants more than a person may.
func needs(p *cli.Person, what, of string) error {
	switch {
	case what == here:
		return cli.Fail(cli.Refused, fmt.Errorf("%s: only on the server itself, and not --as %s%s", of, p.Login, unchanged), "log in to the server by its own sshd, as who may become the owner of data")
	case !app.Holds(p.Permission, what):
		return cli.Fail(cli.Refused, fmt.Errorf("%s: %s may %s, and this needs %s%s", of, p.Login, p.Permission, what, unchanged),
			fmt.Sprintf("ask who administers: twinctl admin user set %s permission=%s", p.Login, what))
	}
	return nil
}

// namesFile tells whether an argument names a file: itself, or as FIELD=@FILE.
func namesFile(verb []string, arg string) bool {
	if last := verb[len(verb)-1]; last == "import" || last == "export" {
		return arg != "-"
	}
	_, value, _ := strings.Cut(arg, "=")
	return strings.HasPrefix(value, "@") && !strings.HasPrefix(value, "@@") && value != "@-"
}

// shows refuses what would show more than a person may see.
func (s *site) shows(ctx context.Context, p *cli.Person, asked cli.Asked) error {
	r := ruleOf(asked.Verb)
	hidden := func(hint string) error {
		return cli.Fail(cli.Refused, fmt.Errorf("twinctl %s: it would show more than %s may see", strings.Join(asked.Verb, " "), p.Login), hint)
	}
	if r.shows == nothing || r.quiet != "" && slices.Equal(asked.Flags[r.quiet], []string{"true"}) {
		return nil
	}
	if r.quiet != "" {
		return hidden("the same with --" + r.quiet)
	}
	if r.shows == ofAll || len(p.Groups) > 0 && r.shows != ofGroup {
		return hidden("")
	}
	if len(p.Feeds) > 0 {
		named := asked.Flags["feed"]
		if asked.Verb[0] == "feed" {
			named = asked.Args
		}
		if !within(named, p.Feeds) {
			return hidden("the same of a feed of " + strings.Join(p.Feeds, ", "))
		}
	}
	if len(p.Groups) == 0 {
		return nil
	}
	var groups []string
	for _, word := range asked.Flags["group"] {
		row, err := s.data.Admin.Find(ctx, "queue-group", word)
		if err != nil {
			return err
		}
		groups = append(groups, row.Key)
	}
	if len(asked.Flags["queue"]) > 0 || !within(groups, p.Groups) {
		return hidden("the same with --group, of " + strings.Join(p.Groups, ", "))
	}
	return nil
}

// within tells whether something is named, and all of it is among what may be.
func within(named, may []string) bool {
	for _, one := range named {
		if !slices.Contains(may, one) {
			return false
		}
	}
	return len(named) > 0
}

// mayChange says why the person may not change a row so: within the transaction,
// whatever verb or screen it comes from.
func (s *site) mayChange(c admin.Change) error {
	isTimetable := c.Kind == timetableKind().Name
	switch {
	case s.person.Permission == toAdmin && isTimetable:
		return newTasks(s.person, c)
	case s.person.Permission == toAdmin:
		return nil
	case s.person.Permission == toOperate && isTimetable && onlyPauses(c):
		return nil
	}
	return needs(s.person, toAdmin, "to change that")
}

// onlyPauses tells whether a change does no more to a timetable than to pause or
// to resume it.
func onlyPauses(c admin.Change) bool {
	if c.Before == nil || c.After == nil {
		return false
	}
	k := timetableKind()
	return !slices.ContainsFunc(k.Fields, func(f admin.Field) bool {
		return !slices.Contains([]string{"paused", "paused_until", "pause_reason"}, f.Name) &&
			valueText(f.Value(c.Before)) != valueText(f.Value(c.After))
	})
}

// newTasks refuses tasks that the person could not run, where the row did not have
// them before: a program of this machine, or a file on it.
func newTasks(p *cli.Person, c admin.Change) error {
	had := c.Before.List("tasks")
	for _, text := range c.After.List("tasks") {
		if slices.Contains(had, text) {
			continue
		}
		t, err := task.Parse(text)
		if err != nil {
			return err
		}
		k, _ := task.Named(t.Kind)
		if k.Verb == nil {
			return needs(p, here, "task "+t.Kind)
		}
		asked, err := cli.Reading(program(), slices.Concat(k.Verb, t.Args))
		if err != nil {
			return cli.Fail(cli.Usage, err, "twinctl help timetable add")
		}
		if err := permits(p, asked); err != nil {
			return err
		}
	}
	return nil
}
