package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
)

// A typed line is what a person types on a server, and how that ends.
type typed struct {
	on   *twin
	line []string
	exit cli.Code
}

// administer sets names on the primary and pushes them, then edits one on the
// secondary, which the next push finds.
func administer(ctx context.Context, out io.Writer, a, b *twin) error {
	fmt.Fprintf(out, "Meanwhile somebody administers, on %s:\n", a.name)
	if err := runAll(ctx, out, []typed{
		{a, []string{"admin", "queue", "set", "support", "name=Support"}, cli.OK},
		{a, []string{"admin", "queue", "set", "sales", "name=Sales, domestic"}, cli.OK},
		{a, []string{"sync", "--dry-run"}, cli.Differs},
		{a, []string{"sync", "--view", "summary"}, cli.OK},
		{b, []string{"admin", "queue", "list"}, cli.OK},
		{b, []string{"admin", "queue", "set", "sales", "name=Sales, changed at 3 a.m.", "--on-secondary"}, cli.OK},
		{a, []string{"sync"}, cli.Conflict},
		{a, []string{"sync", "--drift", "overwrite", "--view", "summary"}, cli.OK},
	}); err != nil {
		return err
	}
	return sameRows(ctx, a, b)
}

// runAll runs one line after the other.
func runAll(ctx context.Context, out io.Writer, lines []typed) error {
	for _, t := range lines {
		if err := t.run(ctx, out); err != nil {
			return err
		}
	}
	return nil
}

// run runs this very program with the line, and shows what it says.
func (t typed) run(ctx context.Context, out io.Writer) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	fmt.Fprintf(out, "%s$ twinctl %s\n", t.on.name, quoted(t.line))
	var said bytes.Buffer
	proc := exec.CommandContext(ctx, program, append(t.line, "--no-input", "--config", t.on.config)...) //nolint:gosec // it is this program
	proc.Stdout, proc.Stderr = &said, &said
	err = proc.Run()
	for line := range strings.Lines(said.String()) {
		fmt.Fprintln(out, strings.TrimRight("    "+line, " \n"))
	}
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		return fmt.Errorf("demo: %w", err)
	}
	if got := cli.Code(proc.ProcessState.ExitCode()); got != t.exit {
		return fmt.Errorf("demo: twinctl %s on %s ended with status %d (%s), want %d", t.line[0], t.on.name, int(got), got, int(t.exit))
	}
	return nil
}

func quoted(line []string) string {
	words := make([]string, len(line))
	for i, w := range line {
		words[i] = w
		if strings.ContainsRune(w, ' ') {
			words[i] = "'" + w + "'"
		}
	}
	return strings.Join(words, " ")
}

// sameRows reads back that both servers hold the same administration data.
func sameRows(ctx context.Context, a, b *twin) error {
	var roots [2]admin.Position
	for i, t := range []*twin{a, b} {
		at, err := t.data.Admin.Position(ctx)
		if err != nil {
			return err
		}
		roots[i] = at
	}
	if roots[0].Root != roots[1].Root || roots[0].Rows != 2 {
		return fmt.Errorf("%w: the administration data of %s and %s", ErrDiffer, a.name, b.name)
	}
	return nil
}
