package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

func initCommand() cli.Command {
	var role string
	var asked initOptions
	return cli.Command{
		Name:  "init",
		Short: "give this server its identity and its files",
		Long: `Creates the data directory and its databases, and gives this server the name that it keeps for life and its first role. ` +
			`A second time it says so and changes nothing.` + "\n\n" +
			`A new primary begins with some timetables: a sync each night, backups with their pruning and a monthly drill, and a check each morning. ` +
			`They are rows like any others: twinctl timetable list, edit and delete.` + "\n\n" +
			`A server that has its identity and has lost history.db is not touched: put the file back from a copy, or say --empty-history. ` +
			`What was collected before is gone from this server then; files that are followed are read again from their beginning. ` +
			`So it is with admin.db and --empty-admin: what people set comes back with a sync from the twin.` + "\n\n" +
			`A server that lost all its files is told by the twin, if twin.toml names it and the key is still there: it comes back with --replace, ` +
			`and twinctl pair accept LINE --replace NAME on the twin.`,
		Examples: []cli.Example{
			{Line: "twinctl init --role primary", Why: "on the server where people will work"},
			{Line: "twinctl init --role secondary", Why: "on its twin"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted, cli.Busy},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&role, "role", "", "`ROLE` to begin with: primary or secondary")
			f.BoolVar(&asked.emptyHistory, "empty-history", false, "begin an empty history on a server that has lost its own")
			f.BoolVar(&asked.emptyAdmin, "empty-admin", false, "begin empty administration data on a server that has lost its own")
			f.BoolVar(&asked.noTimetables, "no-timetables", false, "begin without the first timetables")
			f.BoolVar(&asked.replace, "replace", false, "this server lost its disk, and comes back under a name that the twin knows")
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--role": func(context.Context, *cli.Call) []string {
				return []string{string(node.Primary), string(node.Secondary)}
			},
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			if role == "" {
				return cli.Fail(cli.Usage, errors.New("missing --role: want primary or secondary"), "twinctl init --role primary")
			}
			want, err := node.ParseRole(role)
			if err != nil {
				return cli.Fail(cli.Usage, err, "")
			}
			asked.role = want
			return runInit(ctx, call, asked)
		},
	}
}

// initOptions are what init was asked for.
type initOptions struct {
	role                              node.Role
	emptyHistory, emptyAdmin, replace bool
	noTimetables                      bool
}

func runInit(ctx context.Context, call *cli.Call, asked initOptions) error {
	cfg, err := app.Configure(call)
	if err != nil {
		return err
	}
	if err := app.BecomeOwner(cfg.Data); err != nil {
		return err
	}
	if asked.emptyHistory {
		if err := app.NewHistory(ctx, cfg.Data); err != nil {
			return err
		}
	}
	if asked.emptyAdmin {
		if err := app.NewAdmin(ctx, cfg.Data); err != nil {
			return err
		}
	}
	if !asked.replace && !app.Initialized(cfg.Data) {
		if err := app.RefuseLost(ctx, cfg, cli.NewLogger(call.Err, slog.LevelWarn)); err != nil {
			return err
		}
	}
	first, err := asked.init(ctx, cfg)
	if err != nil && !errors.Is(err, node.ErrInitialized) {
		return err
	}
	data, openErr := app.OpenData(ctx, cfg.Data, store.Use)
	if openErr != nil {
		return openErr
	}
	defer data.Close() //nolint:errcheck // only read
	self, readErr := data.Node.Self(ctx)
	if readErr != nil {
		return readErr
	}
	if self.Name != cfg.Name || self.Role != asked.role { // a second init of the same is done already; of another is refused
		return cli.Fail(cli.Refused, fmt.Errorf("%w: as %q, %s; nothing was changed", node.ErrInitialized, self.Name, self.Role), "")
	}
	changed := err == nil || asked.emptyHistory || asked.emptyAdmin
	return showIdentity(call, identity{self.Name, self.Role, cfg.Data, changed, first})
}

// init makes the server, and returns the names of the timetables that it
// brings. What comes back from a twin, or was there before, has its own.
func (o initOptions) init(ctx context.Context, cfg *config.Config) (timetables []string, err error) {
	if o.noTimetables || o.replace {
		return []string{}, app.Init(ctx, cfg.Data, cfg.Name, o.role)
	}
	if timetables, err = app.InitWhole(ctx, cfg.Data, cfg.Name, o.role); timetables == nil {
		timetables = []string{}
	}
	return timetables, err
}

// An identity is the answer of init, as read back.
type identity struct {
	Name    string    `json:"name"`
	Role    node.Role `json:"role"`
	Data    string    `json:"data"`
	Changed bool      `json:"changed"` // by this call
	// Timetables are the names of those that it made.
	Timetables []string `json:"timetables"`
}

func showIdentity(call *cli.Call, i identity) error {
	switch {
	case call.Format == cli.JSON:
		return call.Show(cli.View{Document: i})
	case i.Changed:
		first := ""
		if len(i.Timetables) > 0 {
			first = fmt.Sprintf("with the timetables %s\n", strings.Join(i.Timetables, ", "))
		}
		_, err := fmt.Fprintf(call.Out, "%s is %s, in %s\n%sNext: %s, then twinctl status\n",
			i.Name, i.Role, inert.Text(i.Data), first, inert.Text(cli.Local(cli.StartTwind, call.Config)))
		return err
	default:
		_, err := fmt.Fprintf(call.Out, "%s is %s already; nothing was changed\n", i.Name, i.Role)
		return err
	}
}
