package main

import (
	"context"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/timetable/task"
)

// keepCommand is what twind starts each task of a timetable with.
func keepCommand() cli.Command {
	var grace time.Duration
	return cli.Command{
		Name:  task.KeepVerb,
		Args:  "FILE [ARG...]",
		Short: "run a program for twind, and leave nothing of it",
		Long:  `Runs a program until it ends, or until standard input does, and then ends all that it has started. It exits as the program did: 128 and the number if a signal ended it.`,
		Examples: []cli.Example{
			{Line: "sleep 60 | twinctl keep -- /usr/local/bin/archive --all", Why: "give it a minute"},
		},
		Hidden: true,
		Flags: func(f *cli.FlagSet) {
			f.DurationVar(&grace, "grace", 3*time.Second, "how `LONG` the program has to end by itself before it is killed")
		},
		Run: func(_ context.Context, call *cli.Call) error {
			status := task.Keeper{Orders: call.In, Grace: grace, Out: call.Err}.Run(call.Args)
			if status == 0 {
				return nil
			}
			return cli.Fail(cli.Code(status), nil, "")
		},
	}
}
