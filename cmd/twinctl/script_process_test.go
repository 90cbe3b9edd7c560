package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinctl/twin/fixtures/await"
)

const (
	patience  = await.Most            // until a script gives up waiting
	lookAgain = 20 * time.Millisecond // at first; who asks all the time takes a processor from those who are asked
	lookLate  = 200 * time.Millisecond
)

// A crew is the processes that a script has started.
type crew struct{ members map[string]*member }

type crewKey struct{}

// A member runs beside the script. What it says goes to NAME.out and NAME.err.
type member struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has; err says how
	err   error
}

func crewOf(ts *testscript.TestScript) *crew { return ts.Value(crewKey{}).(*crew) }

func (c *crew) named(ts *testscript.TestScript, name string) *member {
	m := c.members[name]
	if m == nil {
		ts.Fatalf("nothing named %q was started", name)
	}
	return m
}

// start NAME PROGRAM [ARG...] runs a program beside the script, which stops it
// at its end at the latest. A name may be used again after end or kill9.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME PROGRAM [ARG...]")
	}
	name := args[0]
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	m := &member{cmd: exec.Command(program, args[2:]...), ended: make(chan struct{})}
	m.cmd.Args[0], m.cmd.Dir = args[1], ts.Getenv("WORK")
	m.cmd.Env = append(environ(ts), "TWIN_CONFIG="+ts.Getenv("TWIN_CONFIG"))
	out, err := os.Create(ts.MkAbs(name + ".out"))
	ts.Check(err)
	defer out.Close()
	errs, err := os.Create(ts.MkAbs(name + ".err"))
	ts.Check(err)
	defer errs.Close()
	m.cmd.Stdout, m.cmd.Stderr = out, errs
	ts.Check(m.cmd.Start())
	go func() {
		defer close(m.ended)
		m.err = m.cmd.Wait()
	}()
	c := crewOf(ts)
	if c.members == nil {
		c.members = map[string]*member{}
	}
	c.members[name] = m
	ts.Defer(func() {
		_ = m.cmd.Process.Kill() // if it still runs
		<-m.ended
		ts.Logf("%s said:\n%s%s", name, ts.ReadFile(name+".out"), ts.ReadFile(name+".err"))
	})
}

// environ is ours, and how the programs of scripts run.
func environ(ts *testscript.TestScript) []string {
	return append(os.Environ(), "GORACE="+ts.Getenv("GORACE"), "GOGC="+ts.Getenv("GOGC"))
}

// end NAME [STATUS] sends SIGTERM and demands that the program ends with this
// status, 0 unless said.
func end(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: end NAME [STATUS]")
	}
	want := 0
	if len(args) == 2 {
		_, err := fmt.Sscan(args[1], &want)
		ts.Check(err)
	}
	m := crewOf(ts).named(ts, args[0])
	ts.Check(m.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-m.ended:
	case <-time.After(patience):
		ts.Fatalf("%s has not ended %s after SIGTERM", args[0], patience)
	}
	if got := m.cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%s ended with status %d (%v), want %d", args[0], got, m.err, want)
	}
}

// ends NAME STATUS waits for the program to end by itself.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ends NAME STATUS")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	m := crewOf(ts).named(ts, args[0])
	select {
	case <-m.ended:
	case <-time.After(patience):
		ts.Fatalf("%s has not ended within %s", args[0], patience)
	}
	if got := m.cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%s ended with status %d (%v), want %d", args[0], got, m.err, want)
	}
}

// kill9 NAME ends the program at once.
func kill9(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: kill9 NAME")
	}
	m := crewOf(ts).named(ts, args[0])
	ts.Check(m.cmd.Process.Kill())
	<-m.ended
}

// killpid PID ends a process that the program under test has started.
func killpid(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: killpid PID")
	}
	pid, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(syscall.Kill(pid, syscall.SIGKILL))
}

// hangup NAME sends SIGHUP.
func hangup(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hangup NAME")
	}
	ts.Check(crewOf(ts).named(ts, args[0]).cmd.Process.Signal(syscall.SIGHUP))
}

// walWriter is the byte of SQLite's shared memory that a writer has locked.
const walWriter = 120

// freeze NAME FILE stops a program where it stands, when it writes nothing to
// that database.
func freeze(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: freeze NAME FILE")
	}
	p := crewOf(ts).named(ts, args[0]).cmd.Process
	f, err := os.OpenFile(ts.MkAbs(args[1]+"-shm"), os.O_RDWR, 0)
	ts.Check(err)
	defer f.Close()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		ts.Check(p.Signal(syscall.SIGSTOP))
		stopped(ts, p.Pid)
		l := syscall.Flock_t{Type: syscall.F_WRLCK, Start: walWriter, Len: 1}
		ts.Check(syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &l))
		if l.Type == syscall.F_UNLCK {
			return
		}
		ts.Check(p.Signal(syscall.SIGCONT))
	}
	ts.Fatalf("%s does not stop writing to %s", args[0], args[1])
}

// stopped waits until every thread of a process that is told to stop has: until
// then one may still begin to write.
func stopped(ts *testscript.TestScript, pid int) {
	until(ts, "every thread to stop", func() (bool, string) {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		ts.Check(err)
		for _, stat := range threads {
			text, err := os.ReadFile(stat)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			ts.Check(err)
			_, after, _ := strings.Cut(string(text), ") ") // behind the name
			if !strings.HasPrefix(after, "T") {
				return false, after
			}
		}
		return true, ""
	})
}

// locked FILE waits until a process has locked the file.
func locked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: locked FILE")
	}
	until(ts, args[0]+" to be locked", func() (bool, string) {
		f, err := os.Open(ts.MkAbs(args[0]))
		if err != nil {
			return false, err.Error()
		}
		defer f.Close()
		l := syscall.Flock_t{Type: syscall.F_WRLCK}
		ts.Check(syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &l))
		return l.Type != syscall.F_UNLCK, ""
	})
}

// thaw NAME lets a frozen program go on.
func thaw(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: thaw NAME")
	}
	ts.Check(crewOf(ts).named(ts, args[0]).cmd.Process.Signal(syscall.SIGCONT))
}

// says NAME REGEXP [TIMES] waits until what the program wrote, on either
// stream, matches so often.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: says NAME REGEXP [TIMES]")
	}
	times := 1
	if len(args) == 3 {
		_, err := fmt.Sscan(args[2], &times)
		ts.Check(err)
	}
	want := regexp.MustCompile("(?m)" + args[1])
	m := crewOf(ts).named(ts, args[0])
	until(ts, fmt.Sprintf("%s to say %q", args[0], args[1]), func() (bool, string) {
		said := ts.ReadFile(args[0]+".out") + ts.ReadFile(args[0]+".err")
		if len(want.FindAllString(said, -1)) >= times {
			return true, ""
		}
		select {
		case <-m.ended:
			return false, "it has ended"
		default:
			return false, ""
		}
	})
}

// until looks again and again, until so is true.
func until(ts *testscript.TestScript, what string, so func() (bool, string)) {
	deadline := time.Now().Add(patience)
	for wait := lookAgain; ; wait = min(wait*3/2, lookLate) {
		done, why := so()
		if done {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("waited %s for %s: %s", patience, what, why)
		}
		<-time.After(wait)
	}
}

// output runs a program quietly and returns what it wrote.
func output(ts *testscript.TestScript, program string, args ...string) ([]byte, error) {
	path, err := exec.LookPath(program)
	ts.Check(err)
	cmd := exec.Command(path, args...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = environ(ts)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	return out, nil
}
