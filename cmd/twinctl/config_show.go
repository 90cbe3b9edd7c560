package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
)

func configShowCommand() cli.Command {
	var origin bool
	return cli.Command{
		Name:  "show",
		Args:  "[FEED]",
		Short: "show the configuration as it is in force",
		Long: `Shows every setting and the keys of every feed, defaults included; with FEED, the keys of that feed alone. With --origin it tells where each value comes from: file and line, an environment variable, --set or the default.

Secrets stand in files of their own, and only the paths of these are shown.`,
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Examples: []cli.Example{
			{Line: "twinctl config show --origin"},
			{Line: "TWIN_HTTP_LISTEN= twinctl config show --origin", Why: "What would the environment change?"},
		},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&origin, "origin", false, "tell where each value comes from")
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{"FEED": completeFeeds},
		Run: func(_ context.Context, c *cli.Call) error {
			values, err := valuesOf(c)
			if err != nil {
				return err
			}
			return c.Show(viewValues(values, origin))
		},
	}
}

func valuesOf(c *cli.Call) ([]config.Value, error) {
	cfg, err := app.Configure(c)
	if err != nil {
		return nil, err
	}
	if len(c.Args) == 0 {
		return cfg.Values(), nil
	}
	f, ok := cfg.Feed(c.Args[0])
	if !ok {
		return nil, cli.Fail(cli.Usage, fmt.Errorf("%s: there is no feed %q", cfg.File, c.Args[0]), "twinctl config show")
	}
	return f.Values(), nil
}

// viewValues leaves the origins out unless they are asked for.
func viewValues(values []config.Value, origin bool) cli.View {
	table := cli.Table{Columns: []cli.Column{{Name: "feed"}, {Name: "key"}, {Name: "value"}}}
	if origin {
		table.Columns = append(table.Columns, cli.Column{Name: "origin"})
	}
	for i, v := range values {
		cells := []string{v.Feed, v.Key, written(v.Value)}
		if origin {
			cells = append(cells, v.Origin)
		} else {
			values[i].Origin = ""
		}
		table.Add(cells...)
	}
	document := struct {
		Values []config.Value `json:"values"`
	}{values}
	return cli.View{Document: document, Lines: cli.Each(values), Table: table}
}

// written returns a value as text; one that is not text itself, as JSON.
func written(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}
