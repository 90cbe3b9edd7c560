package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// A runSearch is what run list is asked for.
type runSearch struct {
	timetable, server, since string
	states                   []string
	filter                   rowFilter
	last                     int
}

func runListCommand() cli.Command {
	var search runSearch
	return cli.Command{
		Name:  "list",
		Short: "list the runs of timetables, the last slot last",
		Long: `There is a row for every slot of this server, also for those that did not run, with the reason: ` +
			`skipped was decided, missed could not be. Runs of the twin stand here as it told last; it tells every five seconds. ` +
			`A retry has the same slot and the next attempt. All is kept for 90 days, and the last 100 of each timetable.`,
		Examples: []cli.Example{
			{Line: "twinctl run list", Why: "the last hundred, of both servers"},
			{Line: "twinctl run list --timetable nightly --state failed", Why: "when did one fail?"},
			{Line: "twinctl run list --last 0 --filter 'reason:disk !nightly'", Why: "those about a disk, but for what is called so"},
			{Line: "twinctl run list --since 24h --last 0 --json", Why: "all of a day, for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&search.timetable, "timetable", "", "only of this timetable, by its `NAME` or key")
			f.StringVar(&search.server, "server", "", "only on this server, by its `NAME`")
			f.StringSliceVar(&search.states, "state", nil, "only in this `STATE`; may be given again")
			f.StringVar(&search.since, "since", "", "only slots from this `TIME` on: RFC 3339, or a duration before now")
			f.IntVarP(&search.last, "last", "n", 100, "the last `N` slots; 0: all")
			search.filter.flag(f)
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--timetable": completeRunNames,
			"--state":     func(context.Context, *cli.Call) []string { return runStates() },
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error { return listRuns(ctx, call, s, search) }),
	}
}

func runStates() []string {
	var all []string
	for _, state := range node.RunStates() {
		all = append(all, string(state))
	}
	return all
}

func listRuns(ctx context.Context, call *cli.Call, s *site, search runSearch) error {
	q, err := search.query(ctx, s)
	if err != nil {
		return err
	}
	rows := []runRow{}
	if search.timetable != "" && len(q.Timetables) == 0 {
		fmt.Fprintf(call.Err, "no run of a timetable %q is known\n", inert.Text(search.timetable))
	} else if rows, err = readRuns(ctx, s, q, search.last); err != nil {
		return err
	}
	told, err := toldOf(ctx, s)
	if err != nil {
		return err
	}
	if rows, err = sifted(search.filter, "run list", rows, runTable, runFields); err != nil {
		return err
	}
	table := runTable(rows)
	if call.Format == cli.CSV {
		table = runFields(rows)
	}
	return call.Show(cli.View{
		Document: struct {
			Runs []runRow `json:"runs"`
			Twin *runTold `json:"twin"` // null while this server is alone
		}{rows, told},
		Lines: cli.Each(rows),
		Table: table,
	})
}

// query makes the search one of the ledger.
func (search runSearch) query(ctx context.Context, s *site) (q node.RunQuery, err error) {
	const help = "twinctl help run list"
	q.Server = search.server
	if search.last < 0 {
		return q, cli.Fail(cli.Usage, fmt.Errorf("--last %d: want 0 or more", search.last), help)
	}
	for _, word := range search.states {
		state := node.RunState(word)
		if !slices.Contains(node.RunStates(), state) {
			return q, cli.Fail(cli.Usage, fmt.Errorf("--state %q: want one of %s", word, strings.Join(runStates(), ", ")), help)
		}
		q.States = append(q.States, state)
	}
	if search.since != "" {
		if q.Since, err = moment(search.since, time.Now()); err != nil {
			return q, cli.Fail(cli.Usage, fmt.Errorf("--since: %w", err), help)
		}
	}
	if search.timetable != "" {
		q.Timetables, err = s.timetableKeys(ctx, search.timetable)
	}
	return q, err
}

// timetableKeys returns the key of the timetable of that name or key; if there
// is none any more, those that bore the name in some run.
func (s *site) timetableKeys(ctx context.Context, word string) ([]string, error) {
	row, err := s.data.Admin.Find(ctx, timetableKind().Name, word)
	if errors.Is(err, admin.ErrNoRow) {
		return s.data.Node.TimetablesCalled(ctx, word)
	}
	return []string{row.Key}, err
}

// readRuns reads the last runs of a search, or all, in pages, and returns them
// with the last slot last.
func readRuns(ctx context.Context, s *site, q node.RunQuery, last int) ([]runRow, error) {
	rows := []runRow{}
	for more := true; more; {
		q.Limit = node.MaxRuns
		if last > 0 {
			q.Limit = min(node.MaxRuns, last-len(rows))
		}
		page, err := s.data.Node.Runs(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			rows, q.After = append(rows, runRowOf(r)), r
		}
		more = len(page) == q.Limit && len(rows) != last
	}
	slices.Reverse(rows)
	return rows, nil
}

// runTold is what is known of the twin's runs here.
type runTold struct {
	Server string       `json:"server"`
	Until  *node.Moment `json:"until"` // by its clock: no run of before is missing; null: not known yet
}

func toldOf(ctx context.Context, s *site) (*runTold, error) {
	pair, err := s.data.Node.Pair(ctx)
	if err != nil || pair == nil {
		return nil, err
	}
	told, err := s.data.Node.RunsTold(ctx)
	return &runTold{pair.Name, known(told.Whole)}, err
}

// runTable is for people.
func runTable(rows []runRow) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "id", Number: true},
		{Name: "timetable"},
		{Name: "slot"},
		{Name: "server"},
		{Name: "trigger"},
		{Name: "state"},
		{Name: "took", Number: true, Maybe: true},
		{Name: "reason", Maybe: true},
	}}
	for _, r := range rows {
		trigger := r.Trigger
		if r.Attempt > 1 {
			trigger += " " + strconv.Itoa(r.Attempt)
		}
		t.Add(number(r.ID), r.Timetable, second(&r.Slot), r.Server, trigger, string(r.State), took(r), r.Reason)
	}
	return t
}

// took says how long a run that has ended ran.
func took(r runRow) string {
	if r.Started == nil || r.Ended == nil {
		return ""
	}
	d := r.Ended.Time().Sub(r.Started.Time())
	if d < time.Minute {
		return d.Round(time.Second / 10).String()
	}
	return d.Round(time.Second).String()
}

// runFields is a table of all that is told of runs.
func runFields(rows []runRow) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "id", Number: true},
		{Name: "timetable"},
		{Name: "key"},
		{Name: "slot"},
		{Name: "attempt", Number: true},
		{Name: "server"},
		{Name: "epoch", Number: true},
		{Name: "trigger"},
		{Name: "actor", Maybe: true},
		{Name: "state"},
		{Name: "reason", Maybe: true},
		{Name: "planned"},
		{Name: "started", Maybe: true},
		{Name: "ended", Maybe: true},
		{Name: "exit", Number: true, Maybe: true},
		{Name: "told"},
	}}
	for _, r := range rows {
		exit := ""
		if r.Exit != nil {
			exit = strconv.Itoa(*r.Exit)
		}
		t.Add(number(r.ID), r.Timetable, r.Key, second(&r.Slot), strconv.Itoa(r.Attempt), r.Server, number(r.Epoch), r.Trigger, r.Actor,
			string(r.State), r.Reason, second(&r.Planned), second(r.Started), second(r.Ended), exit, strconv.FormatBool(r.Told))
	}
	return t
}
