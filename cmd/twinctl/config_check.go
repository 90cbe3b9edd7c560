package main

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/inert"
)

func configCheckCommand() cli.Command {
	return cli.Command{
		Name:  "check",
		Short: "find everything that is wrong with the configuration",
		Long: `Reads the configuration as the server would and lists all problems, each with its file and line, the feed and the key. Nothing is dialled or opened but the files that the configuration names.

A wrong setting keeps the server from starting. A wrong feed does not: the others run. Either way the exit status is 2.

Started by root it becomes the owner of the data directory first, because the service cannot read what only root can.`,
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Examples: []cli.Example{
			{Line: "twinctl config check --config ./twin.toml", Why: "Before it goes to /etc/twin."},
			{Line: "twinctl config check --json"},
		},
		Run: checkConfig,
	}
}

// A problem is one line of the answer.
type problem struct {
	Where   string `json:"where"`
	Feed    string `json:"feed,omitempty"`
	Key     string `json:"key,omitempty"`
	Problem string `json:"problem"`
}

func checkConfig(_ context.Context, c *cli.Call) error {
	found, err := app.Check(c)
	if err != nil {
		return err
	}
	if len(found.Problems) == 0 && c.Format == cli.Text {
		_, err := fmt.Fprintln(c.Out, inert.Text(found.Summary()))
		return err
	}
	if err := c.Show(viewProblems(found.Problems)); err != nil {
		return err
	}
	return found.Err()
}

func viewProblems(found config.Problems) cli.View {
	list := make([]problem, len(found))
	table := cli.Table{Columns: []cli.Column{{Name: "where"}, {Name: "feed"}, {Name: "key"}, {Name: "problem"}}}
	for i, p := range found {
		list[i] = problem{Where: p.Where, Feed: p.Feed, Key: p.Key, Problem: p.Err.Error()}
		table.Add(p.Where, p.Feed, p.Key, p.Err.Error())
	}
	document := struct {
		OK       bool      `json:"ok"`
		Problems []problem `json:"problems"`
	}{len(list) == 0, list}
	return cli.View{Document: document, Lines: cli.Each(list), Table: table}
}
