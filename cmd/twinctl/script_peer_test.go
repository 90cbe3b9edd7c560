package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/link"
)

// door is a program of the scripts, "door CONFIG": the embedded SSH server of a
// server, with the verbs of pairing behind it, until SIGTERM.
func door() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serveDoor(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serveDoor(ctx context.Context, file string) error {
	cfg, err := app.Configure(&cli.Call{Config: file})
	if err != nil {
		return err
	}
	data, err := app.OpenData(ctx, cfg.Data, store.Use)
	if err != nil {
		return err
	}
	defer data.Close()
	n := app.Notary{Config: cfg, Node: data.Node}
	server, err := link.NewServer(link.ServerOptions{
		HostKey: cfg.SSH.HostKey, Authorize: n.Authorized,
		Serve: func(ctx context.Context, _ string, _ link.Session, rw io.ReadWriter) error {
			return link.ServeControl(ctx, rw, n, link.Options{})
		},
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", cfg.SSH.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "listening")
	return server.Run(ctx, l)
}
