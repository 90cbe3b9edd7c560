package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/sync/link"
)

// How large a terminal may say that it is, and what is believed of one that does
// not know: a picture of it is drawn many times a second.
const (
	usualColumns, usualRows = 80, 24
	mostColumns, mostRows   = 1000, 400
)

// onTerminal runs a program on a terminal of its own.
func (s *stay) onTerminal(ctx context.Context, cmd *exec.Cmd) error {
	ours, theirs, err := openTerminal()
	if err != nil {
		return err
	}
	defer ours.Close() //nolint:errcheck // the process has ended
	err = resize(ours, s.Term.Size)
	if err == nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
		cmd.SysProcAttr.Setctty = true // of its standard input
		err = start(cmd)
	}
	if err := errors.Join(err, theirs.Close()); err != nil {
		return err
	}
	said := make(chan struct{})
	go func() { // until the last of the processes has closed it
		defer close(said)
		if _, err := io.Copy(s.Out, ours); err != nil {
			_, _ = io.Copy(io.Discard, ours) // nobody reads: it must be able to end all the same
		}
	}()
	go func() { _, _ = io.Copy(noting{ours, s}, s.In) }() // it ends with the channel
	go s.follow(ctx, ours)
	err = cmd.Wait()
	_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // who still has the terminal
	hearOut(ctx, said)
	return err
}

// follow gives the terminal the size that it has on the other side.
func (s *stay) follow(ctx context.Context, ours *os.File) {
	for {
		select {
		case <-ctx.Done():
			return
		case size := <-s.Sizes:
			_ = resize(ours, size) // it is gone, else
		}
	}
}

// openTerminal returns both ends of a new terminal.
func openTerminal() (ours, theirs *os.File, err error) {
	ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("terminal: %w", err)
	}
	var number int
	err = control(ours, func(fd int) error {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		var err error
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	if err == nil {
		theirs, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("terminal: %w", err), ours.Close())
	}
	return ours, theirs, nil
}

func resize(terminal *os.File, s link.Size) error {
	return control(terminal, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, sane(s))
	})
}

// sane returns a size that a terminal may have.
func sane(s link.Size) *unix.Winsize {
	if s.Columns == 0 || s.Rows == 0 {
		s = link.Size{Columns: usualColumns, Rows: usualRows}
	}
	return &unix.Winsize{Col: uint16(min(s.Columns, mostColumns)), Row: uint16(min(s.Rows, mostRows))}
}

// control does something to an open file, which goes on being waited for without
// a thread.
func control(f *os.File, do func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var done error
	if err := raw.Control(func(fd uintptr) { done = do(int(fd)) }); err != nil {
		return err
	}
	return done
}
