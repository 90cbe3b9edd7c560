package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/switchover"
)

const (
	endsWithin  = 2 * time.Second // after it was told to
	diesWithin  = 3 * time.Second // after it was killed
	tasksWithin = 5 * time.Second // what it ran is ended with it
	endLook     = 20 * time.Millisecond
)

// endTwind ends the twind that has a data directory, politely first, and returns
// its pid, 0 if none has it, and what became of it. A process that waits for a
// disk is not gone when it is killed, and does nothing any more all the same.
func endTwind(ctx context.Context, data string) (pid int, end string, err error) {
	if pid = Running(data); pid == 0 {
		return 0, switchover.TwindNone, nil
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return pid, switchover.TwindEnded, nil
	}
	if err != nil {
		return pid, "", fmt.Errorf("process %d: %w", pid, err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	// It is twind's and no stranger's if it has the lock now: the number of one
	// that had ended would be a process that has not.
	if Running(data) != pid {
		return pid, switchover.TwindEnded, nil
	}
	if stopped(pid) {
		err = errNotEnded // who does not run hears nothing
	} else if err = signalled(fd, unix.SIGTERM); err == nil {
		err = gone(ctx, fd, endsWithin)
	}
	if err == nil {
		return pid, switchover.TwindEnded, nil
	}
	if err := signalled(fd, unix.SIGKILL); err != nil {
		return pid, "", fmt.Errorf("kill process %d: %w", pid, err)
	}
	if err := gone(ctx, fd, diesWithin); err != nil && !dying(pid) {
		return pid, "", fmt.Errorf("process %d: %w", pid, err)
	}
	return pid, switchover.TwindKilled, nil
}

// signalled sends a signal. Who has ended needs none.
func signalled(fd int, s unix.Signal) error {
	if err := unix.PidfdSendSignal(fd, s, nil, 0); !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

var errNotEnded = errors.New("it does not end")

// gone waits until a process has ended: errNotEnded.
func gone(ctx context.Context, fd int, within time.Duration) error {
	for deadline := time.Now().Add(within); ; {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(ready, 0); err == nil && n > 0 {
			return nil
		}
		if time.Now().After(deadline) || !pause(ctx, endLook) {
			return errNotEnded
		}
	}
}

// stopped tells whether somebody stopped a process.
func stopped(pid int) bool { return strings.HasPrefix(processField(pid, "State"), "T") }

// dying tells whether a process was killed and waits only for the kernel.
func dying(pid int) bool {
	for _, pending := range []string{"SigPnd", "ShdPnd"} {
		set, err := strconv.ParseUint(processField(pid, pending), 16, 64)
		if err == nil && set&(1<<(unix.SIGKILL-1)) != 0 {
			return true
		}
	}
	return strings.HasPrefix(processField(pid, "State"), "Z")
}

// processField reads a line of what the kernel tells of a process, "" if it
// tells nothing.
func processField(pid int, name string) string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return ""
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if value, is := strings.CutPrefix(lines.Text(), name+":"); is {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
