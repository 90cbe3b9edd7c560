package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/record"
)

// A syncEntry is one sync that both twins agreed on, in JSON.
type syncEntry struct {
	Generation int64          `json:"generation"`
	At         record.Instant `json:"at"`
	Actor      string         `json:"actor"`
	Role       string         `json:"role"`   // of this server then
	Bundle     audit.Hash     `json:"bundle"` // its name
	Root       admin.Root     `json:"root"`
	Added      int64          `json:"added"`
	Changed    int64          `json:"changed"`
	Removed    int64          `json:"removed"`
	Same       int64          `json:"same"`
	Bytes      int64          `json:"bytes"`
}

func syncLogCommand() cli.Command {
	var filter rowFilter
	return cli.Command{
		Name:  "log",
		Short: "list the syncs that both agreed on, the last one last",
		Long:  `Each stands under the generation that both held then. The last fifty are kept.`,
		Examples: []cli.Example{
			{Line: "twinctl sync log", Why: "when was what pushed, and by whom?"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags:   filter.flag,
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			done, err := s.data.Admin.Agreements(ctx)
			if err != nil {
				return err
			}
			entries := make([]syncEntry, len(done))
			for i, a := range done {
				entries[len(done)-1-i] = syncEntry{
					a.To, a.At, a.Actor, a.Role, a.Bundle, a.Target, a.Added, a.Changed, a.Removed, a.Same, a.Bytes,
				}
			}
			if entries, err = sifted(filter, "sync log", entries, syncTable); err != nil {
				return err
			}
			return call.Show(cli.View{
				Document: struct {
					Syncs []syncEntry `json:"syncs"`
				}{entries},
				Lines: cli.Each(entries),
				Table: syncTable(entries),
			})
		}),
	}
}

func syncTable(entries []syncEntry) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "generation", Number: true},
		{Name: "at"},
		{Name: "actor"},
		{Name: "role"},
		{Name: "added", Number: true},
		{Name: "changed", Number: true},
		{Name: "removed", Number: true},
		{Name: "bytes", Number: true},
		{Name: "bundle"},
	}}
	for _, e := range entries {
		t.Add(number(e.Generation), e.At.Time().Format(time.RFC3339), e.Actor, e.Role,
			number(e.Added), number(e.Changed), number(e.Removed), number(e.Bytes), e.Bundle.String()[:8])
	}
	return t
}

func syncShowCommand() cli.Command {
	return cli.Command{
		Name:     "show",
		Args:     "GENERATION",
		Short:    "show what became of rows here from the sync before to this one",
		Examples: []cli.Example{{Line: "twinctl sync show 12", Why: "as twinctl sync log numbers them"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"GENERATION": completeSyncs},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			to, before, err := s.agreed(ctx, call.Args[0])
			if err != nil {
				return err
			}
			return s.showBetween(ctx, call, before, to)
		}),
	}
}

func syncDiffCommand() cli.Command {
	return cli.Command{
		Name:     "diff",
		Args:     "GENERATION [GENERATION]",
		Short:    "show how rows here differ between two generations, or one and now",
		Long:     `Each row that differs stands once, with what it was in the first and what it is in the second, whatever happened in between.`,
		Examples: []cli.Example{{Line: "twinctl sync diff 9 12", Why: "what changed in all?"}, {Line: "twinctl sync diff 9", Why: "until now"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"GENERATION": completeSyncs},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			at, err := s.data.Admin.Position(ctx)
			if err != nil {
				return err
			}
			bounds := []int64{0, at.Generation}
			for i, word := range call.Args {
				if bounds[i], err = readGeneration(word, at.Generation); err != nil {
					return err
				}
			}
			if bounds[0] > bounds[1] {
				return cli.Fail(cli.Usage, fmt.Errorf("generation %d is after %d", bounds[0], bounds[1]), "the older one first")
			}
			return s.showBetween(ctx, call, bounds[0], bounds[1])
		}),
	}
}

// A syncDifference is what differs between two generations, in JSON.
type syncDifference struct {
	From    int64          `json:"from"`
	To      int64          `json:"to"`
	Changes []admin.Change `json:"changes"`
}

func (s *site) showBetween(ctx context.Context, call *cli.Call, from, to int64) error {
	changes, err := s.data.Admin.Between(ctx, from, to)
	if err != nil {
		return err
	}
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: syncDifference{from, to, changes}})
	}
	if err := writeChanges(call.Out, changes); err != nil {
		return err
	}
	_, err = fmt.Fprintf(call.Out, "from generation %d to %d: %s\n", from, to, summary(changes))
	return err
}

// agreed returns the generation of a sync that both agreed on, as typed, and
// that of the one before; 0 if there was none.
func (s *site) agreed(ctx context.Context, word string) (to, before int64, err error) {
	done, err := s.data.Admin.Agreements(ctx)
	if err != nil {
		return 0, 0, err
	}
	for i, a := range done {
		if fmt.Sprint(a.To) != word {
			continue
		}
		if i+1 < len(done) {
			before = done[i+1].To
		}
		return a.To, before, nil
	}
	return 0, 0, cli.Fail(cli.Usage, fmt.Errorf("there is no sync to generation %q", word), "twinctl sync log")
}

func completeSyncs(ctx context.Context, call *cli.Call) []string {
	s, err := open(ctx, call)
	if err != nil {
		return nil
	}
	defer s.data.Close() //nolint:errcheck // it was only read
	done, err := s.data.Admin.Agreements(ctx)
	if err != nil {
		return nil
	}
	var words []string
	for _, a := range done {
		words = append(words, fmt.Sprint(a.To))
	}
	return words
}
