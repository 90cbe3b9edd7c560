package main

import (
	"context"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

func gapCommand() cli.Command {
	return cli.Command{
		Name:     "gap",
		Short:    "stretches in which a feed was not heard",
		Examples: []cli.Example{{Line: "twinctl gap list", Why: "all of them, with their reasons"}},
		Sub:      []cli.Command{gapListCommand()},
	}
}

func gapListCommand() cli.Command {
	var name string
	return cli.Command{
		Name:  "list",
		Short: "list every stretch that was not provably heard, with its reason",
		Long: `A gap is a stretch of upstream time in which this server did not provably hear a feed. ` +
			`It is open until somebody knows what was missed; "closed" means that there was nothing to hear. ` +
			`One without an end is not over yet. ` +
			`RECORDS counts the records in it that are stored all the same: an upstream may say later what it said meanwhile. ` +
			`On a terminal without the room, times stand to the second.`,
		Examples: []cli.Example{
			{Line: "twinctl gap list", Why: "all of them"},
			{Line: "twinctl gap list --feed pbx --json", Why: "those of one feed, for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&name, "feed", "", "only those of `FEED`")
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--feed": completeFeeds},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if name != "" {
				if _, err := s.feed(name); err != nil {
					return err
				}
			}
			gaps, err := app.Gaps(ctx, s.data, name)
			if err != nil {
				return err
			}
			return call.Show(cli.View{
				Document: struct {
					Gaps []history.Gap `json:"gaps"`
				}{gaps},
				Lines: cli.Each(gaps),
				Table: gapTable(gaps),
			})
		}),
	}
}

func gapTable(gaps []history.Gap) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "id", Number: true},
		{Name: "feed"},
		{Name: "from"},
		{Name: "to", Maybe: true},
		{Name: "reason"},
		{Name: "state"},
		{Name: "records", Number: true},
	}}
	for _, g := range gaps {
		t.Add(number(g.ID), g.Feed, g.From.String(), instant(g.To), string(g.Reason), string(g.State), number(g.Records))
	}
	return t
}

// instant shows an instant to the microsecond, nothing if it is not known.
func instant(at *record.Instant) string {
	if at == nil {
		return ""
	}
	return at.String()
}
