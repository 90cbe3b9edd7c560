package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
)

func timetablePauseCommand() cli.Command {
	a := act{verb: "timetable.pause", timetables: true}
	var reason, until string
	return cli.Command{
		Name:  "pause",
		Args:  "NAME...",
		Short: "have timetables start nothing for now",
		Long: `Their slots stand in twinctl run list as skipped, for that reason. What is running goes on, and twinctl timetable run still starts them. ` +
			`It holds on both servers after the next twinctl sync; twinctl maintenance on holds all of one server at once.`,
		Examples: []cli.Example{
			{Line: "twinctl timetable pause nightly --reason 'new disks'", Why: "until somebody resumes it"},
			{Line: "twinctl timetable pause nightly --reason 'new disks' --until 2h", Why: "it goes on by itself"},
		},
		Exits:    changeExits(),
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeTimetables},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&reason, "reason", "", "`WHY`, for those who look later; must be said")
			f.StringVar(&until, "until", "", "until this `TIME`: RFC 3339, a time as 2026-11-21T08:30 by this server's clock, or a duration from now")
			a.flags(f)
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if err := inert.Name(reason); err != nil {
				return cli.Fail(cli.Usage, fmt.Errorf("--reason %s: %w", inert.Text(reason), err), "twinctl help timetable pause")
			}
			paused := admin.Body{"paused": true, "pause_reason": admin.Composed(reason)}
			if until != "" {
				at, err := ahead(until, time.Now())
				if err != nil {
					return cli.Fail(cli.Usage, fmt.Errorf("--until: %w", err), "twinctl help timetable pause")
				}
				paused["paused_until"] = at.Time().Format(time.RFC3339)
			}
			return s.setPaused(ctx, call, a, paused)
		}),
	}
}

func timetableResumeCommand() cli.Command {
	a := act{verb: "timetable.resume", timetables: true}
	return cli.Command{
		Name:     "resume",
		Args:     "NAME...",
		Short:    "have paused timetables go on with their next slots",
		Long:     `Slots that were skipped meanwhile are not run any more; twinctl timetable backfill runs them.`,
		Examples: []cli.Example{{Line: "twinctl timetable resume nightly"}},
		Exits:    changeExits(),
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeTimetables},
		Flags:    a.flags,
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			return s.setPaused(ctx, call, a, nil)
		}),
	}
}

// setPaused says of timetables whether they are paused; nil: they are not.
func (s *site) setPaused(ctx context.Context, call *cli.Call, a act, paused admin.Body) error {
	rows, err := s.chosenRows(ctx, chosen{names: call.Args})
	if err != nil {
		return err
	}
	var edits []admin.Edit
	for _, row := range rows {
		body := maps.Clone(row.Body)
		for _, field := range []string{"paused", "paused_until", "pause_reason"} {
			delete(body, field)
		}
		maps.Copy(body, paused)
		if paused == nil && !row.Body.Bool("paused") {
			fmt.Fprintf(call.Err, "Note: timetable %s is not paused\n", inert.Text(row.Body.Text("name")))
		}
		edits = append(edits, editOf(row, body))
	}
	if len(edits) == 0 {
		return cli.Fail(cli.Usage, errors.New("which?"), "twinctl timetable list")
	}
	return s.administer(ctx, call, a, edits)
}
