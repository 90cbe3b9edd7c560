package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twinctl/twin/sync/link"
)

const (
	// endWithin is how long a process may take to end in order once it was told to:
	// less than twind itself has.
	endWithin = 2 * time.Second
	// lookEvery is how often it is looked whether a session has lasted too long.
	lookEvery = time.Second
)

// A stay is a session that is served.
type stay struct {
	link.Stay
	guest  link.Guest
	since  time.Time
	limits func() Limits
	heard  atomic.Int64 // when something came last, in nanoseconds since the session began
}

// note tells that something came.
func (s *stay) note() { s.heard.Store(int64(time.Since(s.since))) }

// serve runs the program, and returns its exit status, and why it was ended if it
// was not by itself. No process of it runs when serve returns; what waits for the
// guest alone, to take what was said, ends with the channel.
func (s *stay) serve(ctx context.Context, argv []string) (status int, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // a program of ours
	cmd.Dir, cmd.Env, cmd.WaitDelay = "/", s.environment(os.LookupEnv), endWithin
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	run := s.onPipes
	if s.Term != nil {
		run = s.onTerminal
	}
	go s.limit(ctx, cancel)
	err = run(ctx, cmd)
	if cmd.Process != nil { // whatever it left behind
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	exit, isExit := errors.AsType[*exec.ExitError](err)
	cause := context.Cause(ctx)
	switch {
	case cause != nil && !errors.Is(cause, context.Canceled):
		return ended, cause
	case err == nil:
		return 0, nil
	case cause != nil:
		return ended, nil
	case isExit && exit.Exited():
		return exit.ExitCode(), nil
	case isExit:
		return failed, fmt.Errorf("the session was ended: %w", exit)
	}
	return failed, errors.New("the session cannot be served now")
}

// limit ends a session of which nothing came for too long, or which lasts so.
func (s *stay) limit(ctx context.Context, end func(error)) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		lasted := time.Since(s.since)
		if err := s.limits().Over(lasted, lasted-time.Duration(s.heard.Load())); err != nil {
			end(err)
		}
	}
}

// onPipes runs a program that has no terminal.
func (s *stay) onPipes(ctx context.Context, cmd *exec.Cmd) error {
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // the process has ended
	words, theirWords, err := os.Pipe()
	if err != nil {
		return errors.Join(err, theirOut.Close())
	}
	defer words.Close() //nolint:errcheck // likewise
	cmd.Stdout, cmd.Stderr = theirOut, theirWords
	err = start(cmd)
	if err := errors.Join(err, theirOut.Close(), theirWords.Close()); err != nil {
		return err
	}
	var both sync.WaitGroup
	both.Go(func() { pass(noting{s.Out, s}, out) })
	both.Go(func() { pass(noting{s.Err, s}, words) })
	go func() { // it ends with the channel
		_, _ = io.Copy(noting{in, s}, s.In)
		_ = in.Close()
	}()
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // who still has the pipes
	said := make(chan struct{})
	go func() {
		both.Wait()
		close(said)
	}()
	hearOut(ctx, said)
	return err
}

// pass writes what a process says, until nobody takes it: then the process has
// nobody to say it to.
func pass(to io.Writer, from *os.File) {
	_, _ = io.Copy(to, from)
	_ = from.Close()
}

// hearOut waits until what a process said has been written, for as long as the
// session may last and a little more: who takes nothing keeps nothing by that.
func hearOut(ctx context.Context, said <-chan struct{}) {
	select {
	case <-said:
		return
	case <-ctx.Done():
	}
	select {
	case <-said:
	case <-time.After(endWithin):
	}
}

// start starts a program as one that goes before twind where memory is short.
func start(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", cmd.Process.Pid), []byte("500"), 0) // else it goes as any
	return nil
}

// A noting writer notes that something came.
type noting struct {
	io.Writer
	stay *stay
}

func (n noting) Write(p []byte) (int, error) {
	n.stay.note()
	return n.Writer.Write(p)
}

// environment is what the program sees: nothing that a person could choose, but
// for the command and the name of the terminal.
func (s *stay) environment(lookup func(string) (string, bool)) []string {
	env := []string{"SSH_ORIGINAL_COMMAND=" + strings.ReplaceAll(s.Command, "\x00", " ")}
	for _, name := range []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "ZONEINFO", "GODEBUG", "GORACE", "GOGC"} {
		if value, ok := lookup(name); ok {
			env = append(env, name+"="+value)
		}
	}
	env = append(env, "GOMAXPROCS=2", "GOMEMLIMIT=100MiB") // there may be fifty
	if s.Term != nil {
		env = append(env, "TERM="+termName(s.Term.Name))
	}
	from, fromPort := hostPort(s.guest.From)
	at, atPort := hostPort(s.guest.At)
	return append(env, fmt.Sprintf("SSH_CONNECTION=%s %s %s %s", from, fromPort, at, atPort))
}

func hostPort(a net.Addr) (host, port string) {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String(), "0"
	}
	return host, port
}

// termName believes only what may be the name of a terminal.
func termName(name string) string {
	const usual, most = "xterm", 40
	odd := strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_", r)
	})
	if name == "" || len(name) > most || odd {
		return usual
	}
	return name
}
