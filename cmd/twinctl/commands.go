package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/twinctl/twin/cmd/internal/cli"
)

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
		Exits: []cli.Code{cli.Refused, cli.Untrusted},
		Run:   alone,
		Admit: admit,
		Sub:   commands(),
	}
}

// alone is twinctl without a verb: the screen for a person on a server, and
// help for everybody else.
func alone(ctx context.Context, call *cli.Call) error {
	if _, err := os.Stat(call.Config); onTerminal(call) != nil || errors.Is(err, fs.ErrNotExist) {
		return call.Help()
	}
	return with(func(ctx context.Context, call *cli.Call, s *site) error {
		return showScreen(ctx, call, s, screenWish{theme: "auto"})
	})(ctx, call)
}

// commands lists the verbs, in the order in which help shows them.
func commands() []cli.Command {
	return []cli.Command{
		setupCommand(),
		initCommand(),
		pairCommand(),
		peerCommand(),
		keepCommand(),
		statusCommand(),
		checkCommand(),
		readyCommand(),
		tuiCommand(),
		alarmCommand(),
		notifyCommand(),
		feedCommand(),
		recordCommand(),
		gapCommand(),
		compareCommand(),
		fillCommand(),
		importCommand(),
		reportCommand(),
		timetableCommand(),
		runCommand(),
		maintenanceCommand(),
		historyCommand(),
		backupCommand(),
		rejoinCommand(),
		adminCommand(),
		syncCommand(),
		switchoverCommand(),
		promoteCommand("promote"),
		promoteCommand("failover"),
		roleCommand(),
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
