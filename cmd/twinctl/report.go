package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/page"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

func reportCommand() cli.Command {
	return cli.Command{
		Name:  "report",
		Short: "what queues and agents did, what became of a call, what was heard",
		Long: `Reads what twind has counted of the records. Where feeds tell of the same calls, one of them is read: the one that says "counts", else the first. ` +
			`A row says how much of its time was heard, and whether it is complete; what was not heard is unknown, which is not zero.` + "\n\n" + intoWords,
		Examples: []cli.Example{
			{Line: "twinctl report queue", Why: "today, by interval"},
			{Line: "twinctl report agent --period yesterday --by day"},
			{Line: "twinctl report queue --filter 'queue:sales !complete:yes'", Why: "where is something of it not known?"},
		},
		Sub: []cli.Command{
			reportQueueCommand(),
			reportAgentCommand(),
			reportCallCommand(),
			reportExceptionCommand(),
			reportCoverageCommand(),
			reportNowCommand(),
			reportSavedCommand(),
			reportRebuildCommand(),
		},
	}
}

// reportOutputs are the forms of every report.
func reportOutputs() []cli.Format {
	return []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV, cli.HTML}
}

// An asking is a question as it was typed.
type asking struct {
	stretch
	outlet
	by   string
	ask  report.Ask
	site report.Settings // by which it is answered
}

// rows declares the flags that all counts have.
func (a *asking) rows(f *cli.FlagSet, by report.By) {
	a.stretch.flags(f, "today", "now")
	f.StringVar(&a.by, "by", string(by), "a row for each `STRETCH`: "+strings.Join(byWords(), ", "))
	f.StringVar(&a.ask.Feed, "feed", "", "read `FEED`, whether it is the one that counts or not")
	a.outlet.flags(f)
}

// whom declares the flags that choose queues or agents.
func (a *asking) whom(f *cli.FlagSet, kind string, into *[]string) {
	f.StringArrayVar(into, kind, nil, "only this `"+strings.ToUpper(kind)+"`, by key or name; may be given again")
	f.StringArrayVar(&a.ask.Groups, "group", nil, "and those of this `GROUP` of "+kind+"s; may be given again")
	f.StringVar(&a.ask.OpenHours, "open-hours", "", "only while this `CALENDAR` is open")
}

func byWords() []string {
	var words []string
	for _, by := range report.Bys() {
		words = append(words, string(by))
	}
	return words
}

// check says what is wrong with what was typed, whenever it is asked.
func (a *asking) check() error {
	if a.by != "" && !slices.Contains(byWords(), a.by) {
		return fmt.Errorf("--by %q: want %s", a.by, strings.Join(byWords(), ", "))
	}
	return a.stretch.check()
}

// read reads what was typed, by the site's clocks.
func (a *asking) read(ctx context.Context, s *site) error {
	var err error
	if a.site, err = report.ReadSettings(ctx, s.data.Admin); err != nil {
		return err
	}
	span, err := a.stretch.read(time.Now(), a.site)
	if err != nil {
		return err
	}
	a.ask.From, a.ask.To = span.From, span.To
	a.ask.By, a.ask.Now = report.By(a.by), record.At(time.Now())
	return nil
}

// sources returns what reports are made from.
func (s *site) sources() report.Sources {
	from := report.Sources{History: s.data.History, Admin: s.data.Admin}
	for _, f := range s.Feeds {
		from.Feeds = append(from.Feeds, report.Feed{Name: f.Name, Format: f.Format, Source: f.Source, Counts: f.Counts})
	}
	return from
}

// A question is one of package report.
type question func(context.Context, report.Sources, report.Ask) (report.Overview, error)

// answer asks, and has the answer leave as was said. What was asked wrongly is a
// usage error.
func (a *asking) answer(verb string, put question) func(context.Context, *cli.Call) error {
	return with(func(ctx context.Context, call *cli.Call, s *site) error {
		err := errors.Join(a.outlet.check(call), a.read(ctx, s))
		if err != nil {
			return cli.Fail(cli.Usage, err, "twinctl help report "+verb)
		}
		said, err := a.put(ctx, s, put)
		if err != nil {
			return err
		}
		return a.outlet.send(ctx, call, s, said)
	})
}

