package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
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

// heard CONFIG out|in FILE notes the document in the file as what the twin told.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: heard CONFIG out|in FILE")
	}
	cfg, err := app.Configure(&cli.Call{Config: ts.MkAbs(args[0])})
	ts.Check(err)
	data, err := app.OpenData(context.Background(), cfg.Data, store.Use)
	ts.Check(err)
	defer data.Close()
	h := node.Heard{Doc: json.RawMessage(ts.ReadFile(args[2]))}
	ts.Check(data.Node.SetHeard(context.Background(), node.Direction(args[1]), h))
}
