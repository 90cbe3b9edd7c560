package main

import (
	"context"
	"io"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
)

// A typist runs the lines of the screens as if they were typed: whatever a verb
// checks, refuses and writes down, it does for them too.
type typist struct{ call *cli.Call }

// Do implements tui.Doer.
func (t typist) Do(ctx context.Context, args []string, out io.Writer) int {
	line := []string{"--yes", "--no-input"}
	if t.call.Named != "" {
		line = append(line, "--config", t.call.Named)
	}
	for _, set := range t.call.Set {
		line = append(line, "--set", set)
	}
	if t.call.Person != nil {
		line = append(line, "--as", t.call.Person.Login)
	}
	std := cli.Stdio{In: strings.NewReader(""), Out: out, Err: out}
	return cli.Main(ctx, program(), std, append(line, args...))
}
