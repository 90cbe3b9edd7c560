package main

import (
	"context"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/report"
)

func reportExceptionCommand() cli.Command {
	var a asking
	return cli.Command{
		Name:  "exception",
		Short: "which thresholds were crossed",
		Long: `A row for each threshold that was crossed, in the order in which this server saw it, with what was set then and what was reached: calls, seconds or percent. ` +
			`A threshold is crossed once in an interval, and once by what lasts. Who was told, alarm list says. ` + timeWords,
		Examples: []cli.Example{
			{Line: "twinctl report exception", Why: "today"},
			{Line: "twinctl report exception --from 2026-11-16 --queue support -o csv", Why: "of one queue, for a spreadsheet"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: reportOutputs(),
		Flags: func(f *cli.FlagSet) {
			a.stretch.flags(f, "today", "now")
			f.StringVar(&a.ask.Feed, "feed", "", "only what was seen of `FEED`")
			f.StringArrayVar(&a.ask.Queues, "queue", nil, "only of this `QUEUE`, by key or name; may be given again")
			f.StringArrayVar(&a.ask.Agents, "agent", nil, "only of this `AGENT`, by key or name; may be given again")
			f.StringVar(&a.ask.OpenHours, "open-hours", "", "only while this `CALENDAR` is open")
			a.outlet.flags(f)
		},
		Complete: completeExceptions(),
		Check:    a.check,
		Run:      a.answer("exception", exceptions),
	}
}

// exceptions is a question of which there is no course.
func exceptions(ctx context.Context, from report.Sources, ask report.Ask) (report.Overview, error) {
	t, err := report.Exceptions(ctx, from, ask)
	return report.Overview{Rows: t}, err
}

// completeExceptions offers what stands behind the flags.
func completeExceptions() map[string]func(context.Context, *cli.Call) []string {
	offers := completeReport("queue")
	offers["--agent"] = completeReport("agent")["--agent"]
	delete(offers, "--group")
	delete(offers, "--by")
	return offers
}
