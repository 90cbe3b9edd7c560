package task

import (
	"context"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	defaultGrace = 3 * time.Second
	// keeperEnds is how long a keeper that was told to end its program may
	// take, besides the grace and the time in which it kills.
	keeperEnds = 2 * time.Second
)

// KeepVerb is the verb of twinctl that runs a Keeper: KeepVerb --grace
// DURATION -- FILE ARG..., with the orders on its standard input.
const KeepVerb = "keep"

// An ending is how a program ended.
type ending struct {
	status int
	cut    bool  // it was told to end before it had
	err    error // it was never started
}

// process runs a program below a keeper in a session of its own: without a
// terminal, with nothing to read. It returns when all of it is gone. If this
// process dies, the keeper notices and ends it.
func (r Runner) process(ctx context.Context, argv, env []string, out io.Writer) ending {
	if ctx.Err() != nil {
		return ending{cut: true, status: signalled + int(syscall.SIGTERM)}
	}
	argv = append([]string{KeepVerb, "--grace", r.grace().String(), "--"}, argv...)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), r.Twinctl, argv...) //nolint:gosec // a task is what it runs
	cmd.Env, cmd.Dir = env, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	hold, err := cmd.StdinPipe()
	if err != nil {
		return ending{err: err}
	}
	said, says, err := os.Pipe()
	if err != nil {
		return ending{err: err}
	}
	defer said.Close() //nolint:errcheck // it was read
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = says, says, r.shared()
	err = cmd.Start()
	for _, f := range append(cmd.ExtraFiles, says) {
		_ = f.Close() // the keeper has it
	}
	if err != nil {
		_ = hold.Close()
		return ending{err: err}
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(out, said) // out never fails
	}()
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		_ = cmd.Wait() // the state tells
	}()
	e := ending{}
	select {
	case <-waited:
	case <-ctx.Done():
		e.cut = true
		_ = hold.Close() // the order to end
		insist(cmd.Process, waited, r.grace()+killsFor+keeperEnds)
	}
	if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
		e.status = statusOf(state)
		if state.Signaled() { // nobody ends its keeper but by force: then the group goes too
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	}
	hear(said, copied)
	return e
}

func (r Runner) grace() time.Duration {
	if r.Grace > 0 {
		return r.Grace
	}
	return defaultGrace
}

// insist waits for a keeper to end, and kills it and its group if it does not.
func insist(keeper *os.Process, waited <-chan struct{}, patience time.Duration) {
	select {
	case <-waited:
		return
	case <-time.After(patience):
	}
	_ = syscall.Kill(-keeper.Pid, syscall.SIGKILL)
	<-waited
}

// hear waits until all is read that was said. What got away from its keeper
// and holds the pipe open is not waited for.
func hear(said *os.File, copied <-chan struct{}) {
	select {
	case <-copied:
		return
	case <-time.After(keeperEnds):
	}
	_ = said.SetReadDeadline(time.Now())
	<-copied
}
