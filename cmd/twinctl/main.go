// Twinctl administers the twins: it asks, changes and proves, from a shell or
// a script. Start with twinctl help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/twinctl/twin/cmd/internal/cli"
)

func main() { os.Exit(run()) }

// run returns the exit status. The first signal cancels what is being done;
// a second one ends the program at once.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	std := cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	return cli.Main(ctx, program(), std, os.Args[1:])
}
