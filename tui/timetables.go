package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
)

// A Planner tells of timetables.
type Planner interface {
	// Timetables returns all, in the order of their names.
	Timetables(ctx context.Context) ([]Timetable, error)
	// Timetable returns one by its key, with all that is known of it.
	Timetable(ctx context.Context, key string) (Timetable, error)
}

// A Timetable is how one stands.
type Timetable struct {
	Key, Name, Schedule, Words, Zone, RunsOn, Owner string

	Tasks []string
	// State is how it stands on this server: armed, held, standby, paused,
	// problem or unreadable; Because says why.
	State, Because string
	// NextHere and NextThere are when it starts next, nil if it does not: on this
	// server and on its twin.
	NextHere, NextThere *node.Moment
	Last                []node.Run // the last slots that are known, of both, the last one first
	Fields              []Named    // all that was administered; nil in a list
	Values              []string   // the same, for a form: one for each field of the kind
	Coming              []Slot     // the next ones; nil in a list
	Notes               []string   // what there is to be warned of
}

// A Named is a field of a row and what it says.
type Named struct{ Name, Value string }

// A Slot is one to come, and what becomes of it on each server, this one first.
type Slot struct {
	At  time.Time // in the zone of the timetable
	On  []string  // "cms-a runs"
	Now string    // what a switch-over would change, "" if nothing
}

// stripLength is how many of the last slots a strip shows.
const stripLength = 10

func timetableScreen() screen {
	return of(screen{tab: "5", name: "Timetables", about: "what is done at set times, here and there"},
		func(ctx context.Context, from Sources, at place) ([]Timetable, error) {
			if at.leaf() == "" {
				return from.Timetables.Timetables(ctx)
			}
			one, err := from.Timetables.Timetable(ctx, at.leaf())
			return []Timetable{one}, err
		}, showTimetables)
}

func showTimetables(all []Timetable, as sight) page {
	if as.at.leaf() != "" {
		return showTimetable(all, as)
	}
	t := tableOf(all, []field{
		{title: "timetable", most: 24},
		{title: "here", most: 16},
		{title: "next here"},
		{title: "next there", rank: 2},
		{title: "last", most: 24},
		{title: "when", most: 28, rank: 3},
		{title: "last ten", rank: 4},
		{title: "runs on", rank: 5},
		{title: "tasks", most: 24, rank: 6},
		{title: "owner", rank: 7},
	}, func(t Timetable) string { return t.Key }, timetableCells)
	if as.twin == "" {
		t.fields[3].title = "-"
	}
	t.empty, t.opens, t.marks = as.adds("there are none"), true, as.marks
	return page{title: "timetables", notes: as.undone(), table: &t, acts: func(row string) []act {
		return slices.Insert(timetableActs(all, row, as), 3, markActs(row, "mark", "marked")...)
	}}
}

func timetableCells(t Timetable, as sight) []piece {
	last := piece{"never", quiet}
	if len(t.Last) > 0 {
		r := t.Last[0]
		last = runState(r)
		last.text += " " + age(as.now.Sub(r.Slot.Time())) + " ago"
	}
	when := t.Words
	if when == "" {
		when = t.Schedule
	}
	return []piece{
		{t.Name, strong},
		timetableState(t, as), nextStart(t.NextHere, true, as), nextStart(t.NextThere, false, as), last,
		{when, usual},
		{strip(t.Last), usual},
		{t.RunsOn, usual},
		{strings.Join(t.Tasks, ", "), quiet},
		{t.Owner, quiet},
	}
}

// undone says what there is to know before anything of the list: that nothing is
// done here, and what is not applied yet.
func (s sight) undone() []piece {
	if s.stands(true) {
		return append([]piece{{"nothing starts here: " + s.idle(), bad}}, s.drafted()...)
	}
	return s.drafted()
}

// timetableState says in a sign and a word how it stands here.
func timetableState(t Timetable, as sight) piece {
	if as.stands(true) {
		return piece{"x no twind", bad}
	}
	p := map[string]piece{
		"armed": {"+ ", good}, "held": {"! ", warn}, "standby": {"- ", quiet}, "paused": {"- ", warn}, "problem": {"x ", bad}, "unreadable": {"x ", bad},
	}[t.State]
	if p.text == "" {
		p = piece{"? ", warn}
	}
	p.text += t.State
	if t.Because != "" {
		p.text += ": " + t.Because
	}
	return p
}

