package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/setup"
)

func setupCommand() cli.Command {
	var f setupFlags
	return cli.Command{
		Name:  "setup",
		Short: "make a collecting server of this machine, in one dialogue",
		Long: `Asks what it was not told, logs in to the feed's upstream to see whether that works, and then writes twin.toml and the secret, ` +
			`gives this server its identity, starts the service where systemd runs it, and prints the line for the twin, as twinctl pair show does. ` +
			`With --no-input it asks nothing: what is not said has its default.

Nothing is written before everything is known: also that the directories can be written, and that --ssh-listen is free and not for this machine alone. A file appears whole or not at all, and the same again goes on where an earlier call was cut short. ` +
			`A twin.toml that is there is never written over: what is said must agree with it. ` +
			`A login that fails is told, and with --yes it goes on nevertheless. --set puts further settings into twin.toml.

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
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted, cli.Busy, cli.Unknown},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags:   f.declare,
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--role":   words("primary", "secondary"),
			"--kind":   words("ami", "tail", "lines"),
			"--format": words("queue_log", "cdr_csv", "text"),
		},
		Run: func(ctx context.Context, call *cli.Call) error { return runSetup(ctx, call, f) },
	}
}

func words(all ...string) func(context.Context, *cli.Call) []string {
	return func(context.Context, *cli.Call) []string { return all }
}

// setupFlags are what can be said instead of being asked.
type setupFlags struct {
	set    *cli.FlagSet
	secret string // file, or "-"
	where  app.Where
	dryRun bool
}

func (f *setupFlags) declare(set *cli.FlagSet) {
	f.set = set
	set.String("name", "", "this server's `NAME`, for life (default: as the host is called)")
	set.String("role", "", "`ROLE` to begin with: primary or secondary")
	set.String("data", "", "`DIRECTORY` of the databases (default /var/lib/twin)")
	set.String("kind", "", "`KIND` of the first feed: ami, tail or lines")
	set.String("feed", "", "`NAME` of the feed (default pbx, pbx-log or smdr, by its kind)")
	set.StringArray("upstream", nil, "`ADDRESS` of the upstream, as tls://pbx.example:5039; again for a further door to it")
	set.String("username", "", "`USER` of Asterisk's manager.conf (default twin)")
	set.StringVar(&f.secret, "secret-from", "", "read the feed's secret from `FILE`, or from standard input if that is -")
	set.String("path", "", "`FILE` that a tail feed follows")
	set.String("format", "", "`FORMAT` of a tail feed: queue_log (default), cdr_csv or text")
	set.String("listen", "", "`HOST:PORT` at which the upstream of a lines feed calls this server")
	set.String("time-field", "", "`N`: a text's time stands in its N-th field (default 1)")
	set.String("time-separator", "", "`TEXT` between the fields (default: spaces)")
	set.String("time-layout", "", "`LAYOUT` of the time, as Go writes it, or epoch (default 2006-01-02 15:04:05)")
	set.String("time-zone", "", "time `ZONE`, as Europe/Berlin (default UTC)")
	set.String("ssh-listen", "", "let the twin in by Twin's own SSH server at `HOST:PORT` (default: by the system's sshd)")
	set.StringVar(&f.where.Address, "address", "", "the twin reaches this server's SSH at `USER@HOST:PORT`")
	set.StringVar(&f.where.HostKey, "host-key", "", "`FILE` with the public host key that this server's sshd shows")
	set.BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and change nothing")
}

// answers returns what was said.
func (f *setupFlags) answers(call *cli.Call, questions []setup.Question) (setup.Answers, error) {
	a := make(setup.Answers)
	wrong := func(what string, err error) error {
		return cli.Fail(cli.Usage, fmt.Errorf("%s: %w", what, err), "twinctl help setup")
	}
	for _, q := range questions {
		flag := f.set.Lookup(q.Flag)
		if flag == nil || !flag.Changed {
			continue
		}
		said := flag.Value.String()
		if q.List {
			all, err := f.set.GetStringArray(q.Flag)
			if err != nil {
				return nil, err
			}
			said = strings.Join(all, " ")
		}
		settled, err := q.Settle(said)
		if err != nil {
			return nil, wrong("--"+q.Flag, err)
		}
		a[q.Key] = settled
	}
	for _, pair := range call.Set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || !isSetting(key) {
			return nil, wrong("--set "+pair, errors.New("want KEY=VALUE with a setting of twinctl config show"))
		}
		a[key] = value
	}
	if f.where.Address != "" { // also for every pair show to come
		a["ssh.address"] = f.where.Address
	}
	if f.where.HostKey != "" {
		path, err := filepath.Abs(f.where.HostKey)
		if err != nil {
			return nil, wrong("--host-key", err)
		}
		a["ssh.host_key_pub"] = path
	}
	if f.secret == "" {
		return a, nil
	}
	secret, err := secretFrom(call, f.secret)
	if err != nil {
		return nil, wrong("--secret-from", err)
	}
	a[setup.Secret] = secret
	return a, nil
}

func isSetting(key string) bool {
	for _, s := range config.Settings() {
		if s.Key == key {
			return true
		}
	}
	return false
}

const maxSecretFile = 64 << 10

func secretFrom(call *cli.Call, name string) (string, error) {
	in := call.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close() //nolint:errcheck // only read
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSecretFile))
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	return secret, setup.CheckSecret(secret)
}
