package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
)

func timetableRunCommand() cli.Command {
	var noWait bool
	return cli.Command{
		Name:  "run",
		Args:  "NAME",
		Short: "have twind run a timetable now, and wait for it",
		Long: `Writes what its tasks say while they say it, and ends with the status of the first that failed; 130 if it was cancelled. ` +
			`A pause does not keep it from running, a maintenance does; while a run of it goes on, it is as the timetable says of overlaps. ` +
			`Interrupting this verb does not interrupt the run.`,
		Examples: []cli.Example{
			{Line: "twinctl timetable run nightly"},
			{Line: "twinctl timetable run nightly --no-wait", Why: "its number, for twinctl run show"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeKeys(timetableKind())},
		Flags:    func(f *cli.FlagSet) { f.BoolVar(&noWait, "no-wait", false, "write its number, and do not wait for it") },
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			row, err := s.timetableRow(ctx, call.Args[0])
			if err != nil {
				return err
			}
			var begun app.RunAnswer
			if err := s.ask(ctx, call, app.RunTimetable, app.RunArgs{ID: row.Key}, &begun); err != nil {
				return err
			}
			if !noWait {
				return s.awaitRun(ctx, call, begun.Run)
			}
			if call.Format == cli.JSON {
				return call.Show(cli.View{Document: begun})
			}
			_, err = fmt.Fprintln(call.Out, begun.Run)
			return err
		}),
	}
}

// awaitRun shows a run until it has ended, and ends as it did.
func (s *site) awaitRun(ctx context.Context, call *cli.Call, id int64) error {
	fmt.Fprintf(call.Err, "run %d\n", id)
	if err := s.watchRun(ctx, call, id); err != nil {
		return err
	}
	r, err := s.data.Node.Run(ctx, id)
	if err != nil {
		return err
	}
	if call.Format == cli.JSON {
		one := *call
		one.Args = []string{strconv.FormatInt(id, 10)}
		if err := showRun(ctx, &one, s); err != nil {
			return err
		}
	}
	return verdictOf(call, r)
}

// watchRun writes what a run says until it has ended.
func (s *site) watchRun(ctx context.Context, call *cli.Call, id int64) error {
	there := *call
	if call.Format == cli.JSON {
		there.Out = io.Discard // the document tells the last of it
	}
	err := inertly(&there, func(call *cli.Call) error { return s.followOutput(ctx, call, node.Run{ID: id}) })
	switch r, wrong := s.data.Node.Run(context.WithoutCancel(ctx), id); {
	case wrong != nil:
		return errors.Join(err, wrong)
	case r.State.Final() && ctx.Err() == nil:
		return nil
	case ctx.Err() != nil:
		fmt.Fprintf(call.Err, "run %d goes on: twinctl timetable cancel %[1]d ends it, twinctl run output %[1]d --follow shows it\n", id)
		return err
	}
	return cli.Fail(cli.Unknown, fmt.Errorf("run %d: twind ended before it had: %w", id, err), fmt.Sprintf("twinctl run show %d, once twind runs again", id))
}

// inertly has something written harmless where it goes to a terminal.
func inertly(call *cli.Call, write func(*cli.Call) error) error {
	if !cli.IsTerminal(call.Out) {
		return write(call)
	}
	safe := &inertWriter{out: call.Out}
	there := *call
	there.Out = safe
	return errors.Join(write(&there), safe.flush())
}

// verdictOf says how a run ended, and ends as it did.
func verdictOf(call *cli.Call, r node.Run) error {
	if r.State == node.RunOK {
		fmt.Fprintf(call.Err, "run %d is ok, after %s\n", r.ID, took(runRowOf(r)))
		return nil
	}
	err := fmt.Errorf("run %d is %s: %s", r.ID, r.State, r.Reason)
	if r.Reason == "" {
		err = fmt.Errorf("run %d is %s", r.ID, r.State)
	}
	code := cli.Failed
	switch r.State {
	case node.RunCancelled:
		code = cli.Interrupted
	case node.RunSkipped, node.RunMissed:
		code = cli.Refused
	case node.RunFailed, node.RunTimeout:
		if r.Exit != nil && *r.Exit > 0 && *r.Exit < 256 {
			code = cli.Code(*r.Exit)
		}
	case node.RunInterrupted, node.RunClaimed, node.RunRunning, node.RunOK:
	}
	return cli.Fail(code, err, fmt.Sprintf("twinctl run show %d", r.ID))
}
