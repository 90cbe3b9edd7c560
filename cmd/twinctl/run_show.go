package main

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
)

func runShowCommand() cli.Command {
	return cli.Command{
		Name:     "show",
		Args:     "ID",
		Short:    "show one run, with the last of its output",
		Long:     `Of a run of the twin it shows what the twin told last.`,
		Examples: []cli.Example{{Line: "twinctl run show 12", Why: "as twinctl run list numbers them"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"ID": completeRuns},
		Run:      with(showRun),
	}
}

func showRun(ctx context.Context, call *cli.Call, s *site) error {
	r, err := s.run(ctx, call.Args[0])
	if err != nil {
		return err
	}
	detail := struct {
		runRow

		There  *int64  `json:"id_there"` // the twin's own number of it; null: it is this server's
		Output *string `json:"output"`   // file of this server; null: there is none
		Tail   string  `json:"tail"`     // the last of the output
	}{runRow: runRowOf(r), Tail: r.Tail}
	if r.Theirs != 0 {
		detail.There = &r.Theirs
	}
	if r.Output != "" {
		path := s.outputOf(r)
		detail.Output = &path
	}
	t := cli.Table{Columns: []cli.Column{{Name: "field"}, {Name: "value", Maybe: true}}}
	fields := runFields([]runRow{detail.runRow})
	for i, c := range fields.Columns {
		t.Add(c.Name, fields.Rows[0][i])
	}
	if detail.Output != nil {
		t.Add("output", *detail.Output)
	}
	if err := call.Show(cli.View{Document: detail, Table: t}); err != nil || call.Format != cli.Text || r.Tail == "" {
		return err
	}
	fmt.Fprintln(call.Out)
	return writeInert(call.Out, r.Tail)
}
