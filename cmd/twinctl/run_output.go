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
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

const outputInterval = 200 * time.Millisecond

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
			if !cli.IsTerminal(call.Out) {
				return write(ctx, call, r)
			}
			safe := &inertWriter{out: call.Out}
			call.Out = safe
			return errors.Join(write(ctx, call, r), safe.flush())
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
	f := tail{path: s.outputOf(node.Run{Output: node.RunOutput(r.ID)}), out: call.Out}
	defer f.close()
	tick := time.NewTicker(outputInterval)
	defer tick.Stop()
	for {
		now, err := s.data.Node.Run(ctx, r.ID) // before the last look
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		if err != nil {
			return err
		}
		if err := f.copy(); err != nil || now.State.Final() {
			return err
		}
		if app.Running(s.data.Dir) == 0 {
			return cli.Fail(cli.Refused, fmt.Errorf("run %d is %s, and twind, which would go on with it, is not running", r.ID, now.State), cli.StartTwind)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return interrupted(ctx)
		}
	}
}

// A tail reads a file that grows; one that is not there yet is waited for, and
// one that is replaced because its middle was left out goes on at its end.
type tail struct {
	path string
	out  io.Writer
	file *os.File // nil: none yet
}

func (t *tail) copy() error {
	if t.file != nil {
		if _, err := io.Copy(t.out, t.file); err != nil {
			return err
		}
	}
	f, err := os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch same, err := t.same(f); {
	case err != nil || same:
		return errors.Join(err, f.Close())
	case t.file != nil:
		if _, err := f.Seek(0, io.SeekEnd); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	t.close()
	t.file = f
	_, err = io.Copy(t.out, f)
	return err
}

// same tells whether a file is the one that is read already.
func (t *tail) same(f *os.File) (bool, error) {
	if t.file == nil {
		return false, nil
	}
	was, err := t.file.Stat()
	if err != nil {
		return false, err
	}
	is, err := f.Stat()
	return err == nil && os.SameFile(was, is), err
}

func (t *tail) close() {
	if t.file != nil {
		_ = t.file.Close() // it was only read
	}
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
