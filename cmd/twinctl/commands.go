package main

import "github.com/twinctl/twin/cmd/internal/cli"

func program() cli.Command {
	return cli.Command{
		Name:  "twinctl",
		Short: "administer two servers that collect the same feed",
		Long: `Two servers, the twins, collect the same data, each on its own. Twinctl is for the people and the scripts that look after the one that it runs on.

Data goes to standard output, everything else to standard error. Scripts can rely on the exit status and on --json, which only ever grows.`,
		Examples: []cli.Example{
			{Line: "twinctl config check", Why: "Is the configuration right?"},
			{Line: "twinctl help config show", Why: "What does a verb do?"},
		},
		Sub: commands(),
	}
}

// commands lists the verbs, in the order in which help shows them.
func commands() []cli.Command {
	return []cli.Command{
		initCommand(),
		pairCommand(),
		statusCommand(),
		feedCommand(),
		recordCommand(),
		gapCommand(),
		logCommand(),
		auditCommand(),
		replayCommand(),
		demoCommand(),
		configCommand(),
		versionCommand(),
		completionCommand(),
		helpCommand(),
	}
}
