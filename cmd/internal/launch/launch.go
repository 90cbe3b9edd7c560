// Package launch runs a program of the site's own: without a shell, in an
// environment that holds nothing of ours, and with an end to its time and to
// what it may say.
package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	searchPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
	// grace is how long it may take to end once it was told to, and for what
	// holds its output open once it has ended.
	grace     = 2 * time.Second
	signalled = 128 // and the signal's number, as shells have it
)

// ErrNotStarted is returned for a program that did not begin.
var ErrNotStarted = errors.New("not started")

// A Program is a file with its arguments.
type Program struct {
	Argv    []string // the file first, an absolute path
	Timeout time.Duration
}

// A Result is what came of a program.
type Result struct {
	Exit int           `json:"exit"`    // its status; 128 and the number if a signal ended it; -1: not started
	Took time.Duration `json:"took_ns"` // from its start
	Tail string        `json:"tail"`    // the last that it said, at most 1 KiB, made inert
}

// Check tells whether the program can be run, without running it.
func (p Program) Check() error {
	file := p.Argv[0]
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file", file)
	case info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s: cannot be executed: chmod +x %[1]s", file)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s: mode %04o lets others change it: chmod go-w %[1]s", file, info.Mode().Perm())
	}
	return nil
}

// Run runs the program with in on its standard input and those variables
// beside PATH and LANG, and returns when it has ended; the error is nil if that
// was with status 0. After the timeout, and when ctx ends, it and what it
// started in its group are told to end, and killed two seconds later. What it
// leaves behind of itself does not hold it up. An error beside ErrNotStarted
// does not say that it did nothing.
func (p Program) Run(ctx context.Context, variables []string, in []byte) (Result, error) {
	if err := p.Check(); err != nil {
		return Result{Exit: -1}, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	limited, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	var said tail
	cmd := exec.CommandContext(limited, p.Argv[0], p.Argv[1:]...) //nolint:gosec // the program of twin.toml, as it stands there
	cmd.Env, cmd.Dir = append([]string{"PATH=" + searchPath, "LANG=C.UTF-8"}, variables...), "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return Result{Exit: -1}, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	err := cmd.Wait()
	if limited.Err() != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // who of the group did not heed the other
	}
	done := Result{Exit: statusOf(cmd.ProcessState), Took: time.Since(began), Tail: said.text()}
	return done, p.failure(ctx, limited, err, done)
}

// failure says why the program has not done what it should, nil if it has.
func (p Program) failure(ctx, limited context.Context, err error, done Result) error {
	switch {
	case limited.Err() == nil && (err == nil || errors.Is(err, exec.ErrWaitDelay) && done.Exit == 0):
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s was ended: %w", p.Argv[0], context.Cause(ctx))
	case limited.Err() != nil:
		return fmt.Errorf("%s had not ended after %s, and was ended", p.Argv[0], p.Timeout)
	case done.Tail != "":
		return fmt.Errorf("%s: %w: %s", p.Argv[0], err, done.Tail)
	}
	return fmt.Errorf("%s: %w", p.Argv[0], err)
}

func statusOf(state *os.ProcessState) int {
	if s, ok := state.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return signalled + int(s.Signal())
	}
	return state.ExitCode()
}
