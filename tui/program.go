package tui

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"

	tea "github.com/charmbracelet/bubbletea"
)

// mostWritten is how many bytes an editor may leave.
const mostWritten = 8 << 20

// An editing runs the editor of a person on a text, in a file that nobody else
// can read and that is gone when it ends. While it runs the terminal is its own.
type editing struct {
	start func(file string) *exec.Cmd // the program, on a file
	text  string
	in    io.Reader
	out   io.Writer
	err   io.Writer
}

// startOf returns what starts a program, which ends with the context at the latest.
func startOf(ctx context.Context, program []string) func(file string) *exec.Cmd {
	return func(file string) *exec.Cmd {
		args := append(program[1:len(program):len(program)], file)
		return exec.CommandContext(ctx, program[0], args...) //nolint:gosec // it is the person's own, who has a shell here
	}
}

func (e *editing) SetStdin(r io.Reader)  { e.in = r }
func (e *editing) SetStdout(w io.Writer) { e.out = w }
func (e *editing) SetStderr(w io.Writer) { e.err = w }

// Run blocks until the editor has ended.
func (e *editing) Run() (err error) {
	f, err := os.CreateTemp("", "twin-*.toml") // for its owner alone
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(e.text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	cmd := e.start(f.Name())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.in, e.out, e.err
	if err := cmd.Run(); err != nil {
		return err
	}
	e.text, err = readWhole(f.Name())
	return err
}

// readWhole reads what the editor left, which may be another file of that name.
func readWhole(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(f, mostWritten+1))
	if err == nil && len(text) > mostWritten {
		err = errors.New("the text is too long")
	}
	return string(text), err
}

// edit returns the command that has a text edited; nil where no program may be
// started.
func edit(ctx context.Context, program []string) func(text string, serial int) tea.Cmd {
	if len(program) == 0 {
		return nil
	}
	return func(text string, serial int) tea.Cmd {
		e := &editing{start: startOf(ctx, program), text: text}
		return tea.Exec(e, func(err error) tea.Msg { return written{serial, e.text, err} })
	}
}
