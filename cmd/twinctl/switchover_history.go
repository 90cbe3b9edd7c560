package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
)

func switchoverStatusCommand() cli.Command {
	return cli.Command{
		Name:  "status",
		Short: "how far the switch-over is that goes on, or how the last one went",
		Long:  `Shows the journal of the switch-over that is open, or else of the last one, as this server has it; the other one has the same.`,
		Examples: []cli.Example{
			{Line: "twinctl switchover status"},
		},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			b, err := s.data.Node.Runbook(ctx, "")
			if err != nil {
				return err
			}
			return showBook(call, b)
		}),
	}
}

func switchoverHistoryCommand() cli.Command {
	var limit int
	return cli.Command{
		Name:  "history",
		Args:  "[ID]",
		Short: "who moved the role, when, why, and how it went",
		Long:  `Lists the moves of the role, the newest first, or shows the journal of one. Each is part of the audit too: twinctl audit list.`,
		Examples: []cli.Example{
			{Line: "twinctl switchover history"},
			{Line: "twinctl switchover history --json", Why: "with steps, epochs and what was overridden"},
		},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.IntVar(&limit, "limit", 20, "at most `N`")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if len(call.Args) > 0 {
				b, err := s.data.Node.Runbook(ctx, call.Args[0])
				if err != nil {
					return err
				}
				return showBook(call, b)
			}
			if limit < 1 {
				return cli.Fail(cli.Usage, fmt.Errorf("--limit %d: want 1 or more", limit), "")
			}
			all, err := s.data.Node.Runbooks(ctx, limit)
			if err != nil {
				return err
			}
			return showBooks(call, all)
		}),
	}
}

// A bookDocument is a move of the role for programs.
type bookDocument struct {
	node.Runbook
	Halted  bool              `json:"halted"` // it is open, and nobody goes through it
	Steps   []switchover.Took `json:"steps"`
	Outcome json.RawMessage   `json:"result"`
}

func bookDocumentOf(b node.Runbook) bookDocument {
	return bookDocument{b, b.Stale(record.At(time.Now())), switchover.Durations(b.Notes), b.Result}
}

func showBooks(call *cli.Call, all []node.Runbook) error {
	docs := make([]bookDocument, 0, len(all))
	t := cli.Table{Columns: []cli.Column{{Name: "id"}, {Name: "started"}, {Name: "intent"}, {Name: "from"}, {Name: "to"}, {Name: "state"}, {Name: "actor"}, {Name: "reason"}}}
	for _, b := range all {
		docs = append(docs, bookDocumentOf(b))
		t.Add(b.ID, b.Started.Time().Format(time.RFC3339), string(b.Intent), b.Giver, b.Taker, switchover.StateWord(b, record.At(time.Now())), b.Actor, b.Reason)
	}
	return call.Show(cli.View{Document: struct {
		Moves []bookDocument `json:"moves"`
	}{docs}, Lines: cli.Each(docs), Table: t})
}

// showBook writes a move with its journal.
func showBook(call *cli.Call, b node.Runbook) error {
	if call.Format != cli.Text {
		doc := bookDocumentOf(b)
		t := cli.Table{Columns: []cli.Column{{Name: "step"}, {Name: "state"}, {Name: "took_ms", Number: true}, {Name: "text"}}}
		for _, s := range doc.Steps {
			t.Add(s.Name, string(s.State), fmt.Sprintf("%.0f", s.TookMS), s.Text)
		}
		return call.Show(cli.View{Document: doc, Lines: cli.Each(doc.Notes), Table: t})
	}
	fmt.Fprintf(call.Out, "%s of %s: %s -> %s, by %s, begun at %s\n", switchover.IntentWord(b.Intent), b.ID, inert.Text(b.Giver), inert.Text(b.Taker),
		inert.Text(b.Actor), b.Started.Time().Format(time.RFC3339))
	if b.Reason != "" {
		fmt.Fprintf(call.Out, "reason: %s\n", inert.Text(b.Reason))
	}
	for i := range b.Notes {
		writeNote(call.Out, b.Notes[:i+1])
	}
	fmt.Fprintln(call.Out, switchover.BookLine(b, record.At(time.Now())))
	return nil
}

// writeNote writes the last of these notes, unless it only says that a step has
// begun: how long that took is told at its end.
func writeNote(out io.Writer, notes []node.RunbookNote) {
	n := notes[len(notes)-1]
	if n.State == node.NoteBegun {
		return
	}
	took := ""
	for _, t := range switchover.Durations(notes) {
		if t.Name == n.Step && n.State != node.NoteTold {
			took = fmt.Sprintf("%.0f ms", t.TookMS)
		}
	}
	fmt.Fprintf(out, "  %-8s %-8s %8s  %s\n", inert.Text(n.Step), n.State, took, inert.Text(n.Text))
}
