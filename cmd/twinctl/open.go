package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// A site is a server's configuration and its open files.
type site struct {
	*config.Config
	data   *app.Data
	person *cli.Person // for whom it is opened, if --as said; nil: for whoever is here
}

// actor names who does what is done, for the records of that.
func (s *site) actor() string {
	if s.person != nil {
		return s.person.Login
	}
	return app.Actor()
}

// request is what is asked of twind, for whom this server was opened.
func (s *site) request(verb string, args []byte) node.Request {
	r := node.Request{Verb: verb, Args: args, Actor: s.actor()}
	if s.person != nil {
		r.Login = s.person.Login
	}
	return r
}

// open reads the configuration and opens the server's files as they are.
func open(ctx context.Context, call *cli.Call) (*site, error) {
	cfg, err := app.Configure(call)
	if err != nil {
		return nil, err
	}
	data, err := openData(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &site{cfg, data, call.Person}, nil
}

func openData(ctx context.Context, cfg *config.Config) (*app.Data, error) {
	if err := app.BecomeOwner(cfg.Data); err != nil {
		return nil, err
	}
	return app.OpenData(ctx, cfg.Data, store.Use)
}

// with runs a verb on the open files of the server.
func with(run func(context.Context, *cli.Call, *site) error) func(context.Context, *cli.Call) error {
	return func(ctx context.Context, call *cli.Call) error {
		s, err := open(ctx, call)
		if err != nil {
			return err
		}
		defer s.data.Close() //nolint:errcheck // what was changed is committed
		return run(ctx, call, s)
	}
}

// feed returns the configured feed of that name.
func (s *site) feed(name string) (*config.Feed, error) {
	f, ok := s.Feed(name)
	if !ok {
		return nil, cli.Fail(cli.Usage, fmt.Errorf("unknown feed %q: %s has %s", name, s.File, s.feedNames()), "twinctl feed list")
	}
	return f, nil
}

// interrupted is how a verb ends that goes on until it is told to stop: a signal
// needs no word, a --timeout does.
func interrupted(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return cli.Fail(cli.Interrupted, nil, "")
	}
	return context.Cause(ctx)
}

func (s *site) feedNames() string {
	var names []string
	for _, f := range s.Feeds {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// completeFeeds offers the names of the configured feeds.
func completeFeeds(_ context.Context, call *cli.Call) []string {
	cfg, err := app.Configure(call)
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range cfg.Feeds {
		names = append(names, f.Name)
	}
	return names
}
