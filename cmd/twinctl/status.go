package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

const (
	watchInterval = 2 * time.Second
	clearScreen   = "\x1b[H\x1b[2J"
)

func statusCommand() cli.Command {
	var watch bool
	return cli.Command{
		Name:  "status",
		Short: "show what this server is doing",
		Long: `Shows who this server is, whether twind runs, and for each feed whether its upstream is heard, what was stored, ` +
			`and how far it was provably heard. It exits 0 also when twind is down: "running" tells. ` +
			`RATE is records stored a second, over the last ten seconds. ` +
			`The epoch rises with each change of role on either twin, and never comes again: shown is the highest that this server has seen; a secondary that was never told one has 0.` +
			"\n\n" + `While the configuration is wrong, what can be told without it is told, and the problem is an alarm.`,
		Examples: []cli.Example{
			{Line: "twinctl status", Why: "one look"},
			{Line: "twinctl status --watch", Why: "look again every two seconds"},
			{Line: "twinctl status --json", Why: "the same for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&watch, "watch", false, "look again every two seconds until interrupted")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if watch {
				return watchStatus(ctx, call, s)
			}
			return showStatus(ctx, call, s)
		}),
	}
}

func showStatus(ctx context.Context, call *cli.Call, s *site) error {
	doc, err := app.Status(ctx, s.Config, s.data)
	if err != nil {
		return err
	}
	if call.Format == cli.Text {
		return writeStatus(call.Out, doc)
	}
	return call.Show(cli.View{Document: doc, Lines: cli.Each([]node.Document{doc})})
}

// watchStatus shows it again and again. Being interrupted is how it ends.
func watchStatus(ctx context.Context, call *cli.Call, s *site) error {
	screen := call.Out
	onScreen := call.Format == cli.Text && cli.IsTerminal(screen)
	var frame bytes.Buffer
	if onScreen {
		call.Out = &frame
	}
	for {
		if err := showStatus(ctx, call, s); err != nil {
			return err
		}
		if onScreen { // at once, so that it does not flicker
			fmt.Fprintf(screen, "%s%s", clearScreen, &frame)
			frame.Reset()
		}
		select {
		case <-ctx.Done():
			return interrupted(ctx)
		case <-time.After(watchInterval):
		}
	}
}

// writeStatus writes the document for people.
func writeStatus(w io.Writer, doc node.Document) error {
	state := "twind is not running"
	if doc.Running {
		state = fmt.Sprintf("running as process %d", doc.PID)
	}
	fmt.Fprintf(w, "%s  %s  epoch %d  %s  %s\n", inert.Text(doc.Name), doc.Role, doc.Epoch, state, doc.Version)
	for _, a := range doc.Alarms {
		fmt.Fprintf(w, "%s since %s: %s\n", a.Severity, a.Since.Format(time.RFC3339), inert.Text(a.Text))
	}
	if len(doc.Feeds) == 0 {
		fmt.Fprintln(w, "no feeds are configured")
		return nil
	}
	fmt.Fprintln(w)
	if err := writeFeeds(w, doc.Feeds); err != nil {
		return err
	}
	for _, f := range doc.Feeds {
		if f.Error != "" {
			fmt.Fprintf(w, "%s: %s\n", inert.Text(f.Name), inert.Text(f.Error))
		}
	}
	if !doc.Running {
		fmt.Fprintln(w, "\nNext: systemctl start twind, or twind --config FILE")
	}
	return nil
}

// writeFeeds writes the feeds as two tables, which a narrow terminal has room
// for: what each is doing, and how far it was heard.
func writeFeeds(w io.Writer, feeds []node.FeedDocument) error {
	const name, times = 1, 8 // columns
	whole := feedTable(feeds)
	counts, heard := cli.Table{Columns: whole.Columns[:times]}, cli.Table{Columns: slices.Concat(whole.Columns[:name], whole.Columns[times:])}
	for _, row := range whole.Rows {
		counts.Add(row[:times]...)
		heard.Add(slices.Concat(row[:name], row[times:])...)
	}
	if err := counts.WriteText(w); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return heard.WriteText(w)
}

func feedTable(feeds []node.FeedDocument) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "feed"},
		{Name: "kind"},
		{Name: "state"},
		{Name: "records", Number: true},
		{Name: "rate", Number: true},
		{Name: "duplicates", Number: true},
		{Name: "rejected", Number: true},
		{Name: "gaps_open", Number: true},
		{Name: "last_record_at", Maybe: true},
		{Name: "covered_until", Maybe: true},
		{Name: "address"},
	}}
	for _, f := range feeds {
		t.Add(f.Name, f.Kind, f.State, number(f.Records), strconv.FormatFloat(f.Rate, 'f', 1, 64),
			number(f.Duplicates), number(f.Rejected), number(f.GapsOpen), second(f.LastRecordAt), second(f.CoveredUntil), f.Address)
	}
	return t
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// second shows an instant to the second, nothing if it is not known.
func second(at *node.Moment) string {
	if at == nil {
		return ""
	}
	return at.Time().Format(time.RFC3339)
}
