package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/inert"
)

// Command returns twind as a command, which runs one server in the foreground
// until its context ends. It reads the configuration again at each hang-up.
func Command(hangup <-chan os.Signal) cli.Command {
	var check bool
	var level slog.Level
	return cli.Command{
		Name:  "twind",
		Short: "collect the feeds of one server",
		Long: `Runs one server in the foreground: it collects its feeds, answers HTTP on loopback and does what twinctl asks of it. ` +
			`SIGTERM ends it in order, within five seconds; SIGHUP reads the configuration again without disturbing the feeds that did not change. ` +
			`Started by root it becomes the owner of the data directory.` + "\n\n" +
			`The first start of a newer version may change the schema of the databases. Before that it copies node.db and admin.db beside themselves, as node.db.pre-vN, N being the schema that comes; the copies of the last two changes stay. ` +
			`Where there is no room for them it does not start, and nothing was changed. The history, which may be most of the disk, is not copied.`,
		Examples: []cli.Example{
			{Line: "twind --config /etc/twin/twin.toml", Why: "run in the foreground"},
			{Line: "twind --config /etc/twin/twin.toml --check", Why: "see whether it would start"},
		},
		Exits: []cli.Code{cli.Refused, cli.Untrusted, cli.Busy},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&check, "check", false, "examine the configuration as twinctl config check does, and exit: 2 if anything is wrong, a feed too without which twind would start")
			f.Func("log-level", "log from this `LEVEL` on: debug, info, warn or error (default info)", func(text string) error {
				if level.UnmarshalText([]byte(text)) != nil {
					return errors.New("want debug, info, warn or error")
				}
				return nil
			})
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			if check {
				return checkConfig(call)
			}
			return start(ctx, call, level, hangup)
		},
	}
}

func start(ctx context.Context, call *cli.Call, level slog.Level, hangup <-chan os.Signal) error {
	cfg, err := Configure(call)
	if err != nil {
		return err
	}
	if err := BecomeOwner(cfg.Data); err != nil {
		return err
	}
	log := cli.NewLogger(call.Err, level)
	err = Run(ctx, Options{
		Config: cfg,
		Reload: func() (*config.Config, error) { return Configure(call) },
		Hangup: hangup,
		Log:    log.Handler(),
	})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) { // in order, though it had not begun
		log.Info("stopped while it started", "err", err)
		return nil
	}
	return err
}

// Configure reads the configuration that a call names.
func Configure(call *cli.Call) (*config.Config, error) {
	cfg, err := config.Load(call.Config, Above(call), collector.Kinds())
	return cfg, Denied(err)
}

// Above returns where settings come from besides the file that a call names.
func Above(call *cli.Call) config.Source {
	return config.Source{LookupEnv: os.LookupEnv, Set: call.Set}
}

// checkConfig says whether twind would start, and without which feeds.
func checkConfig(call *cli.Call) error {
	found, err := Check(call)
	if err != nil {
		return err
	}
	for _, p := range found.Problems {
		fmt.Fprintln(call.Err, inert.Text(p.Error()))
	}
	if err := found.Err(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(call.Out, inert.Text(found.Summary()))
	return err
}
