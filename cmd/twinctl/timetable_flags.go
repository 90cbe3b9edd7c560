package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// A fieldFlag is a flag that says what a field of a timetable is.
type fieldFlag struct {
	flag, field string
	usage       string
}

// fieldFlags lists them, but for --task.
func fieldFlags() []fieldFlag {
	return []fieldFlag{
		{"schedule", "schedule", "`WHEN` it runs: as cron has it, @daily, \"every 15m\", \"at 2026-12-24T06:00\" or manual"},
		{"zone", "zone", "the time `ZONE` of the schedule, as Europe/Berlin; left out: the site's"},
		{"runs-on", "runs_on", "`WHERE`: primary, secondary, both, or the name of a server; left out: as its tasks want"},
		{"calendar", "calendar", "only on days and hours of this `CALENDAR`"},
		{"not-on", "not_on", "not on days and hours of this `CALENDAR`"},
		{"owner", "owner", "the `USER` whom it belongs to, and who must have the permission for each task"},
		{"description", "description", "a `LINE` about it"},
		{"on-error", "on_error", "`WHAT` comes behind a task that failed: stop, or continue with the next"},
		{"overlap", "overlap", "`WHAT` to do while its last run goes on: skip the slot, queue one, cancel that run, or allow both"},
		{"catch-up", "catch_up", "`WHICH` slots that it missed are run after all: skip, latest or all"},
		{"grace", "grace_s", "for so `LONG` a slot may be caught up, as 7d; 0: however old"},
		{"catch-up-max", "catch_up_max", "how `MANY` slots are caught up at most"},
		{"spacing", "spacing_s", "so `LONG` from one start to the next when they are caught up"},
		{"on-promotion", "on_promotion", "`WHICH` slots that a lost primary may not have run are run here: skip, latest, all, or ask: none until a person says so"},
		{"after-crash", "after_crash", "`WHETHER` what a crash left open is run again: as_tasks, at_most_once or at_least_once"},
		{"run-timeout", "timeout_s", "so `LONG` for all tasks together, as 2h; 0: as long as they take"},
		{"task-timeout", "task_timeout_s", "so `LONG` for each task; 0: as long as it takes"},
		{"retries", "retries", "how `OFTEN` a run that failed is tried again"},
		{"retry-delay", "retry_delay_s", "so `LONG` before the first retry; twice as long before each next one"},
		{"must-finish", "must_finish_s", "an alarm if it has not done well so `LONG` after its slot; 0: none"},
		{"pause-after", "pause_after", "it pauses itself after so `MANY` failures in a row; 0: never"},
	}
}

// wishes are the fields of a timetable as flags say them.
type wishes struct {
	values map[string]*string // by flag
	tasks  []string
	clear  []string
	said   func(flag string) bool
}

func (w *wishes) flags(f *cli.FlagSet) {
	w.values, w.said = map[string]*string{}, f.Changed
	for _, one := range fieldFlags() {
		w.values[one.flag] = f.String(one.flag, "", one.usage)
	}
	f.StringArrayVar(&w.tasks, "task", nil, "a `TASK`: a kind and its arguments, quoted as for a shell, and no shell; may be given again, they run in order")
}

// clearFlag is for what is changed.
func (w *wishes) clearFlag(f *cli.FlagSet) {
	f.StringSliceVar(&w.clear, "clear", nil, "this `FIELD` is at its default again; named as its flag")
}

// assignments returns what was said, as the rows have it.
func (w *wishes) assignments() ([]assignment, error) {
	var all []assignment
	k := timetableKind()
	for _, one := range fieldFlags() {
		if !w.said(one.flag) {
			continue
		}
		f, _ := k.Field(one.field)
		value, err := readWish(f, admin.Composed(*w.values[one.flag]))
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", one.flag, err)
		}
		all = append(all, assignment{f, sets, value})
	}
	if w.said("task") {
		f, _ := k.Field("tasks")
		tasks := make([]string, len(w.tasks))
		for i, text := range w.tasks {
			tasks[i] = strings.TrimSpace(admin.Composed(text))
		}
		all = append(all, assignment{f, sets, orNil(tasks)})
	}
	cleared, err := w.cleared()
	if err != nil {
		return nil, err
	}
	for _, c := range cleared {
		if slices.ContainsFunc(all, func(a assignment) bool { return a.field.Name == c.field.Name }) {
			return nil, fmt.Errorf("--clear %s: it is said what it is, too", c.field.Name)
		}
	}
	return append(all, cleared...), nil
}

