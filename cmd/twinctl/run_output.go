package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable/task"
)

func runOutputCommand() cli.Command {
	var follow bool
	return cli.Command{
		Name:  "output",
		Args:  "ID",
		Short: "write the output of a run",
		Long: `Writes what its tasks said, of very much the beginning and the end. On a terminal it is shown harmless; to a file or a program it goes as it is. ` +
			`The output of a run stays on the server that ran it: of the twin's runs the last that it told is written.`,
		Examples: []cli.Example{
			{Line: "twinctl run output 12", Why: "what did it say?"},
			{Line: "twinctl run output 12 --follow", Why: "and what does it say until it ends?"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Complete: map[string]func(context.Context, *cli.Call) []string{"ID": completeRuns},
		Flags: func(f *cli.FlagSet) {
			f.BoolVarP(&follow, "follow", "f", false, "go on until the run has ended")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			r, err := s.run(ctx, call.Args[0])
			if err != nil {
				return err
			}
			if r.Theirs != 0 {
				fmt.Fprintf(call.Err, "the last that %s told of it; there it is all: twinctl run output %d\n", inert.Text(r.Server), r.Theirs)
				return writeInert(call.Out, r.Tail)
			}
			write := s.writeOutput
			if follow {
				write = s.followOutput
			}
			return inertly(call, func(call *cli.Call) error { return write(ctx, call, r) })
		}),
	}
}

// writeOutput writes what there is now.
func (s *site) writeOutput(_ context.Context, call *cli.Call, r node.Run) error {
	var f *os.File
	err := fs.ErrNotExist
	if r.Output != "" {
		f, err = os.Open(s.outputOf(r))
	}
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(call.Err, "run %d is %s, and there is no output of it\n", r.ID, r.State)
		return writeInert(call.Out, r.Tail)
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	_, err = io.Copy(call.Out, f)
	return err
}

// followOutput writes what there is, and what comes until the run has ended.
// One whose twind is gone never ends by itself.
func (s *site) followOutput(ctx context.Context, call *cli.Call, r node.Run) error {
	var gone error
	ended := func(ctx context.Context) (bool, error) {
		now, err := s.data.Node.Run(ctx, r.ID)
		if err == nil && !now.State.Final() && app.Running(s.data.Dir) == 0 {
			gone = cli.Fail(cli.Refused, fmt.Errorf("run %d is %s, and twind, which would go on with it, is not running", r.ID, now.State), cli.StartTwind)
		}
		return now.State.Final() || gone != nil, err
	}
	err := task.Follow(ctx, s.outputOf(node.Run{Output: node.RunOutput(r.ID)}), call.Out, ended)
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	return errors.Join(err, gone)
}

// writeInert writes lines of foreign text that are harmless on a terminal.
func writeInert(w io.Writer, text string) error {
	safe := &inertWriter{out: w}
	if _, err := io.WriteString(safe, text); err != nil {
		return err
	}
	return safe.flush()
}

// An inertWriter makes lines of foreign text harmless on a terminal.
type inertWriter struct {
	out  io.Writer
	line []byte // begun
}

// longestLine is how much of a line is waited for.
const longestLine = 4 << 10 // bytes

func (w *inertWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		w.line = append(w.line, line...)
		rest = after
		if !ended && len(w.line) < longestLine {
			break
		}
		if err := w.show(ended); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// show writes what has come of a line.
func (w *inertWriter) show(ended bool) error {
	text := strings.TrimSuffix(string(w.line), "\r")
	text = inert.Text(strings.ReplaceAll(text, "\t", "    "))
	if ended {
		text += "\n"
	}
	w.line = w.line[:0]
	_, err := io.WriteString(w.out, text)
	return err
}

// flush writes a line that has begun, as if it ended.
func (w *inertWriter) flush() error {
	if len(w.line) == 0 {
		return nil
	}
	return w.show(true)
}
