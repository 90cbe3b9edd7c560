package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/replay"
)

func replayCommand() cli.Command {
	var f replayFlags
	return cli.Command{
		Name:  "replay",
		Args:  "FILE...",
		Short: "serve recordings as the upstream of a feed",
		Long: `Plays recorded files to whoever connects, in place of a PBX: each FILE at the address of the --listen in the same place. All of them are one upstream on one timeline, which begins when --clients are logged in; who comes late or returns hears only what is said from then on. After the last event the upstream's clock runs on and connections stay open, until the verb is ended by SIGINT or SIGTERM.

By kind relp each FILE is sent to the address of the --to in the same place, a line a message, as an rsyslog with a queue on disk sends it: what was not answered is sent again after a break, and while nobody listens it waits. With kind tail the file of --to grows by the lines of FILE, from the start on; it must not be there yet. --rotate puts it away after so many lines, as FILE.0, FILE.1 and so on, and begins a new one.

Files of kind ami are what a manager connection of Asterisk received, with timestampevents = yes; the server answers Login, Challenge, Ping, Events, QueueStatus, ListCommands and Logoff. Those of the other kinds are lines, and told as they are; --format says where they have their time. A file whose name ends in .gz is unpacked.

With --shift-to-now the first event happens at the start and all others behind it, in the present. Without --username anyone may log in.`,
		Examples: []cli.Example{
			{Line: "twinctl replay --kind ami --listen 127.0.0.1:5038 pbx-a.ami.gz", Why: "a PBX for one server"},
			{
				Line: "twinctl replay --kind ami --shift-to-now \\\n        --listen :5038 pbx-a.ami.gz --listen :5039 pbx-b.ami.gz",
				Why:  "one PBX for both servers, as if it happened now",
			},
			{
				Line: "twinctl replay --kind lines --format queue_log --speed max \\\n        --listen 127.0.0.1:9000 queue_log",
				Why:  "a file as fast as it is read",
			},
			{
				Line: "twinctl replay --kind relp --format queue_log --shift-to-now \\\n        --to 10.0.0.7:2514 queue_log.gz --to 10.0.0.8:2514 queue_log.gz",
				Why:  "the rsyslog of a PBX, for both servers",
			},
		},
		Flags: f.declare,
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--kind":   func(context.Context, *cli.Call) []string { return replay.Kinds() },
			"--format": words("text", "queue_log", "cdr_csv"),
		},
		Run: func(ctx context.Context, call *cli.Call) error { return f.run(ctx, call) },
	}
}

type replayFlags struct {
	options    replay.Options
	listen     []string
	to         []string
	speed      string
	secretFile string
	time       feed.TimeSpec
}

func (f *replayFlags) declare(flags *cli.FlagSet) {
	flags.StringArrayVar(&f.listen, "listen", nil, "`ADDRESS` at which a FILE is played, as 127.0.0.1:5038; one for each FILE, in order; port 0 takes a free one")
	flags.StringArrayVar(&f.to, "to", nil, "kinds relp and tail: `WHERE` a FILE is sent, as 10.0.0.7:2514, or the file that grows by it; one for each FILE, in order")
	flags.StringVar(&f.options.Kind, "kind", "", "`KIND` of upstream: ami, lines, relp or tail")
	flags.IntVar(&f.options.Clients, "clients", 0, "begin when `N` clients are logged in (lines: connected; relp: reached), over all addresses (default: one for each address)")
	flags.IntVar(&f.options.Rotate, "rotate", 0, "kind tail: begin a new file after `N` lines (default: never)")
	flags.StringVar(&f.speed, "speed", "1", "how fast time goes, as 1 or 0.5 or 60; max: as fast as each client reads (`N|max`)")
	flags.BoolVar(&f.options.ShiftToNow, "shift-to-now", false, "move all times, so that the first event happens at the start")
	flags.StringVar(&f.options.Username, "username", "", "who may log in: `NAME`; wants --secret-file")
	flags.StringVar(&f.secretFile, "secret-file", "", "`FILE` with the secret of --username")
	flags.StringVar(&f.options.Format, "format", "", "`FORMAT` of lines, whatever the kind: text, queue_log or cdr_csv (default text)")
	flags.IntVar(&f.time.Field, "time-field", 0, "format text: the `NUMBER` of the field with the time, from 1")
	flags.StringVar(&f.time.Separator, "time-separator", "", "format text: the `TEXT` between fields (default: white space)")
	flags.StringVar(&f.time.Layout, "time-layout", "", "format text: the `LAYOUT` of the time, as \"2006-01-02 15:04:05\", or epoch")
	flags.StringVar(&f.time.Zone, "time-zone", "", "the `ZONE` of times that do not name theirs, as Europe/Berlin (default UTC)")
}

// run serves until ctx ends, which is how it is meant to end.
func (f *replayFlags) run(ctx context.Context, call *cli.Call) error {
	o, err := f.fill(call.Args)
	if err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help replay")
	}
	o.Log = cli.NewLogger(call.Err, slog.LevelInfo)
	server, err := replay.New(o)
	if err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help replay")
	}
	addrs, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	for _, a := range addrs {
		fmt.Fprintf(call.Out, "listening on %s\n", a)
	}
	for _, to := range f.to {
		fmt.Fprintf(call.Out, "playing to %s\n", to)
	}
	return server.Run(ctx)
}

// fill makes options of the flags and the files.
func (f *replayFlags) fill(files []string) (replay.Options, error) {
	o := f.options
	if o.Kind == "" {
		return o, errors.New("replay: --kind is missing: want ami, lines, relp or tail")
	}
	where, other, flag, value := f.listen, f.to, "--listen", "ADDRESS"
	if o.Calls() {
		where, other, flag, value = f.to, f.listen, "--to", "WHERE"
	}
	if len(where) != len(files) || len(other) > 0 {
		return o, fmt.Errorf("replay: %d %s for %s: want one %s %s for each FILE of kind %s, and nothing else",
			len(where), flag, app.Counted(len(files), "file"), flag, value, o.Kind)
	}
	for i, file := range files {
		door := replay.Door{File: file}
		if o.Calls() {
			door.To = where[i]
		} else {
			door.Listen = where[i]
		}
		o.Doors = append(o.Doors, door)
	}
	if f.time != (feed.TimeSpec{}) {
		o.Time = &f.time
	}
	var err error
	if o.Speed, err = readSpeed(f.speed); err != nil {
		return o, err
	}
	if f.secretFile != "" {
		o.Secret, err = readReplaySecret(f.secretFile)
	}
	return o, err
}

func readSpeed(text string) (float64, error) {
	if text == "max" {
		return math.Inf(1), nil
	}
	speed, err := strconv.ParseFloat(text, 64)
	if err != nil || !(speed > 0) {
		return 0, fmt.Errorf("replay: --speed %q: want a number above 0, or max", text)
	}
	return speed, nil
}

// readReplaySecret returns the first line of the file. It is not held to the
// file mode that the secret of a feed must have: it guards a recording only.
func readReplaySecret(name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("replay: --secret-file: %w", err)
	}
	secret, _, _ := strings.Cut(string(data), "\n")
	if secret = strings.TrimRight(secret, "\r"); secret == "" {
		return "", fmt.Errorf("replay: --secret-file %s: want a line with the secret", name)
	}
	return secret, nil
}
