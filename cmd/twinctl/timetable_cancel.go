package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

const (
	// cancelTime is how long a cancelled run may take to end.
	cancelTime     = 30 * time.Second
	cancelInterval = 100 * time.Millisecond
)

func timetableCancelCommand() cli.Command {
	return cli.Command{
		Name:  "cancel",
		Args:  "RUN...",
		Short: "end runs that go on or wait",
		Long: `RUN is the number of one, or the name of a timetable, for all of it. What runs is ended with all that it started, first politely, after three seconds for certain; ` +
			`this verb waits until nothing of it is left. Only runs of this server are cancelled here.`,
		Examples: []cli.Example{
			{Line: "twinctl timetable cancel 12", Why: "as twinctl run list numbers it"},
			{Line: "twinctl timetable cancel nightly"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Complete: map[string]func(context.Context, *cli.Call) []string{"RUN": completeLive},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			var all []node.Run
			for _, word := range call.Args {
				runs, err := s.toCancel(ctx, word)
				if err != nil {
					return err
				}
				for _, r := range runs {
					if !slices.ContainsFunc(all, func(o node.Run) bool { return o.ID == r.ID }) {
						all = append(all, r)
					}
				}
			}
			for _, r := range all {
				if err := s.cancelRun(ctx, r); err != nil {
					return err
				}
			}
			rows, err := s.untilEnded(ctx, all)
			return errors.Join(showRuns(call, rows), err)
		}),
	}
}

// toCancel returns the runs that a word means, all of which have not ended.
func (s *site) toCancel(ctx context.Context, word string) ([]node.Run, error) {
	row, err := s.data.Admin.Find(ctx, timetableKind().Name, word)
	id, number := strconv.ParseInt(word, 10, 64)
	switch named := err == nil; {
	case err != nil && !errors.Is(err, admin.ErrNoRow):
		return nil, err
	case named && number == nil:
		return nil, cli.Fail(cli.Usage, fmt.Errorf("%d may be a run, and is a timetable: name that by its key, %s", id, row.Key), "twinctl run list")
	case named:
		return s.live(ctx, row)
	case number != nil:
		return nil, cli.Fail(cli.Usage, fmt.Errorf("%q is neither the number of a run nor a timetable: %w", word, err), "twinctl run list; twinctl timetable list")
	}
	r, err := s.run(ctx, word)
	if err != nil {
		return nil, err
	}
	if r.Theirs != 0 {
		return nil, cli.Fail(cli.Refused, fmt.Errorf("run %d is one of %s: nothing was changed", id, inert.Text(r.Server)), fmt.Sprintf("there: twinctl timetable cancel %d", r.Theirs))
	}
	if r.State.Final() {
		return nil, cli.Fail(cli.Refused, fmt.Errorf("run %d is %s already: nothing was changed", id, r.State), fmt.Sprintf("twinctl run show %d", id))
	}
	return []node.Run{r}, nil
}

// live returns the runs of a timetable that have not ended.
func (s *site) live(ctx context.Context, row admin.Row) ([]node.Run, error) {
	all, err := s.data.Node.UnendedRuns(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r node.Run) bool { return r.Timetable != row.Key })
	if len(all) == 0 {
		return nil, cli.Fail(cli.Refused, fmt.Errorf("no run of timetable %s goes on or waits here", inert.Text(row.Body.Text("name"))), "twinctl run list")
	}
	return all, nil
}

// cancelRun asks twind to end a run. One that ended meanwhile is no error.
func (s *site) cancelRun(ctx context.Context, r node.Run) error {
	args, err := json.Marshal(app.CancelArgs{Run: r.ID})
	if err != nil {
		return err
	}
	a, err := app.Ask(ctx, s.data, s.request(app.CancelRun, args), nil)
	if err != nil {
		return err
	}
	if err := app.Refusal(a); err != nil {
		if now, wrong := s.data.Node.Run(ctx, r.ID); wrong == nil && now.State.Final() {
			return nil
		}
		return err
	}
	return nil
}

// untilEnded waits for runs that were cancelled, and returns them as they are
// then. One that did something else meanwhile is told of by its state.
func (s *site) untilEnded(ctx context.Context, runs []node.Run) ([]runRow, error) {
	rows := make([]runRow, len(runs))
	tick := time.NewTicker(cancelInterval)
	defer tick.Stop()
	for deadline := time.Now().Add(cancelTime); ; {
		open := 0
		for i, r := range runs {
			now, err := s.data.Node.Run(ctx, r.ID)
			if err != nil {
				return rows[:i], err
			}
			if rows[i] = runRowOf(now); !now.State.Final() {
				open++
			}
		}
		if open == 0 {
			return rows, nil
		}
		if time.Now().After(deadline) {
			return rows, cli.Fail(cli.Unknown, fmt.Errorf("%d of %d runs have not ended within %s", open, len(runs), cancelTime), "twinctl run list")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return rows, interrupted(ctx)
		}
	}
}

// showRuns shows rows of the ledger.
func showRuns(call *cli.Call, rows []runRow) error {
	table := runTable(rows)
	if call.Format == cli.CSV {
		table = runFields(rows)
	}
	return call.Show(cli.View{
		Document: struct {
			Runs []runRow `json:"runs"`
		}{rows},
		Lines: cli.Each(rows),
		Table: table,
	})
}

// completeLive offers the runs that have not ended, and their timetables.
func completeLive(ctx context.Context, call *cli.Call) []string {
	s, err := open(ctx, call)
	if err != nil {
		return nil
	}
	defer s.data.Close() //nolint:errcheck // only read
	runs, err := s.data.Node.UnendedRuns(ctx)
	if err != nil {
		return nil
	}
	var words []string
	for _, r := range runs {
		words = append(words, fmt.Sprintf("%d\t%s %s", r.ID, r.Name, r.State), r.Name+"\tall of it")
	}
	slices.Sort(words)
	return slices.Compact(words)
}
