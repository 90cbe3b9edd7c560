package tui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// A Ledger tells of runs.
type Ledger interface {
	// Runs returns the last slots of both servers, the last one first: of one
	// timetable by its key, or of all.
	Runs(ctx context.Context, timetable string) ([]node.Run, error)
	// Run returns a run by its number, and the end of what it said until now.
	Run(ctx context.Context, id int64) (node.Run, string, error)
}

// A told run is one with what it said.
type toldRuns struct {
	runs   []node.Run
	output string // of the one that was opened
}

func runScreen() screen {
	return of(screen{tab: "5", name: "Runs", about: "what became of each slot, and what it said"}, lookAtRuns, showRuns)
}

func lookAtRuns(ctx context.Context, from Sources, at place) (toldRuns, error) {
	if at.leaf() == "" {
		runs, err := from.Runs.Runs(ctx, at.knobs["timetable"])
		return toldRuns{runs: runs}, err
	}
	id, err := strconv.ParseInt(at.leaf(), 10, 64)
	if err != nil {
		return toldRuns{}, err
	}
	r, output, err := from.Runs.Run(ctx, id)
	return toldRuns{[]node.Run{r}, output}, err
}

func showRuns(t toldRuns, as sight) page {
	if as.at.leaf() != "" {
		return showRun(t, as)
	}
	list := tableOf(t.runs, []field{
		{title: "slot"},
		{title: "timetable", most: 24},
		{title: "state"},
		{title: "server", most: headName, rank: 2},
		{title: "took", right: true},
		{title: "trigger", rank: 3},
		{title: "reason", most: 40, rank: 4},
		{title: "by", rank: 6},
		{title: "id", right: true, rank: 5},
		{title: "exit", right: true, rank: 7},
	}, func(r node.Run) string { return strconv.FormatInt(r.ID, 10) }, runCells)
	list.empty, list.opens = "no slot of a timetable has come yet", true
	p := page{title: "runs", table: &list, acts: func(row string) []act { return runActs(t.runs, row, as) }}
	if as.at.knobs["timetable"] != "" && len(t.runs) > 0 {
		p.title, p.of = "runs of", t.runs[0].Name
	}
	return p
}

func runCells(r node.Run, as sight) []piece {
	exit := ""
	if r.Exit != nil {
		exit = strconv.Itoa(*r.Exit)
	}
	trigger := r.Trigger
	if r.Attempt > 1 {
		trigger += " " + strconv.Itoa(r.Attempt)
	}
	return []piece{
		{moment(r.Slot.Time()), usual},
		{r.Name, strong},
		runState(r),
		{r.Server, usual},
		{runTook(r, as.now), usual},
		{trigger, usual},
		{r.Reason, usual},
		{r.Actor, quiet},
		{strconv.FormatInt(r.ID, 10), quiet},
		{exit, usual},
	}
}

// runState says in a sign and a word what became of a run.
func runState(r node.Run) piece {
	as, sign := bad, "x "
	switch r.State {
	case node.RunOK:
		as, sign = good, "+ "
	case node.RunClaimed, node.RunRunning:
		as, sign = strong, "> "
	case node.RunSkipped, node.RunMissed, node.RunCancelled, node.RunInterrupted:
		as, sign = warn, "! "
	case node.RunFailed, node.RunTimeout:
	}
	return piece{sign + foreign(string(r.State)), as}
}

// runTook says how long a run ran, or has been running, where that is known.
func runTook(r node.Run, now time.Time) string {
	switch {
	case r.Started == 0:
		return ""
	case r.EndedAlone():
		return "-"
	case r.Ended == 0:
		return length(now.Sub(r.Started.Time()))
	}
	return length(r.Ended.Time().Sub(r.Started.Time()))
}

func runActs(runs []node.Run, row string, as sight) []act {
	var r node.Run
	off := "there is no run to do that with"
	for _, one := range runs {
		if strconv.FormatInt(one.ID, 10) == row {
			r, off = one, ""
		}
	}
	cancel := off
	switch {
	case off != "":
	case r.Theirs != 0:
		cancel = "it runs on " + foreign(r.Server) + ": cancel it there"
	case r.State.Final():
		cancel = "it has ended"
	}
	acts := []act{
		{key: "R", name: "run it now", args: []string{"timetable", "run", "--no-wait"}, names: []string{r.Timetable}, rung: afterYes, off: off, number: "run "},
		{key: "K", name: "cancel", args: []string{"timetable", "cancel"}, names: []string{row}, rung: afterYes, off: cancel},
		{key: "o", name: "all of its output", args: []string{"run", "output"}, names: []string{row}, shows: true, off: off},
	}
	if as.at.leaf() != "" {
		return acts
	}
	if as.at.knobs["timetable"] != "" {
		return append(acts, act{key: "h", name: "runs of all", turn: func(b browse) browse { return b.turn("timetable", "") }})
	}
	return append(acts, act{key: "h", name: "of this timetable alone", off: off, turn: func(b browse) browse { return b.turn("timetable", r.Timetable) }})
}

// showRun shows one, and what it said.
func showRun(t toldRuns, as sight) page {
	if len(t.runs) == 0 {
		return page{} // it was not read yet
	}
	r := t.runs[0]
	state := runState(r)
	p := page{
		title: "run " + strconv.FormatInt(r.ID, 10) + " of", of: r.Name,
		acts: func(string) []act { return runActs(t.runs, strconv.FormatInt(r.ID, 10), as) },
	}
	for _, f := range []struct {
		name, text string
		as         tone
	}{
		{"state", strings.TrimSuffix(state.text+": "+r.Reason, ": "), state.tone},
		{"slot", r.Slot.Time().Format(clockLayout), usual},
		{"server", r.Server, usual},
		{"trigger", strings.TrimSuffix(r.Trigger+", asked by "+r.Actor, ", asked by "), usual},
		{"took", runTook(r, as.now), usual},
	} {
		p.text = append(p.text, labelled(f.name, f.text, f.as, as.width)...)
	}
	if r.Exit != nil {
		p.text = append(p.text, labelled("exit status", strconv.Itoa(*r.Exit), usual, as.width)...)
	}
	p.text = append(p.text, nil, line{{" OUTPUT", strong}})
	said := strings.Split(strings.TrimRight(strings.ReplaceAll(t.output, "\r\n", "\n"), "\n"), "\n")
	if t.output == "" {
		p.text = append(p.text, line{{"  it said nothing", quiet}})
		return p
	}
	p.text = append(p.text, wrapped(said, as.width)...)
	return p
}
