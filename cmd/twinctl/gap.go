package main

import (
	"context"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
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
	var filter rowFilter
	return cli.Command{
		Name:  "list",
		Short: "list every stretch that was not provably heard, with its reason",
		Long: `A gap is a stretch of upstream time in which this server did not provably hear a feed. ` +
			`It is open until somebody knows what was missed; "closed" means that there was nothing to hear. ` +
			`One without an end is not over yet. ` +
			`RECORDS counts the records in it that are stored all the same: an upstream may say later what it said meanwhile. ` +
			`Where a table has not the room, times stand to the second, and the end without its date if that is the beginning's.`,
		Examples: []cli.Example{
			{Line: "twinctl gap list", Why: "all of them"},
			{Line: "twinctl gap list --filter 'state:open !no_upstream'", Why: "the open ones, but for an upstream that was away"},
			{Line: "twinctl gap list --feed pbx --json", Why: "those of one feed, for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&name, "feed", "", "only those of `FEED`")
			filter.flag(f)
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
			if gaps, err = sifted(filter, "gap list", gaps, preciseGaps); err != nil {
				return err
			}
			if call.Format == cli.Text {
				columns, _ := cli.Screen(call.Out)
				return gapText(gaps, columns).WriteText(call.Out)
			}
			return call.Show(cli.View{
				Document: struct {
					Gaps []history.Gap `json:"gaps"`
				}{gaps},
				Lines: cli.Each(gaps),
				Table: preciseGaps(gaps),
			})
		}),
	}
}

// A span writes the two ends of a gap.
type span func(history.Gap) (from, to string)

// precise writes both to the microsecond.
func precise(g history.Gap) (from, to string) { return g.From.String(), instant(g.To) }

// rounded writes both to the second.
func rounded(g history.Gap) (from, to string) {
	return second((*node.Moment)(&g.From)), second((*node.Moment)(g.To))
}

// short leaves out the date of the end where it is that of the beginning.
func short(g history.Gap) (from, to string) {
	from, to = rounded(g)
	if day, hours, ok := strings.Cut(to, "T"); ok && strings.HasPrefix(from, day) {
		to = hours
	}
	return from, to
}

// gapText returns the most precise table that fits into so many columns.
func gapText(gaps []history.Gap, columns int) cli.Table {
	for _, written := range []span{precise, rounded} {
		if t := gapTable(gaps, written); t.Width() <= columns {
			return t
		}
	}
	return gapTable(gaps, short)
}

func preciseGaps(gaps []history.Gap) cli.Table { return gapTable(gaps, precise) }

func gapTable(gaps []history.Gap, written span) cli.Table {
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
		from, to := written(g)
		t.Add(number(g.ID), g.Feed, from, to, string(g.Reason), string(g.State), number(g.Records))
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
