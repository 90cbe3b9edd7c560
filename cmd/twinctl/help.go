package main

import (
	"context"

	"github.com/twinctl/twin/cmd/internal/cli"
)

func helpCommand() cli.Command {
	return cli.Command{
		Name:  "help",
		Args:  "[VERB [SUB...]]",
		Short: "show what a verb does",
		Long:  "Shows the manual page of a verb, as --help behind the verb does; without a verb, that of twinctl and the list of verbs.",
		Examples: []cli.Example{
			{Line: "twinctl help", Why: "All verbs."},
			{Line: "twinctl help config show"},
		},
		Run: func(_ context.Context, c *cli.Call) error { return c.Help(c.Args...) },
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"VERB": verbs,
			"SUB":  verbs,
		},
	}
}

func verbs(_ context.Context, c *cli.Call) []string { return c.Verbs(c.Args...) }
