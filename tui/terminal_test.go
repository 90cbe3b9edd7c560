package tui

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/fixtures/await"
)

// asYardstick has the test's program be the yardstick: a terminal program that
// draws one line, and does nothing.
const asYardstick = "TWIN_TUI_YARDSTICK"

// asScreen has the test's program be the screens, of a pair that goes on; of one
// that cannot be looked at for long if it is panics.
const (
	asScreen = "TWIN_TUI_SCREEN"
	panics   = "panics"
)

func TestMain(m *testing.M) {
	var err error
	switch how := os.Getenv(asScreen); {
	case how != "":
		err = Run(context.Background(), Sources{Pair: &fragile{whole: how != panics}}, Options{In: os.Stdin, Out: os.Stdout, Theme: Themes()[0]})
	case os.Getenv(asYardstick) != "":
		_, err = tea.NewProgram(oneLine{}, tea.WithAltScreen(), tea.WithFPS(frames)).Run()
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A fragile pair breaks whoever looks at it for the second time, unless it is whole.
type fragile struct {
	breathing

	whole bool
	looks int
}

func (f *fragile) Load(ctx context.Context) (State, error) {
	if f.looks++; f.looks > 1 && !f.whole {
		panic("the pair is not what it was")
	}
	return f.breathing.Load(ctx)
}

// TestAPanicLeavesTheTerminal holds that a terminal is as it was, and says what
// happened, when the program breaks.
func TestAPanicLeavesTheTerminal(t *testing.T) {
	p := newPTY(t)
	before, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	cmd := p.start(t, asScreen+"="+panics, os.Args[0])
	p.await(t, 0, "SERVERS")
	if err := cmd.Wait(); err == nil {
		t.Error("it ended as if all were well")
	}
	p.await(t, 0, ansi.ResetAltScreenSaveCursorMode)
	p.await(t, 0, "the pair is not what it was")
	after, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the terminal (-before +after):\n%s", diff)
	}
}

// A oneLine is the least that can be drawn: how many keys were pressed before q.
type oneLine struct{ keys int }

func (oneLine) Init() tea.Cmd  { return nil }
func (o oneLine) View() string { return fmt.Sprintf("one line %d", o.keys) }
func (o oneLine) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	key, ok := msg.(tea.KeyMsg)
	if ok && strings.HasPrefix(key.String(), "q") {
		return o, tea.Quit
	}
	if ok {
		o.keys++
	}
	return o, nil
}

// A pty is a terminal of 120x40 whose other end is read all the time.
type pty struct {
	user, tty *os.File
	mu        sync.Mutex
	said      bytes.Buffer
}

func newPTY(t testing.TB) *pty {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	must(err)
	t.Cleanup(func() { user.Close() })
	must(unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	must(err)
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	must(err)
	t.Cleanup(func() { tty.Close() })
	must(unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}))
	p := &pty{user: user, tty: tty}
	go func() {
		for b := make([]byte, 64<<10); ; {
			n, err := user.Read(b)
			p.mu.Lock()
			p.said.Write(b[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

// len returns how many bytes came.
func (p *pty) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Len()
}

// await polls until a text came behind so many bytes, and returns how long that took.
func (p *pty) await(t testing.TB, from int, text string) time.Duration {
	t.Helper()
	for began := time.Now(); ; {
		p.mu.Lock()
		seen := bytes.Contains(p.said.Bytes()[from:], []byte(text))
		p.mu.Unlock()
		took := time.Since(began)
		if seen {
			return took
		}
		if took > await.Most {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Fatalf("%q does not come: %q", text, p.said.Bytes()[from:])
		}
		<-time.After(200 * time.Microsecond)
	}
}

// start starts a program on the terminal, as a shell would.
func (p *pty) start(t testing.TB, env, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = append(os.Environ(), "TERM=xterm", "NO_COLOR=", env)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // if it runs still
	return cmd
}

// leave ends a program by its key.
func (p *pty) leave(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if _, err := p.user.WriteString("qq"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// spent returns how much time of a processor a program has taken, to the nanosecond.
func spent(t testing.TB, pid int) time.Duration {
	t.Helper()
	const allThreads = 2 // CPUCLOCK_SCHED of a process, as in the kernel's posix-timers.h
	var took unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|allThreads), &took); err != nil {
		t.Fatal(err)
	}
	return time.Duration(took.Nano())
}