func nextStart(at *node.Moment, here bool, as sight) piece {
	if at == nil || as.stands(here) {
		return piece{"-", quiet}
	}
	wait := at.Time().Sub(as.now)
	if wait < 0 {
		return piece{"now", strong}
	}
	return piece{"in " + age(wait), usual}
}

// strip shows the last slots, the last one at the right, a character each.
func strip(runs []node.Run) string {
	var b strings.Builder
	for i := min(len(runs), stripLength) - 1; i >= 0; i-- {
		b.WriteString(stripSign(runs[i].State))
	}
	return b.String()
}

func stripSign(s node.RunState) string {
	switch s {
	case node.RunOK:
		return "."
	case node.RunFailed:
		return "F"
	case node.RunTimeout:
		return "T"
	case node.RunCancelled, node.RunInterrupted:
		return "I"
	case node.RunSkipped:
		return "-"
	case node.RunMissed:
		return "m"
	case node.RunClaimed, node.RunRunning:
		return ">"
	}
	return "?"
}

func timetableActs(all []Timetable, row string, as sight) []act {
	var t Timetable
	none := "there is no timetable to do that with"
	for _, one := range all {
		if one.Key == row {
			t, none = one, ""
		}
	}
	kind, _ := admin.KindNamed("timetable")
	rows := make([]Row, len(all))
	for i, one := range all {
		rows[i] = Row{Key: one.Key, Called: one.Name, Values: one.Values}
	}
	edit := editAct(kind, rows, Row{Key: t.Key, Values: t.Values}, as)
	edit.off = none
	acts := []act{
		{key: "R", name: "run now", args: []string{"timetable", "run", "--no-wait"}, names: []string{t.Name}, rung: afterYes, off: cmp.Or(none, as.idle()), number: "run "},
		pauseAct(t, none),
		edit,
		{key: "a", name: "add", primary: true, fill: func() form { return newForm(kind, "", nil) }},
		{key: "h", name: "runs", off: none, goes: func(f frame) (frame, wish) { return f.named("Runs", "timetable", t.Key) }},
		{key: "K", name: "cancel its runs", args: []string{"timetable", "cancel"}, names: []string{t.Name}, rung: afterYes, off: cmp.Or(notRunning(t, none), as.idle())},
		{key: "D", name: "draft", goes: func(f frame) (frame, wish) { return f.named("Admin", "see", seeDraft) }},
		applyAct(as),
		{key: "c", name: "copy", args: []string{"timetable", "copy"}, names: []string{t.Name}, asks: []question{{prompt: "name of the copy", must: true}}, rung: afterYes, off: none, primary: true},
		{
			key: "x", name: "delete", args: []string{"timetable", "delete"}, names: []string{t.Name}, rung: afterName, what: t.Name,
			plan: []string{"timetable", "delete", "--dry-run"}, off: none, primary: true,
		},
		{
			key: "b", name: "run slots of the past", args: []string{"timetable", "backfill"}, names: []string{t.Name}, plan: []string{"timetable", "backfill", "--dry-run"},
			asks: []question{{prompt: "slots from this time on (a day, a time, or a duration before now)", flag: "--from", must: true}, {prompt: "before this time (or nothing: now)", flag: "--to"}},
			rung: afterPlan, shows: true, off: cmp.Or(none, as.idle()),
		},
		{key: "n", name: "next slots of all, here and there", args: []string{"timetable", "next", "--slots=40"}, shows: true},
		{
			key: "H", name: "hold all (maintenance)", args: []string{"maintenance", "on"}, rung: afterYes,
			asks: []question{{prompt: "reason", flag: "--reason", must: true}, {prompt: "until (a duration from now, or nothing)", flag: "--until"}},
		},
		{key: "E", name: "end the maintenance", args: []string{"maintenance", "off"}, rung: afterYes, off: notHeld(as)},
	}
	return acts
}

