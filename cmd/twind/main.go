// Twind collects the feeds of one server.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once, should the orderly end hang.
	context.AfterFunc(ctx, stop)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	std := cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	return cli.Main(ctx, app.Command(hangup), std, os.Args[1:])
}
