package app

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/twinctl/twin/cmd/internal/cli"
)

// Main is twind as a program: it runs with this process's arguments, files and
// signals, and returns the exit status. SIGTERM and SIGINT end it in order; a
// second one ends the process at once, should the orderly end hang. SIGHUP
// reads the configuration again.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	std := cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	return cli.Main(ctx, Command(hangup), std, os.Args[1:])
}
