package main

import (
	"context"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/page"
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
			a.span(f, "today")
			f.StringVar(&a.ask.Feed, "feed", "", "only what was seen of `FEED`")
			f.StringArrayVar(&a.ask.Queues, "queue", nil, "only of this `QUEUE`, by key or name; may be given again")
			f.StringArrayVar(&a.ask.Agents, "agent", nil, "only of this `AGENT`, by key or name; may be given again")
			f.StringVar(&a.ask.OpenHours, "open-hours", "", "only while this `CALENDAR` is open")
		},
		Complete: completeExceptions(),
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if err := a.read(ctx, s); err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help report exception")
			}
			t, err := report.Exceptions(ctx, s.sources(), a.ask)
			if err != nil {
				return err
			}
			if call.Format == cli.HTML {
				return page.Write(call.Out, page.Report{Table: t, Server: s.Name, Made: time.Now()})
			}
			return showReport(call, t)
		}),
	}
}

// completeExceptions offers what stands behind the flags.
func completeExceptions() map[string]func(context.Context, *cli.Call) []string {
	offers := completeReport("queue")
	offers["--agent"] = completeReport("agent")["--agent"]
	delete(offers, "--group")
	delete(offers, "--by")
	return offers
}
