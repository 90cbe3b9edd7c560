package main

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func reportRebuildCommand() cli.Command {
	var a asking
	var feeds []string
	return cli.Command{
		Name:  "rebuild",
		Short: "count anew from the records",
		Long: `Has twind count again what it had counted, from the records that it holds, whole quarter hours at a time. The rows are the same afterwards, always: ` +
			`this is for a person who doubts them. Of time whose records were dropped what was counted stays. ` + timeWords + ` ` +
			`Interrupting this verb does not interrupt the counting, and leaves nothing half done.`,
		Examples: []cli.Example{
			{Line: "twinctl report rebuild --from yesterday --to today"},
			{Line: "twinctl report rebuild --feed pbx", Why: "all that there are records of"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted, cli.Unknown},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			a.stretch.flags(f, "", "now")
			f.Lookup("from").Usage = "from this `TIME` on (default: all that there are records of)"
			f.StringSliceVar(&feeds, "feed", nil, "only `FEED`; may be given again")
		},
		Complete: completeReport(""),
		Check:    a.check,
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if err := a.read(ctx, s); err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help report rebuild")
			}
			for _, name := range feeds {
				if _, err := s.feed(name); err != nil {
					return err
				}
			}
			var done app.RebuildAnswer
			args := app.RebuildArgs{Feeds: feeds, From: a.ask.From, To: a.ask.To}
			if err := s.ask(ctx, call, app.Rebuild, args, &done); err != nil {
				return err
			}
			return showRebuilt(call, done)
		}),
	}
}

// A rebuilt is what was counted anew of one feed.
type rebuilt struct {
	Feed    string       `json:"feed"`
	From    *node.Moment `json:"from"` // null: the first record
	To      *node.Moment `json:"to"`   // null: there was nothing to count
	Records int64        `json:"records"`
}

func showRebuilt(call *cli.Call, done app.RebuildAnswer) error {
	all := make([]rebuilt, 0, len(done.Feeds))
	t := cli.Table{Columns: []cli.Column{
		{Name: "feed"}, {Name: "from", Maybe: true}, {Name: "to", Maybe: true}, {Name: "records", Number: true},
	}}
	for _, f := range done.Feeds {
		r := rebuilt{Feed: f.Feed, Records: f.Records}
		if !f.Span.Empty() {
			r.To = momentOf(f.Span.To)
		}
		if f.Span.From > 0 && !f.Span.Empty() {
			r.From = momentOf(f.Span.From)
		}
		all = append(all, r)
		t.Add(r.Feed, second(r.From), second(r.To), number(r.Records))
	}
	err := call.Show(cli.View{
		Document: struct {
			Feeds []rebuilt `json:"feeds"`
		}{all},
		Lines: cli.Each(all),
		Table: t,
	})
	if err == nil && len(all) == 0 {
		fmt.Fprintln(call.Err, "nothing was counted of any feed yet")
	}
	return err
}

func momentOf(at record.Instant) *node.Moment { return (*node.Moment)(&at) }
