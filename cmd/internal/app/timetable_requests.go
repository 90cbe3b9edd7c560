package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable/engine"
)

// askRun answers the request to run a timetable now.
func (k *timekeeper) askRun(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args RunArgs) (any, error) {
		run, err := k.engine.Start(ctx, args.ID, r.Actor)
		if err != nil {
			return nil, refusedRun(err)
		}
		return RunAnswer{run.ID}, k.audit(ctx, r, run.Name, RunAnswer{run.ID})
	})
}

// askBackfill answers the request to run slots of the past.
func (k *timekeeper) askBackfill(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args BackfillArgs) (any, error) {
		if args.From >= args.To {
			return nil, cli.Fail(cli.Usage, errors.New("it ends before it begins"), "twinctl help timetable backfill")
		}
		runs, err := k.engine.Backfill(ctx, engine.Backfill{
			Timetable: args.ID, Span: record.Span{From: record.Instant(args.From), To: record.Instant(args.To)},
			Failed: args.Failed, All: args.All, Actor: r.Actor,
		})
		answer := BackfillAnswer{Runs: []int64{}}
		for _, run := range runs {
			answer.Runs = append(answer.Runs, run.ID)
		}
		switch {
		case len(runs) > 0: // also where not all could be claimed: what was runs
			return answer, errors.Join(err, k.audit(ctx, r, runs[0].Name, answer))
		case err != nil:
			return nil, refusedRun(err)
		}
		return answer, nil
	})
}

// askCancel answers the request to cancel a run.
func (k *timekeeper) askCancel(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args CancelArgs) (any, error) {
		run, err := k.data.Node.Run(ctx, args.Run)
		if err != nil {
			return nil, err
		}
		switch {
		case run.Theirs != 0:
			return nil, cli.Fail(cli.Refused, fmt.Errorf("run %d is one of %s", args.Run, run.Server), fmt.Sprintf("there: twinctl timetable cancel %d", run.Theirs))
		case run.State.Final():
			return nil, cli.Fail(cli.Refused, fmt.Errorf("run %d: it is %s already", args.Run, run.State), "")
		}
		if err := k.engine.Cancel(ctx, args.Run, r.Actor); err != nil {
			return nil, refusedRun(err)
		}
		return args, k.audit(ctx, r, run.Name, args)
	})
}

// audit notes what a person asked for and got.
func (k *timekeeper) audit(ctx context.Context, r node.Request, target string, detail any) error {
	return k.data.Node.Audit(context.WithoutCancel(ctx), node.Act{Actor: r.Actor, Verb: r.Verb, Target: target, Detail: detail})
}

// refusedRun gives what the engine refuses its exit status; nothing was changed.
func refusedRun(err error) error {
	return meant(err,
		meaning{engine.ErrNoTimetable, cli.Usage, "twinctl timetable list"},
		meaning{engine.ErrNotHere, cli.Refused, "twinctl status"},
		meaning{engine.ErrMaintenance, cli.Refused, "twinctl maintenance off"},
		meaning{engine.ErrCannot, cli.Refused, ""},
		meaning{engine.ErrOverlap, cli.Busy, "twinctl run list --state running"},
		meaning{engine.ErrNotRunning, cli.Refused, "twinctl run list"},
		meaning{engine.ErrStopped, cli.Refused, cli.StartTwind},
		meaning{node.ErrRole, cli.Refused, "twinctl status"},
	)
}
