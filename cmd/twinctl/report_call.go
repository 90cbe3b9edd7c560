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
		Long: `A row for each thing that happened to a call, by the records themselves: every leg and every wait. CALL is an id of Asterisk, of the call or of one of its legs, or the id that the rows of another exchange have: those do not tell when it began, so a time is needed. ` +
			`Without it, the calls of a caller, of an agent, or all of a time are told. The two halves of Local channels say nothing of their own and are left out. ` +
			timeWords,
		Examples: []cli.Example{
			{Line: "twinctl report call 1795246405.117", Why: "the id tells when it began: no time is needed"},
			{Line: "twinctl report call --caller +493012345 --from yesterday", Why: "what happened to a customer"},
			{Line: "twinctl report call --agent 1004 --from 1h -o jsonl", Why: "for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: reportOutputs(),
		Flags: func(f *cli.FlagSet) {
			c.typed = f.Changed
			f.StringVar(&c.from, "from", "", "something happened from this `TIME` on (default: today; of a CALL, when its id says)")
			f.StringVar(&c.to, "to", "", "and before this `TIME` (default: now)")
			c.stretch.common(f)
			f.StringVar(&c.ask.Call, "call", "", "the same as `CALL` behind the verb")
			f.StringVar(&c.ask.Caller, "caller", "", "only those from this `NUMBER`")
			f.StringVar(&c.ask.Agent, "agent", "", "only those that this `AGENT` answered or that rang there, by key or name")
			f.StringVar(&c.ask.Feed, "feed", "", "read `FEED`, whether it is the one that counts or not")
			f.BoolVar(&c.ask.AllLegs, "all-legs", false, "the halves of Local channels too")
			f.IntVar(&c.ask.Limit, "limit", usualCalls, "at most `N` calls, the first")
			c.outlet.flags(f)
		},
		Complete: completeReport("agent"),
		Check:    c.stretch.check,
		Run:      with(c.run),
	}
}

// usualCalls is how many calls are told unless it is said.
const usualCalls = 1000

// A callAsking is a question about calls as it was typed.
type callAsking struct {
	stretch
	outlet
	ask report.CallAsk
}

func (c *callAsking) run(ctx context.Context, call *cli.Call, s *site) error {
	site, err := report.ReadSettings(ctx, s.data.Admin)
	if err != nil {
		return err
	}
	if err := errors.Join(c.outlet.check(call), c.read(call, site)); err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help report call")
	}
	said, err := c.put(ctx, s)
	if err != nil {
		return err
	}
	return c.outlet.send(ctx, call, s, said)
}

// put asks what was read.
func (c *callAsking) put(ctx context.Context, s *site) (answer, error) {
	t, err := report.Call(ctx, s.sources(), c.ask)
	return answer{from: c.ask.From, zone: t.Zone, parts: []page.Report{{Table: t}}}, err
}

func (c *callAsking) read(call *cli.Call, site report.Settings) error {
	if len(call.Args) > 0 {
		if c.ask.Call != "" {
			return errors.New("CALL and --call are the same: want one of them")
		}
		c.ask.Call = call.Args[0]
	}
	if c.ask.Limit < 1 {
		return errors.New("--limit: want 1 or more")
	}
	if c.ask.Call != "" && c.from == "" && c.to == "" && c.period == "" {
		return nil
	}
	span := c.stretch
	span.from, span.to = cmp.Or(c.from, "today"), cmp.Or(c.to, "now")
	within, err := span.read(time.Now(), site)
	c.ask.From, c.ask.To = within.From, within.To
	return err
}
