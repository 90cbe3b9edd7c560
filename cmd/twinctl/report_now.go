package main

import (
	"context"
	"encoding/json"
	"errors"
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
	outlet
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
	n.outlet.flags(f)
}

func completeNow() map[string]func(context.Context, *cli.Call) []string {
	all := map[string]func(context.Context, *cli.Call) []string{}
	for _, kind := range []string{"agent", "queue"} {
		offers := completeReport(kind)
		all["--"+kind], all["--group"] = offers["--"+kind], offers["--group"]
		all["--feed"], all["--mail"] = offers["--feed"], offers["--mail"]
	}
	return all
}

func (n *asksNow) run(ctx context.Context, call *cli.Call, s *site) error {
	err := n.outlet.check(call)
	if n.watch && call.Format == cli.HTML {
		err = errors.New("--watch writes no page: a page does not change")
	}
	if n.watch && (n.into != "" || n.mailed()) {
		err = errors.New("--watch is for the screen alone")
	}
	if err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help report now")
	}
	n.screen = call.Out
	show := func() error {
		said, err := n.look(ctx, s)
		if err != nil {
			return err
		}
		return n.outlet.send(ctx, call, s, said)
	}
	if n.watch {
		return watch(ctx, call, "twinctl report now", show)
	}
	return show()
}

// look looks once.
func (n *asksNow) look(ctx context.Context, s *site) (answer, error) {
	running, seen, err := sights(ctx, s)
	if err != nil {
		return answer{}, err
	}
	n.ask.Now = record.At(time.Now())
	queues, agents, err := report.Now(ctx, s.sources(), seen, n.ask)
	if err != nil {
		return answer{}, err
	}
	if !running {
		queues.Notes = append([]string{"twind is not running"}, queues.Notes...)
	}
	agents.Notes = queues.Notes
	said := answer{from: n.ask.Now, zone: queues.Zone, parts: []page.Report{{Table: queues}, {Table: agents}}}
	said.document = func(parts []page.Report) any { return n.document(queues, parts) }
	said.text = n.text
	if n.agents {
		said.parts, said.text = said.parts[1:], nil
	}
	return said, nil
}

// text shows the tables to people.
func (n *asksNow) text(call *cli.Call, parts []page.Report) error {
	var said bool
	for _, p := range parts {
		if len(p.Table.Rows) == 0 {
			continue
		}
		if said {
			fmt.Fprintln(call.Out)
		}
		said = true
		if err := n.write(call, picked(p)); err != nil {
			return err
		}
	}
	notes := call.Err
	if n.watch {
		notes = call.Out // they are part of the frame
	}
	for _, note := range parts[0].Table.Notes {
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
	screen := call.Out
	if n.watch {
		screen = n.screen
	}
	if !cli.IsTerminal(screen) {
		return table.WriteText(call.Out)
	}
	columns, _ := cli.Screen(screen)
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

// document returns both, as far as they were picked.
func (n *asksNow) document(queues report.Table, parts []page.Report) nowDocument {
	doc := nowDocument{
		Report: "now", At: node.Moment(queues.Span.From), TimeZone: queues.Zone.String(),
		Rows: []reportRow{}, Agents: []reportRow{}, Notes: append([]string{}, queues.Notes...),
	}
	if n.agents {
		doc.Rows = documentOf(queues).Rows // for programs that table is there all the same
	}
	for _, p := range parts {
		rows := documentOf(picked(p)).Rows
		if p.Table.Columns[0].Name == "agent" {
			doc.Agents = rows
		} else {
			doc.Rows = rows
		}
	}
	return doc
}
