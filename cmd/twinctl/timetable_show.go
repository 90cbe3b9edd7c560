package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// usualRuns is how many runs of a timetable are shown with it.
const usualRuns = 5

func timetableShowCommand() cli.Command {
	return cli.Command{
		Name:  "show",
		Args:  "NAME",
		Short: "show one timetable: all that is said of it, its next slots and its last",
		Examples: []cli.Example{
			{Line: "twinctl timetable show nightly"},
			{Line: "twinctl timetable show nightly --json", Why: "one object, for programs"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeKeys(timetableKind())},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			row, err := s.timetableRow(ctx, call.Args[0])
			if err != nil {
				return err
			}
			p, err := s.plan(ctx, row)
			if err != nil {
				return err
			}
			return s.showTimetable(ctx, call, p)
		}),
	}
}

func (s *site) showTimetable(ctx context.Context, call *cli.Call, p planned) error {
	o, err := s.outlook(ctx)
	if err != nil {
		return err
	}
	state, because := p.state(o.here, time.Now())
	shown := shownTimetable{forecast: s.forecast(ctx, p, o), State: state, Because: because, Row: rowObject(p.row)}
	runs, err := s.data.Node.Runs(ctx, node.RunQuery{Timetables: []string{p.ID}, Limit: usualRuns})
	if err != nil {
		return err
	}
	shown.Last = make([]runRow, len(runs))
	for i, r := range runs {
		shown.Last[len(runs)-1-i] = runRowOf(r)
	}
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: shown})
	}
	return shown.write(call)
}

// A shownTimetable is all that there is to be said of one.
type shownTimetable struct {
	forecast

	State   string    `json:"state"` // here, as twinctl timetable list has it
	Because string    `json:"because"`
	Row     rowObject `json:"row"`  // as it is administered
	Last    []runRow  `json:"last"` // the last slots, the last one last
}

func (v shownTimetable) write(call *cli.Call) error {
	t := cli.Table{Columns: []cli.Column{{Name: "field"}, {Name: "value", Maybe: true}}}
	fields := fieldTable(timetableKind(), admin.Row(v.Row))
	for _, cells := range fields.Rows {
		cells[1] = shownValue(cells[0], cells[1])
		t.Add(cells...)
	}
	t.Add("here", strings.TrimSuffix(v.State+": "+v.Because, ": "))
	if v.Words != "" {
		t.Add("runs", v.Words)
		t.Add("runs on", v.RunsOn)
	}
	if err := t.WriteText(call.Out); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintln(&b)
	if v.zone != nil {
		fmt.Fprintln(&b, "Next:")
		v.forecast.write(&b)
	} else {
		fmt.Fprintf(&b, "Warning: it cannot be read: %s\n", inert.Text(v.Problem))
	}
	if _, err := fmt.Fprint(call.Out, b.String()); err != nil || len(v.Last) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(call.Out, "\nLast:"); err != nil {
		return err
	}
	return runTable(v.Last).WriteText(call.Out)
}

// shownValue shows seconds as a duration.
func shownValue(field, value string) string {
	if !strings.HasSuffix(field, "_s") {
		return value
	}
	d, err := time.ParseDuration(value + "s")
	if err != nil {
		return value
	}
	return lengthText(d)
}
