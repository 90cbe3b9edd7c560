package main

import (
	"context"

	"github.com/twinctl/twin/cmd/internal/cli"
)

func setupCommand() cli.Command {
	var f setupFlags
	return cli.Command{
		Name:  "setup",
		Short: "make a collecting server of this machine, in one dialogue",
		Long: `Asks what it was not told, logs in to the feed's upstream to see whether that works, or, where that calls this server, whether its address is free, and then writes twin.toml and the secret, ` +
			`gives this server its identity, starts the service where systemd runs it, and prints the line for the twin, as twinctl pair show does. ` +
			`With --no-input it asks nothing: what is not said has its default.

Each answer is held at once against its rules and against this machine, and asked again with the reason. Where the upstream does not do as it should, or the last yes is not given, the answers may be changed: what was typed stands in brackets. < goes back to the question before.

Nothing is written before everything is known: also that the directories can be written, and that --ssh-listen is free and not for this machine alone. A file appears whole or not at all, and the same again goes on where an earlier call was cut short. ` +
			`A twin.toml that is there is never written over: what is said must agree with it. ` +
			`A login that fails is told; a person may go on without, change the answers or stop, and with --yes it goes on nevertheless. --set puts further settings into twin.toml.

A feed that reads from an SFTP server wants that server's host key pinned. If it is not, setup shows the one that the server has, and a person says that it is right, or --fingerprint does; --yes is not enough.

The secret is never an argument: it is typed, unseen, or read from a file or standard input.`,
		Examples: []cli.Example{
			{Line: "sudo twinctl setup", Why: "asks for everything"},
			{Line: "twinctl setup --dry-run", Why: "asks too, and only says what would be done"},
			{
				Line: "sudo twinctl setup --no-input --name cms-a --role primary \\\n" +
					"        --kind ami --upstream tls://pbx.example:5039 --secret-from pbx.secret",
				Why: "asks for nothing",
			},
			{
				Line: "sudo twinctl setup --no-input --name cms-b --role secondary \\\n" +
					"        --kind tail --path /mnt/pbx/queue_log",
				Why: "a server that follows a file",
			},
			{
				Line: "sudo twinctl setup --no-input --name cms-a --role primary \\\n" +
					"        --kind relp --listen 10.0.0.7:2514 --format queue_log --keeps",
				Why: "one that rsyslog sends to",
			},
			{
				Line: "sudo twinctl setup --no-input --name cms-a --role primary \\\n" +
					"        --kind files --format ech --late 35m \\\n" +
					"        --dir sftp://ech@storage.example:22/ech \\\n" +
					"        --key-file /etc/twin/ech.key --fingerprint SHA256:...",
				Why: "one that fetches files",
			},
		},
		Exits:   []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Busy, cli.Unknown},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags:   f.declare,
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--role":      words("primary", "secondary"),
			"--kind":      words("ami", "tail", "lines", "relp", "syslog", "files"),
			"--format":    words("queue_log", "cdr_csv", "smdr", "ech", "cucm_cdr", "syslog", "text"),
			"--transport": words("udp", "tcp"),
			"--after":     words("leave", "archive", "delete"),
		},
		Run: func(ctx context.Context, call *cli.Call) error { return runSetup(ctx, call, f) },
	}
}

func words(all ...string) func(context.Context, *cli.Call) []string {
	return func(context.Context, *cli.Call) []string { return all }
}