// notHeld says why there is no maintenance to end.
func notHeld(as sight) string {
	if as.own != nil && as.own.Maintenance != nil {
		return ""
	}
	return "there is no maintenance: H begins one"
}

func notRunning(t Timetable, none string) string {
	if none != "" {
		return none
	}
	for _, r := range t.Last {
		if !r.State.Final() {
			return ""
		}
	}
	return "no run of it is going on"
}

func pauseAct(t Timetable, none string) act {
	if t.State == "paused" {
		return act{key: "p", name: "resume", args: []string{"timetable", "resume"}, names: []string{t.Name}, rung: afterYes, off: none, primary: true}
	}
	return act{
		key: "p", name: "pause", args: []string{"timetable", "pause"}, names: []string{t.Name}, rung: afterYes, off: none, primary: true,
		asks: []question{{prompt: "reason", flag: "--reason", must: true}, {prompt: "until (a duration from now, a time, or nothing)", flag: "--until"}},
	}
}

// showTimetable shows one.
func showTimetable(all []Timetable, as sight) page {
	if len(all) == 0 {
		return page{} // it was not read yet
	}
	t := all[0]
	p := page{title: "timetable", of: t.Name, notes: as.undone(), acts: func(string) []act { return timetableActs(all, t.Key, as) }}
	for _, n := range t.Notes {
		p.notes = append(p.notes, piece{n, warn})
	}
	state := timetableState(t, as)
	p.text = append(p.text, labelled("here", state.text, state.tone, as.width)...)
	if t.Words != "" {
		p.text = append(p.text, labelled("when", t.Words+" ("+t.Schedule+", "+t.Zone+")", usual, as.width)...)
	}
	for i, task := range t.Tasks {
		p.text = append(p.text, labelled([]string{"tasks", ""}[min(i, 1)], task, usual, as.width)...)
	}
	p.text = append(append(append(p.text, nil), t.coming(as.width)...), nil)
	p.text = append(append(append(p.text, t.past(as)...), nil), line{{" SETTINGS", strong}})
	for _, f := range t.Fields {
		if f.Value != "" && f.Name != "tasks" && f.Name != "schedule" && f.Name != "name" {
			p.text = append(p.text, labelled(f.Name, f.Value, usual, as.width)...)
		}
	}
	return p
}

// coming is the next slots on both servers.
func (t Timetable) coming(width int) []line {
	lines := []line{{{" NEXT", strong}}}
	for _, s := range t.Coming {
		l := line{{"  " + s.At.Format("Mon 2006-01-02 15:04 -0700") + "  ", usual}, {foreign(strings.Join(s.On, ", ")), usual}}
		if s.Now != "" {
			then := piece{"   after a switch-over: " + foreign(s.Now), quiet}
			if l.columns()+wide(then.text) > width {
				lines, l = append(lines, l), line{{"  ", usual}}
			}
			l = append(l, then)
		}
		lines = append(lines, l)
	}
	if len(t.Coming) == 0 {
		lines = append(lines, line{{"  no slot is to come", quiet}})
	}
	return lines
}

// past is the last slots, and what became of them.
func (t Timetable) past(as sight) []line {
	lines := []line{{{" LAST", strong}, {"   " + strip(t.Last), usual}}}
	for _, r := range t.Last {
		state := runState(r)
		lines = append(lines, line{
			{"  " + moment(r.Slot.Time()) + "  " + left(foreign(r.Server), headName) + " ", usual},
			{left(state.text, 12), state.tone},
			{" " + left(runTook(r, as.now), 8) + " " + foreign(r.Reason), usual},
		})
	}
	if len(t.Last) == 0 {
		lines = append(lines, line{{"  none has come yet", quiet}})
	}
	return lines
}

// labelWidth is how wide the names of fields stand before what they say.
const labelWidth = 16

// labelled is a name and what stands behind it, in as many lines as it takes.
func labelled(name, text string, as tone, width int) []line {
	var lines []line
	for i, part := range wrap(foreign(text), width-labelWidth-3) {
		if i > 0 {
			name = ""
		}
		lines = append(lines, line{{" " + left(foreign(name), labelWidth) + " ", quiet}, {part, as}})
	}
	return lines
}
