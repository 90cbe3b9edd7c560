package main

import (
	"context"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable/engine"
)

// A timetableLine is a timetable as the list shows it.
type timetableLine struct {
	Key      string       `json:"key"`
	Name     string       `json:"name"`
	Schedule string       `json:"schedule"`
	Zone     string       `json:"zone"`
	Words    string       `json:"words"`
	RunsOn   string       `json:"runs_on"`
	State    string       `json:"state"` // here: armed, held, standby, paused, problem or unreadable
	Because  string       `json:"because"`
	Next     *node.Moment `json:"next"` // start of the next run here; null: none
	Last     *runRow      `json:"last"` // its last slot that is known, here or on the twin; null: none
	Tasks    []string     `json:"tasks"`
	Owner    string       `json:"owner"`
}

// The states of a timetable on a server.
const (
	armed      = "armed"
	held       = "held"
	paused     = "paused"
	cannotRun  = "problem"
	unreadable = "unreadable"
)

func timetableListCommand() cli.Command {
	var c chosen
	var long bool
	var filter rowFilter
	return cli.Command{
		Name:  "list",
		Short: "list timetables, whether they run here, when next, and how it went last",
		Long: `HERE is armed where it runs on this server as it stands now, held while it waits until it is known who is primary, and standby where it does not: after a switch-over it will. ` +
			`LAST is the last slot that this server knows of, on either one.`,
		Examples: []cli.Example{
			{Line: "twinctl timetable list"},
			{Line: "twinctl timetable list -l --match backup", Why: "in words, with what they do and whose they are"},
			{Line: "twinctl timetable list --filter 'here:paused'", Why: "which of them are paused?"},
			{Line: "twinctl timetable list -o csv", Why: "all of it, for a spreadsheet"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--owned-by": completeOwners},
		Flags: func(f *cli.FlagSet) {
			c.flags(f)
			f.BoolVarP(&long, "long", "l", false, "the schedule in words, the tasks and the owner")
			filter.flag(f)
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			all, err := s.timetables(ctx, c)
			if err != nil {
				return err
			}
			o, err := s.outlook(ctx)
			if err != nil {
				return err
			}
			now := time.Now()
			lines := make([]timetableLine, len(all))
			for i, p := range all {
				if lines[i], err = s.lineOf(ctx, p, o.here, now); err != nil {
					return err
				}
			}
			longTable := func(lines []timetableLine) cli.Table { return timetableTable(lines, true) }
			if lines, err = sifted(filter, "timetable list", lines, longTable, timetableFields); err != nil {
				return err
			}
			return showTimetables(call, lines, long)
		}),
	}
}

// lineOf tells of a timetable how it stands here.
func (s *site) lineOf(ctx context.Context, p planned, here engine.Here, now time.Time) (timetableLine, error) {
	l := timetableLine{
		Key: p.ID, Name: p.Name, Schedule: p.row.Body.Text("schedule"), RunsOn: p.RunsOn, Owner: p.Owner, Tasks: p.row.Body.List("tasks"),
	}
	l.State, l.Because = p.state(here, now)
	if p.wrong == "" {
		l.Schedule, l.Zone, l.Words = p.Schedule.String(), p.Schedule.Zone().String(), p.Schedule.Words()
	}
	if l.State != unreadable && l.State != cannotRun && p.RunsAt(here.Server, here.Role) {
		l.Next = nextRun(p, here, now)
	}
	runs, err := s.data.Node.Runs(ctx, node.RunQuery{Timetables: []string{p.ID}, Limit: 1})
	if err == nil && len(runs) > 0 {
		last := runRowOf(runs[0])
		l.Last = &last
	}
	return l, err
}

// state says how a timetable stands on a server, and why.
func (p planned) state(here engine.Here, now time.Time) (state, because string) {
	switch {
	case p.wrong != "":
		return unreadable, p.wrong
	case p.Problem != "":
		return cannotRun, p.Problem
	case p.IsPaused(now):
		because = p.PauseReason
		if !p.PausedUntil.IsZero() {
			because = strings.TrimSpace(because + " until " + p.PausedUntil.UTC().Format(time.RFC3339))
		}
		return paused, because
	case !p.RunsAt(here.Server, here.Role):
		return engine.WhyStandby, ""
	case here.Held != "" && p.NeedsRole() != "":
		return held, here.Held
	case here.Maintenance.Holds(record.At(now)):
		return armed, engine.WhyMaintenance + ": " + here.Maintenance.Reason
	}
	return armed, ""
}

// nextAmong is how many slots are looked at for the next that runs.
const nextAmong = 400

// nextRun returns when it starts here next, nil if that is not soon to be found.
// Mostly it is the first slot.
func nextRun(p planned, here engine.Here, now time.Time) *node.Moment {
	for n := 1; n <= nextAmong; n *= 20 {
		coming := engine.Coming(p.Timetable, here, record.At(now), n)
		for _, f := range coming {
			if f.State == node.RunClaimed {
				return known(f.Start)
			}
		}
		if len(coming) < n {
			break
		}
	}
	return nil
}

func showTimetables(call *cli.Call, lines []timetableLine, long bool) error {
	table := timetableTable(lines, long)
	if call.Format == cli.CSV {
		table = timetableFields(lines)
	}
	return call.Show(cli.View{
		Document: struct {
			Timetables []timetableLine `json:"timetables"`
		}{lines},
		Lines: cli.Each(lines),
		Table: table,
	})
}

// timetableTable is for people.
func timetableTable(lines []timetableLine, long bool) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "name"},
		{Name: "schedule"},
		{Name: "runs_on", Maybe: true},
		{Name: "here"},
		{Name: "next", Maybe: true},
		{Name: "last", Maybe: true},
	}}
	if long {
		t.Columns = append(t.Columns, cli.Column{Name: "words", Maybe: true}, cli.Column{Name: "tasks"}, cli.Column{Name: "owner", Maybe: true})
	}
	for _, l := range lines {
		here := l.State
		if l.Because != "" {
			here += ": " + clipped(l.Because, maxCell)
		}
		cells := []string{clipped(l.Name, maxCell), clipped(l.Schedule, maxCell), l.RunsOn, here, second(l.Next), lastWords(l.Last)}
		if long {
			cells = append(cells, l.Words, clipped(writeEntries(l.Tasks), 2*maxCell), l.Owner)
		}
		t.Add(cells...)
	}
	return t
}

// lastWords says what became of the last slot.
func lastWords(r *runRow) string {
	if r == nil {
		return ""
	}
	words := string(r.State) + " " + second(&r.Slot)
	if r.Told {
		words += " on " + r.Server
	}
	return words
}

// timetableFields is a table of all that is told.
func timetableFields(lines []timetableLine) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "key"},
		{Name: "name"},
		{Name: "schedule"},
		{Name: "zone", Maybe: true},
		{Name: "words", Maybe: true},
		{Name: "runs_on", Maybe: true},
		{Name: "state"},
		{Name: "because", Maybe: true},
		{Name: "next", Maybe: true},
		{Name: "last_state", Maybe: true},
		{Name: "last_slot", Maybe: true},
		{Name: "last_server", Maybe: true},
		{Name: "tasks"},
		{Name: "owner", Maybe: true},
	}}
	for _, l := range lines {
		var last [3]string
		if r := l.Last; r != nil {
			last = [...]string{string(r.State), second(&r.Slot), r.Server}
		}
		t.Add(l.Key, l.Name, l.Schedule, l.Zone, l.Words, l.RunsOn, l.State, l.Because, second(l.Next),
			last[0], last[1], last[2], writeEntries(l.Tasks), l.Owner)
	}
	return t
}
