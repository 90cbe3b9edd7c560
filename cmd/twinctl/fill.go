package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/fill"
)

func fillCommand() cli.Command {
	var args app.FillArgs
	return cli.Command{
		Name:  "fill",
		Short: "copy what is missing here from the twin",
		Long: `Has twind ask the twin for what falls into gaps and for what differs, and store it. A gap becomes filled as far as the twin had heard it, ` +
			`and lost where neither had; lost becomes filled when the twin returns with it. ` +
			`twind does the same by itself: within seconds after a gap is over, and every five minutes. A second run adds nothing. ` +
			`Records that came without time of their own (format syslog) are never copied: nobody knows which of them both servers have. ` +
			`Interrupting this verb does not interrupt the filling.`,
		Examples: []cli.Example{
			{Line: "twinctl fill", Why: "now, rather than within five minutes"},
			{Line: "twinctl fill --both", Why: "and the twin fills from here"},
			{Line: "twinctl fill --all", Why: "rebuild a server that lost its disk"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--feed": completeFeeds},
		Flags: func(f *cli.FlagSet) {
			f.StringSliceVar(&args.Feeds, "feed", nil, "only `FEED`; may be given again")
			f.BoolVar(&args.All, "all", false, "rebuild: copy all that the twin has heard, also what is newer than what was heard here")
			f.BoolVar(&args.Both, "both", false, "then have the twin fill from here too")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if _, err := app.Paired(ctx, s.data.Node); err != nil {
				return err
			}
			var done app.FillAnswer
			if err := s.ask(ctx, call, app.Fill, args, &done); err != nil {
				return err
			}
			return showFill(call, done)
		}),
	}
}

// ask has twind do something that takes its time, shows how far it is, and
// decodes the answer.
func (s *site) ask(ctx context.Context, call *cli.Call, verb string, args, answer any) error {
	text, err := json.Marshal(args)
	if err != nil {
		return err
	}
	onScreen := cli.IsTerminal(call.Err)
	tell := func(progress string) {
		if onScreen {
			fmt.Fprintf(call.Err, "\r\x1b[K%s", inert.Text(progress))
		}
	}
	a, err := app.Ask(ctx, s.data, s.request(verb, text), tell)
	if onScreen {
		fmt.Fprint(call.Err, "\r\x1b[K")
	}
	if err != nil {
		return err
	}
	if err := app.Refusal(a); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(a.Text), answer); err != nil {
		return cli.Fail(cli.Unknown, fmt.Errorf("what twind answered: %w", err), "twinctl status")
	}
	return nil
}

func showFill(call *cli.Call, done app.FillAnswer) error {
	t := cli.Table{Columns: []cli.Column{
		{Name: "server"},
		{Name: "feed"},
		{Name: "ranges", Number: true},
		{Name: "added", Number: true},
		{Name: "already", Number: true},
		{Name: "gaps_filled", Number: true},
		{Name: "lost", Number: true},
		{Name: "still_open", Number: true},
	}}
	addFill(&t, "here", done.Feeds)
	if done.Twin != nil {
		addFill(&t, "twin", done.Twin.Feeds)
	}
	if err := call.Show(cli.View{Document: done, Lines: cli.Each(done.Feeds), Table: t}); err != nil {
		return err
	}
	if call.Format == cli.Text {
		tellUntimed(call, "the twin's", done.Feeds)
		if done.Twin != nil {
			tellUntimed(call, "this server's", done.Twin.Feeds)
		}
	}
	for _, name := range done.Unknown {
		fmt.Fprintf(call.Err, "the twin has a feed %s, which is not configured here: twinctl config diff\n", inert.Text(name))
	}
	return nil
}

// tellUntimed says what cannot be copied.
func tellUntimed(call *cli.Call, whose string, feeds []fill.FeedResult) {
	for _, f := range feeds {
		if f.Untimed > 0 {
			fmt.Fprintf(call.Err, "%s: %d of %s records came without time of their own, and are not copied\n", inert.Text(f.Feed), f.Untimed, whose)
		}
	}
}

func addFill(t *cli.Table, server string, feeds []fill.FeedResult) {
	for _, f := range feeds {
		t.Add(server, f.Feed, number(int64(f.Ranges)), number(f.Added), number(f.Already),
			number(int64(f.Filled)), number(int64(f.Lost)), number(int64(f.StillOpen)))
	}
}