// cleared returns what is to be at its default again.
func (w *wishes) cleared() ([]assignment, error) {
	var all []assignment
	for _, name := range w.clear {
		field := strings.ReplaceAll(name, "-", "_")
		for _, one := range fieldFlags() {
			if one.flag == name {
				field = one.field
			}
		}
		f, err := fieldNamed(timetableKind(), field)
		if err != nil {
			return nil, fmt.Errorf("--clear: %w", err)
		}
		if f.Required {
			return nil, fmt.Errorf("--clear %s: a timetable needs it", name)
		}
		all = append(all, assignment{f, sets, nil})
	}
	return all, nil
}

// readWish reads what stands behind a flag. Nothing is the default.
func readWish(f admin.Field, text string) (any, error) {
	switch {
	case text == "":
		return nil, nil //nolint:nilnil // the default
	case f.Type != admin.Integer:
		return text, nil
	case !strings.HasSuffix(f.Name, "_s"):
		return readValue(f, text, nil)
	}
	d, err := length(text)
	if err != nil {
		return nil, err
	}
	n := int64(d / time.Second)
	if n < f.Min || n > f.Max {
		return nil, fmt.Errorf("%q: want %s to %s", text, time.Duration(f.Min)*time.Second, lengthText(time.Duration(f.Max)*time.Second))
	}
	return n, nil
}

const day = 24 * time.Hour

// length reads a duration of whole seconds, also in days.
func length(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q: want a duration of whole seconds, as 90s, 10m, 2h30m or 7d", text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, wrong
		}
		return time.Duration(n) * day, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d%time.Second != 0 {
		return 0, wrong
	}
	return d, nil
}

// lengthText writes a duration so that length reads it.
func lengthText(d time.Duration) string {
	if d >= day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// completeWishes offers what stands behind the flags.
func completeWishes() map[string]func(context.Context, *cli.Call) []string {
	k, all := timetableKind(), map[string]func(context.Context, *cli.Call) []string{}
	for _, one := range fieldFlags() {
		f, _ := k.Field(one.field)
		switch f.Type {
		case admin.Choice:
			all["--"+one.flag] = func(context.Context, *cli.Call) []string { return f.Choices }
		case admin.Ref:
			to, _ := admin.KindNamed(f.To)
			all["--"+one.flag] = func(ctx context.Context, call *cli.Call) []string { return rowWords(ctx, call, to) }
		case admin.Text, admin.Integer, admin.Bool, admin.List, admin.Refs:
		}
	}
	all["--runs-on"] = func(context.Context, *cli.Call) []string {
		return []string{timetable.OnPrimary, timetable.OnSecondary, timetable.OnBoth}
	}
	all["--task"] = func(context.Context, *cli.Call) []string {
		var words []string
		for _, kind := range task.Kinds() {
			words = append(words, kind.Name+"\t"+kind.Short)
		}
		return words
	}
	all["--clear"] = func(context.Context, *cli.Call) []string {
		var words []string
		for _, one := range fieldFlags() {
			if f, _ := k.Field(one.field); !f.Required {
				words = append(words, one.flag+"\t"+f.Short)
			}
		}
		return words
	}
	all["NAME"], all["--owned-by"] = completeKeys(k), completeOwners
	return all
}

// tasksHelp lists the kinds of tasks.
func tasksHelp() string {
	var entries [][2]string
	for _, kind := range task.Kinds() {
		entries = append(entries, [2]string{kind.Name, kind.Short + ": " + strings.TrimSpace(kind.Name+" "+kind.Args) + "; wants " + kind.Permission + ", runs on " + kind.RunsOn})
	}
	return entryList(entries)
}
