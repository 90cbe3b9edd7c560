package task

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What a keeper ends with when its program never ran, as shells have it.
const (
	notStarted = 126
	notFound   = 127
	signalled  = 128 // and the signal's number
)

const (
	killInterval = 20 * time.Millisecond
	killsFor     = 10 * time.Second // what does not die for so long waits for a disk that does not answer
)

// A Keeper runs one program in a process of its own, and answers for all that
// the program starts, whatever that does to get away: once the program has
// ended, or its keeper was told to, nothing of it is left.
type Keeper struct {
	Orders io.Reader     // the program is ended when this ends: nobody holds the other side any more
	Grace  time.Duration // from SIGTERM to SIGKILL
	Out    io.Writer     // what the keeper itself has to say
}

// Run runs argv, whose first is the program's file, with the standard output
// and error of this process, and returns the status that it ended with: 128
// and the number if a signal ended it, 126 or 127 if it could not be started.
//
// It makes this process the parent of every orphan below it and waits for
// all of its children: call it in a process that has no others, once.
func (k Keeper) Run(argv []string) int {
	// What is said to a group of processes is for the program to heed. That
	// the orders have ended is what counts here.
	unheeded := make(chan os.Signal, 1)
	signal.Notify(unheeded, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintf(k.Out, "cannot answer for what %s starts: %v\n", argv[0], err)
		return notStarted
	}
	syscall.CloseOnExec(lockNumber) // if there is one, it is the keeper's alone
	runtime.LockOSThread()          // the program is told when the thread that started it ends
	pid, err := start(argv)
	if err != nil {
		fmt.Fprintln(k.Out, err)
		if errors.Is(err, os.ErrNotExist) {
			return notFound
		}
		return notStarted
	}
	ended, gone := make(chan syscall.WaitStatus, 1), make(chan struct{})
	go reap(pid, ended, gone)
	told := make(chan struct{})
	go func() {
		defer close(told)
		_, _ = io.Copy(io.Discard, k.Orders) // however it ends
	}()
	select {
	case status := <-ended:
		k.end(gone)
		return statusOf(status)
	case <-told:
		k.end(gone)
	}
	select {
	case status := <-ended:
		return statusOf(status)
	default:
		return signalled + int(syscall.SIGKILL) // it was sent, and does not die
	}
}

// start starts the program, which is killed if this process dies.
func start(argv []string) (pid int, err error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close() //nolint:errcheck // nothing is written
	as := &os.ProcAttr{Dir: "/", Files: []*os.File{null, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}}
	p, err := os.StartProcess(argv[0], argv, as) //nolint:gosec // it is what the timetable says
	if err != nil {
		return 0, err
	}
	pid = p.Pid
	return pid, p.Release()
}

// reap waits for every child of this process, tells how the one with that pid
// ended, and closes gone when there are no more.
func reap(pid int, ended chan<- syscall.WaitStatus, gone chan<- struct{}) {
	for {
		var status syscall.WaitStatus
		child, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil: // ECHILD
			close(gone)
			return
		case child == pid:
			ended <- status
		}
	}
}

func statusOf(s syscall.WaitStatus) int {
	if s.Signaled() {
		return signalled + int(s.Signal())
	}
	return s.ExitStatus()
}

// end ends all that is below this process, politely first.
func (k Keeper) end(gone <-chan struct{}) {
	select {
	case <-gone:
		return
	case <-time.After(killInterval): // what was about to end has
	}
	left := below(os.Getpid())
	if len(left) == 0 {
		return
	}
	send(left, syscall.SIGTERM)
	send(left, syscall.SIGCONT) // who was stopped does not hear otherwise
	select {
	case <-gone:
		return
	case <-time.After(k.Grace):
	}
	again := time.NewTicker(killInterval)
	defer again.Stop()
	giveUp := time.After(killsFor)
	for {
		left = below(os.Getpid())
		send(left, syscall.SIGKILL) // what they start meanwhile is there the next time
		select {
		case <-gone:
			return
		case <-again.C:
		case <-giveUp:
			fmt.Fprintf(k.Out, "these processes were killed and do not end: %v\n", left)
			return
		}
	}
}

func send(pids []int, s syscall.Signal) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, s) // it may be gone
	}
}
