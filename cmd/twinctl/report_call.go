package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/page"
	"github.com/twinctl/twin/collector/report"
)

func reportCallCommand() cli.Command {
	var c callAsking
	return cli.Command{
		Name:  "call",
		Args:  "[CALL]",
		Short: "what became of a call, from the cradle to the grave",
		Long: `A row for each thing that happened to a call, by the records themselves: every leg and every wait. CALL is an id of Asterisk, of the call or of one of its legs; ` +
			`without it, the calls of a caller, of an agent, or all of a time are told. The two halves of Local channels say nothing of their own and are left out. ` +
			timeWords,
		Examples: []cli.Example{
			{Line: "twinctl report call 1795246405.117", Why: "the id tells when it began: no time is needed"},
			{Line: "twinctl report call --caller +493012345 --from yesterday", Why: "what happened to a customer"},
			{Line: "twinctl report call --agent 1004 --from 1h -o jsonl", Why: "for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: reportOutputs(),
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&c.from, "from", "", "something happened from this `TIME` on (default: today; of a CALL, when its id says)")
			f.StringVar(&c.to, "to", "", "and before this `TIME` (default: now)")
			f.StringVar(&c.ask.Call, "call", "", "the same as `CALL` behind the verb")
			f.StringVar(&c.ask.Caller, "caller", "", "only those from this `NUMBER`")
			f.StringVar(&c.ask.Agent, "agent", "", "only those that this `AGENT` answered or that rang there, by key or name")
			f.StringVar(&c.ask.Feed, "feed", "", "read `FEED`, whether it is the one that counts or not")
			f.BoolVar(&c.ask.AllLegs, "all-legs", false, "the halves of Local channels too")
			f.IntVar(&c.ask.Limit, "limit", 1000, "at most `N` calls, the first")
		},
		Complete: completeReport("agent"),
		Run:      with(c.run),
	}
}

// A callAsking is a question about calls as it was typed.
type callAsking struct {
	from, to string
	ask      report.CallAsk
}

func (c *callAsking) run(ctx context.Context, call *cli.Call, s *site) error {
	if err := c.read(ctx, call, s); err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help report call")
	}
	t, err := report.Call(ctx, s.sources(), c.ask)
	if err != nil {
		return err
	}
	if call.Format == cli.HTML {
		return page.Write(call.Out, page.Report{Table: t, Server: s.Name, Made: time.Now()})
	}
	return showReport(call, t)
}

func (c *callAsking) read(ctx context.Context, call *cli.Call, s *site) error {
	if len(call.Args) > 0 {
		if c.ask.Call != "" {
			return errors.New("CALL and --call are the same: want one of them")
		}
		c.ask.Call = call.Args[0]
	}
	if c.ask.Limit < 1 {
		return errors.New("--limit: want 1 or more")
	}
	if c.ask.Call != "" && c.from == "" && c.to == "" {
		return nil
	}
	a := asking{from: cmp.Or(c.from, "today"), to: cmp.Or(c.to, "now")}
	if err := a.read(ctx, s); err != nil {
		return err
	}
	c.ask.From, c.ask.To = a.ask.From, a.ask.To
	return nil
}
