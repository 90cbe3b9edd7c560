package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/page"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

func reportNowCommand() cli.Command {
	var n asksNow
	return cli.Command{
		Name:  "now",
		Short: "how queues and agents stand now",
		Long: `Shows who waits and what each agent does, as twind knew it a second ago: from what was said since, and from what the upstream answered when it was last asked. ` +
			`The state of an agent is talk, ringing, other_call, paused (in a queue at least), available or unreachable, by the rules that time is counted by; among the members of a queue who is paused in others only counts as available.` +
			"\n\n" + `While twind does not run or a feed is not heard, nobody knows how things stand: that is said, and nothing is shown as zero. ` +
			`Where feeds tell of the same calls, one that is heard is looked at, and of those rather one of kind ami, which tells of phones too.` +
			"\n\n" + `With csv, jsonl and html it is the queues, or with --agents the agents; text and JSON have both.`,
		Examples: []cli.Example{
			{Line: "twinctl report now --watch", Why: "keep it on the screen"},
			{Line: "twinctl report now --queue sales", Why: "a queue, and its agents"},
			{Line: "twinctl report now --agents -o csv"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  reportOutputs(),
		Flags:    n.flags,
		Complete: completeNow(),
		Run:      with(n.run),
	}
}

// asksNow is the question as it was typed.
type asksNow struct {
	ask           report.Ask
	watch, agents bool
	screen        io.Writer // what is watched is put together elsewhere
}

func (n *asksNow) flags(f *cli.FlagSet) {
	f.StringArrayVar(&n.ask.Queues, "queue", nil, "only this `QUEUE`, by key or name; may be given again")
	f.StringArrayVar(&n.ask.Agents, "agent", nil, "only this `AGENT`, by key or name; may be given again")
	f.StringArrayVar(&n.ask.Groups, "group", nil, "and those of this `GROUP` of queues or agents; may be given again")
	f.StringVar(&n.ask.Feed, "feed", "", "look at `FEED`")
	f.BoolVar(&n.agents, "agents", false, "the agents alone")
	f.BoolVar(&n.watch, "watch", false, "look again every two seconds until interrupted")
}

func completeNow() map[string]func(context.Context, *cli.Call) []string {
	all := map[string]func(context.Context, *cli.Call) []string{}
	for _, kind := range []string{"agent", "queue"} {
		offers := completeReport(kind)
		all["--"+kind], all["--group"], all["--feed"] = offers["--"+kind], offers["--group"], offers["--feed"]
	}
	return all
}

func (n *asksNow) run(ctx context.Context, call *cli.Call, s *site) error {
	n.screen = call.Out
	show := func() error { return n.show(ctx, call, s) }
	if n.watch && call.Format == cli.HTML {
		return cli.Fail(cli.Usage, fmt.Errorf("--watch writes no page: a page does not change"), "twinctl report now -o html")
	}
	if n.watch {
		return watch(ctx, call, "twinctl report now", show)
	}
	return show()
}

// show looks once.
func (n *asksNow) show(ctx context.Context, call *cli.Call, s *site) error {
	running, seen, err := sights(ctx, s)
	if err != nil {
		return err
	}
	n.ask.Now = record.At(time.Now())
	queues, agents, err := report.Now(ctx, s.sources(), seen, n.ask)
	if err != nil {
		return err
	}
	if !running {
		queues.Notes = append([]string{"twind is not running"}, queues.Notes...)
	}
	agents.Notes = queues.Notes
	switch {
	case call.Format == cli.JSON:
		return call.Show(cli.View{Document: nowDocumentOf(queues, agents)})
	case call.Format == cli.Text && !n.agents:
		return n.text(call, queues, agents)
	case n.agents:
		queues = agents
	}
	if call.Format == cli.HTML {
		return page.Write(call.Out, page.Report{Table: queues, Server: s.Name, Made: time.Now()})
	}
	return showReport(call, queues)
}

// text shows both tables to people.
func (n *asksNow) text(call *cli.Call, queues, agents report.Table) error {
	var said bool
	for _, t := range []report.Table{queues, agents} {
		if len(t.Rows) == 0 {
			continue
		}
		if said {
			fmt.Fprintln(call.Out)
		}
		said = true
		if err := n.write(call, t); err != nil {
			return err
		}
	}
	notes := call.Err
	if n.watch {
		notes = call.Out // they are part of the frame
	}
	for _, note := range queues.Notes {
		fmt.Fprintln(notes, inert.Text(note))
	}
	return nil
}

// write writes a table for people, without the columns that a screen has no room
// for. Who watches can do without being told of them each time.
func (n *asksNow) write(call *cli.Call, t report.Table) error {
	layout := momentLayout(t)
	table := tableOf(t, func(value any) string {
		if at, ok := value.(time.Time); ok {
			return at.Format(layout)
		}
		return plainCell(value)
	})
	if !cli.IsTerminal(n.screen) {
		return table.WriteText(call.Out)
	}
	columns, _ := cli.Screen(n.screen)
	narrow, left := fitting(table, columns)
	if err := narrow.WriteText(call.Out); err != nil || n.watch {
		return err
	}
	return leftOut(call, columns, left)
}

// sights returns how each feed stands, as twind said last, and whether it runs.
func sights(ctx context.Context, s *site) (running bool, seen []report.Sight, err error) {
	doc, err := app.Status(ctx, s.Config, s.data)
	if err != nil {
		return false, nil, err
	}
	heard := map[string]bool{}
	for _, f := range doc.Feeds {
		heard[f.Name] = doc.Running && f.State == string(feed.Live)
	}
	docs, err := s.data.Node.Live(ctx)
	if err != nil {
		return false, nil, err
	}
	for _, d := range docs {
		sight := report.Sight{Feed: d.Feed, Heard: heard[d.Feed]}
		if err := json.Unmarshal(d.Doc, &sight.LiveState); err != nil {
			return false, nil, fmt.Errorf("how the queues of %q stand: %w", d.Feed, err)
		}
		seen = append(seen, sight)
	}
	return doc.Running, seen, nil
}

// A nowDocument is both tables for programs.
type nowDocument struct {
	Report   string      `json:"report"`
	At       node.Moment `json:"at"`
	TimeZone string      `json:"time_zone"`
	Rows     []reportRow `json:"rows"` // of queues
	Agents   []reportRow `json:"agents"`
	Notes    []string    `json:"notes"`
}

func nowDocumentOf(queues, agents report.Table) nowDocument {
	return nowDocument{
		Report: "now", At: node.Moment(queues.Span.From), TimeZone: queues.Zone.String(),
		Rows: documentOf(queues).Rows, Agents: documentOf(agents).Rows, Notes: append([]string{}, queues.Notes...),
	}
}