// put asks what was read.
func (a *asking) put(ctx context.Context, s *site, put question) (answer, error) {
	all, err := put(ctx, s.sources(), a.ask)
	if err != nil {
		return answer{}, err
	}
	return answer{from: a.ask.From, zone: a.site.Zone, parts: []page.Report{pageOf(all, a.site)}}, nil
}

// coverage is a question whose rows are their own course, where they are of one feed.
func coverage(ctx context.Context, from report.Sources, ask report.Ask) (report.Overview, error) {
	t, err := report.Coverage(ctx, from, ask)
	return report.Overview{Rows: t, Course: t}, err
}

func reportQueueCommand() cli.Command {
	var a asking
	return cli.Command{
		Name:  "queue",
		Short: "what each queue did",
		Long: `A row for each stretch of time and queue: who was offered, answered, abandoned or left otherwise, how long they waited, and the service level. ` +
			timeWords + "\n\n" +
			`The settings interval, time_zone, week_start, service_level, service_level_formula, short_abandon and ring_no_answer_min say how: they are read now and change nothing that is stored.`,
		Examples: []cli.Example{
			{Line: "twinctl report queue", Why: "today, by interval"},
			{Line: "twinctl report queue --from 2026-11-01 --to 2026-12-01 --by day -o csv", Why: "a month for a spreadsheet"},
			{Line: "twinctl report queue --period yesterday --into '/srv/{date}.html'", Why: "a page with plots, for people without a shell"},
			{Line: "twinctl report queue --period last-week --by day --mail boss", Why: "the same by mail, and a table of it, for the target boss"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: reportOutputs(),
		Flags: func(f *cli.FlagSet) {
			a.rows(f, report.Interval)
			a.whom(f, "queue", &a.ask.Queues)
		},
		Complete: completeReport("queue"),
		Check:    a.check,
		Run:      a.answer("queue", report.QueueOverview),
	}
}

func reportAgentCommand() cli.Command {
	var a asking
	return cli.Command{
		Name:  "agent",
		Short: "what each agent did",
		Long: `A row for each stretch of time and agent: how long they were there, available, paused and why, ringing, talking, on other calls, and what they answered. ` +
			`An agent in two queues has one time, not two. ` + timeWords,
		Examples: []cli.Example{
			{Line: "twinctl report agent", Why: "today, by interval"},
			{Line: "twinctl report agent --from 2026-11-16 --by day --group night", Why: "one group since then"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: reportOutputs(),
		Flags: func(f *cli.FlagSet) {
			a.rows(f, report.Interval)
			a.whom(f, "agent", &a.ask.Agents)
		},
		Complete: completeReport("agent"),
		Check:    a.check,
		Run:      a.answer("agent", report.AgentOverview),
	}
}

func reportCoverageCommand() cli.Command {
	var a asking
	return cli.Command{
		Name:  "coverage",
		Short: "how much of each feed was heard",
		Long: `A row for each day, or other stretch, and feed: how much of it was heard, its gaps and what was filled, and what only one of the twins has heard. ` +
			timeWords,
		Examples: []cli.Example{
			{Line: "twinctl report coverage --from 2026-11-01", Why: "this month, by day"},
			{Line: "twinctl report coverage --by interval --feed pbx", Why: "today, quarter by quarter"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  reportOutputs(),
		Flags:    func(f *cli.FlagSet) { a.rows(f, report.Day) },
		Complete: completeReport(""),
		Check:    a.check,
		Run:      a.answer("coverage", coverage),
	}
}

// completeReport offers what stands behind the flags of a report.
func completeReport(kind string) map[string]func(context.Context, *cli.Call) []string {
	offers := map[string]func(context.Context, *cli.Call) []string{
		"--feed":   completeFeeds,
		"--by":     func(context.Context, *cli.Call) []string { return byWords() },
		"--from":   func(context.Context, *cli.Call) []string { return []string{"today", "yesterday"} },
		"--to":     func(context.Context, *cli.Call) []string { return []string{"now", "today", "yesterday"} },
		"--period": func(context.Context, *cli.Call) []string { return periods() },
		"--mail":   completeTargets,
	}
	for flag, of := range map[string]string{"--" + kind: kind, "--group": kind + "-group", "--open-hours": "calendar"} {
		if k, ok := admin.KindNamed(of); ok && kind != "" {
			offers[flag] = func(ctx context.Context, call *cli.Call) []string { return rowWords(ctx, call, k) }
		}
	}
	return offers
}
