package main

import (
	"context"

	"github.com/twinctl/twin/cmd/internal/cli"
)

func completionCommand() cli.Command {
	return cli.Command{
		Name:  "completion",
		Args:  "bash|zsh|fish",
		Short: "write the script that completes twinctl in a shell",
		Long:  "Writes a script for the shell to read. It completes verbs, flags and their values, the names of feeds, which come from the configuration at that moment, and what is administered: rows, fields and their values.",
		Examples: []cli.Example{
			{Line: "source <(twinctl completion bash)", Why: "For this bash; in ~/.bashrc for every one."},
			{Line: "twinctl completion fish > ~/.config/fish/completions/twinctl.fish"},
		},
		Run: func(_ context.Context, c *cli.Call) error { return c.CompletionScript(c.Args[0]) },
	}
}
