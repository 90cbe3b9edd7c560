package main

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/fill"
	"github.com/twinctl/twin/sync/link"
)

func compareCommand() cli.Command {
	var opt fill.CompareOptions
	return cli.Command{
		Name:  "compare",
		Short: "compare what the twins hold",
		Long: `Asks the twin for counts and sums of digests, and where these differ for keys, and says for each feed how many records only one of the two has. ` +
			`It compares what both have closed and still retain, up to the time that is shown: what comes just now is no difference. It changes nothing.`,
		Examples: []cli.Example{
			{Line: "twinctl compare", Why: "status 3 when they differ"},
			{Line: "twinctl compare --feed pbx --json", Why: "one feed, for programs"},
		},
		Exits:    []cli.Code{cli.Differs, cli.Refused, cli.Unreachable, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--feed": completeFeeds},
		Flags: func(f *cli.FlagSet) {
			f.StringSliceVar(&opt.Feeds, "feed", nil, "only `FEED`; may be given again")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			l, err := s.notary().Dial(ctx, link.Options{})
			if err != nil {
				return err
			}
			defer l.Close() //nolint:errcheck // nothing is under way
			if _, err := l.Check(ctx, false); err != nil {
				return err
			}
			found, err := fill.Compare(ctx, fill.Local{DB: s.data.History}, fill.Remote{Caller: l}, opt)
			if err != nil {
				return err
			}
			return showComparison(call, found, l.Pair.Name)
		}),
	}
}

func showComparison(call *cli.Call, found fill.Comparison, twin string) error {
	t := cli.Table{Columns: []cli.Column{
		{Name: "feed"},
		{Name: "here", Number: true},
		{Name: "there", Number: true},
		{Name: "only_here", Number: true},
		{Name: "only_there", Number: true},
		{Name: "equal"},
		{Name: "until"},
	}}
	for _, f := range found.Feeds {
		t.Add(f.Feed, number(f.Here), number(f.There), number(f.OnlyHere), number(f.OnlyThere), equalWord(f), f.Until.String())
	}
	if err := call.Show(cli.View{Document: found, Lines: cli.Each(found.Feeds), Table: t}); err != nil {
		return err
	}
	for _, f := range found.Feeds {
		if f.UntimedHere+f.UntimedThere > 0 && call.Format == cli.Text {
			fmt.Fprintf(call.Err, "%s: %d records here and %d there came without time of their own: whether these are the same cannot be known\n",
				inert.Text(f.Feed), f.UntimedHere, f.UntimedThere)
		}
	}
	if found.Equal {
		return nil
	}
	if call.Format == cli.Text {
		fmt.Fprintf(call.Err, "the histories differ from those of %s\nNext: twinctl fill --both\n", inert.Text(twin))
	}
	return cli.Fail(cli.Differs, nil, "")
}

// equalWord says no more than is known.
func equalWord(f fill.FeedComparison) string {
	if f.Equal && f.UntimedHere+f.UntimedThere > 0 {
		return "in part" // with a line that says why
	}
	return yesNo(f.Equal)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
