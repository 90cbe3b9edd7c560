package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/demo"
)

// leastSeconds is what two servers need to start and to be compared, and a
// moment for the recording.
const leastSeconds = 5

func demoCommand() cli.Command {
	o := demo.Options{}
	var seconds int
	var screen string
	return cli.Command{
		Name:  "demo",
		Short: "run an upstream and two servers that collect it, on this machine",
		Long: `Replays a recorded PBX to two servers, each a process of its own, stops one in the middle, moves the role there and home while timetables run, and compares what they hold and what they report of it. ` +
			`With --feed tail both follow its queue_log, with relp it is sent to each of them: then nothing is missed while a server is away. ` +
			`Everything lies in one directory and listens on loopback only. ` +
			`With --hold the upstream speaks in the present for over ten minutes, and everything runs until it is ended: ` +
			`DIR/cms-a/twin.toml and DIR/cms-b/twin.toml are there for every other verb; "ready" is printed when both collect.` + "\n\n" +
			`On a terminal the screen (see twinctl help tui) opens on a pair that is held: on that of --hold, or on a new one when all was shown and compared; with --dir, in DIR/living. ` +
			`q leaves it and ends everything. It does not open where --no-input is given, or in the background; --screen=no keeps it away.`,
		Examples: []cli.Example{
			{Line: "twinctl demo", Why: "see it work, in less than a minute; then try it"},
			{Line: "twinctl demo --hold --dir /tmp/twins", Why: "two servers to play with"},
			{Line: "twinctl demo --feed relp", Why: "the way that loses nothing: by RELP, from a queue that keeps it"},
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--feed": words("ami", "tail", "relp", "tail,relp"), "--screen": words(screenAuto, screenYes, screenNo),
		},
		Exits: []cli.Code{cli.Differs},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&o.Dir, "dir", "", "new or empty `DIR` for everything (default: one that is removed at the end, unless a server did not come up)")
			f.StringVar(&o.Feed, "feed", "ami", "`KINDS` by which the servers hear the upstream: ami, tail, relp, or tail,relp for two feeds of one source, the first of which is counted")
			f.BoolVar(&o.Hold, "hold", false, "keep everything running until it is ended")
			f.StringVar(&screen, "screen", screenAuto, "`WHEN` to open the screen on a pair that lives: auto (on a terminal), yes or no")
			f.IntVar(&seconds, "seconds", 45, "how long it may take, in `SECONDS`; with --hold it goes on until it is ended")
			f.StringVar(&o.Twind, "twind", "", "the `PROGRAM` to run as twind (default: the one beside twinctl)")
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			if seconds < leastSeconds {
				return cli.Fail(cli.Usage, fmt.Errorf("--seconds %d: want %d or more", seconds, leastSeconds), "twinctl help demo")
			}
			open, err := opensScreen(screen, call.NoInput, cli.InFront(call.In), onTerminal(call))
			if err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help demo")
			}
			ctx, stop := untilHangup(ctx, open)
			defer stop()
			said := &aside{to: call.Err}
			o.Lasting, o.Out, o.Err = time.Duration(seconds)*time.Second, call.Out, said
			o.Log = cli.NewLoggerFor(said, cli.IsTerminal(call.Err), slog.LevelWarn)
			if open {
				o.Screen = said.screen(call)
			}
			switch err := demo.Run(ctx, o); {
			case errors.Is(err, demo.ErrDiffer):
				return cli.Fail(cli.Differs, err, "")
			case errors.Is(err, demo.ErrNotEmpty), errors.Is(err, demo.ErrFeed):
				return cli.Fail(cli.Usage, err, "")
			default:
				return err
			}
		},
	}
}
