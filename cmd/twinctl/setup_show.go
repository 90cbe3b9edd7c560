package main

import (
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/setup"
	"github.com/twinctl/twin/collector/inert"
)

// A setupDocument is the answer of setup.
type setupDocument struct {
	File   string       `json:"file"`
	DryRun bool         `json:"dry_run"`
	Steps  []setup.Step `json:"steps"`
	Line   string       `json:"line"`   // for pair accept on the twin; "" if nothing was done
	Server *server      `json:"server"` // what the line says; null if nothing was done
}

func showSteps(call *cli.Call, doc setupDocument) error {
	t := cli.Table{Columns: []cli.Column{{Name: "state"}, {Name: "step"}}}
	for _, s := range doc.Steps {
		t.Add(string(s.State), s.Text)
	}
	return call.Show(cli.View{Document: doc, Table: t})
}

// writeStep tells a person how far it is.
func writeStep(call *cli.Call, s setup.Step) {
	if call.Format == cli.Text {
		fmt.Fprintf(call.Err, "%-8s %s\n", s.State, inert.Text(s.Text))
	}
}
