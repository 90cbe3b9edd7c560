package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/cmd/internal/cli"
)

const (
	enterScreen = "\x1b[?1049h"
	leaveScreen = "\x1b[?1049l"
	showCursor  = "\x1b[?25h"
)

// A keyboard is a terminal that a program of the test runs on. It never answers
// what the program asks of it.
type keyboard struct {
	t          *testing.T
	user, tty  *os.File
	mu         sync.Mutex
	said       bytes.Buffer
	atTheStart unix.Termios
}

func newKeyboard(t *testing.T) *keyboard {
	t.Helper()
	withPrograms(t)
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	c := &keyboard{t: t, user: user, tty: tty}
	c.atTheStart = c.settings()
	go func() {
		for b := make([]byte, 4096); ; {
			n, err := user.Read(b)
			c.mu.Lock()
			c.said.Write(b[:n])
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return c
}

func (c *keyboard) settings() unix.Termios {
	c.t.Helper()
	s, err := unix.IoctlGetTermios(int(c.tty.Fd()), unix.TCGETS)
	if err != nil {
		c.t.Fatal(err)
	}
	return *s
}

// twinctl starts it on it, as a shell would.
func (c *keyboard) twinctl(args ...string) *exec.Cmd {
	c.t.Helper()
	cmd := exec.Command("twinctl", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.tty, c.tty, c.tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "CI=") && !strings.HasPrefix(kv, "TWIN_CONFIG=") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "TERM=xterm", "GORACE=atexit_sleep_ms=0")
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

func (c *keyboard) screen() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.String()
}

// shows waits until the program has written that.
func (c *keyboard) shows(text string) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(c.screen(), text); {
		if time.Now().After(deadline) {
			c.t.Fatalf("it never wrote %q, but %q", text, c.screen())
		}
		<-time.After(lookAgain)
	}
}

// ends waits for the program and demands its exit status.
func (c *keyboard) ends(cmd *exec.Cmd, status int) {
	c.t.Helper()
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	_ = cmd.Wait() // the status tells
	if got := cmd.ProcessState.ExitCode(); got != status {
		c.t.Errorf("exit status %d, want %d; it wrote %q", got, status, c.screen())
	}
}

// screenServer makes the files of a server that does not run, and returns its configuration.
func screenServer(t *testing.T) string {
	t.Helper()
	withPrograms(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "twin.toml")
	text := fmt.Sprintf("name = \"cms-a\"\ndata = %q\n[http]\nlisten = \"\"\n[[feed]]\nname = \"pbx\"\nkind = \"lines\"\naddresses = [\"tcp://127.0.0.1:9\"]\n", filepath.Join(dir, "data"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("twinctl", "init", "--role", "primary", "--no-timetables", "--config", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return file
}

// TestScreen holds that however the screen is left, the terminal is as it was.
func TestScreen(t *testing.T) {
	config := screenServer(t)
	tests := []struct {
		name   string
		args   []string
		leave  func(c *keyboard, cmd *exec.Cmd)
		status int
	}{
		{"q", []string{"tui"}, func(c *keyboard, _ *exec.Cmd) { fmt.Fprint(c.user, "q") }, 0},
		{"ctrl+c", []string{"tui", "--theme", "plain"}, func(c *keyboard, _ *exec.Cmd) { fmt.Fprint(c.user, "\x03") }, 0},
		{"SIGTERM", []string{"tui"}, func(_ *keyboard, cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGTERM) }, 130},
		{"no verb", nil, func(c *keyboard, _ *exec.Cmd) { fmt.Fprint(c.user, "wxq") }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newKeyboard(t)
			cmd := c.twinctl(append(tt.args, "--config", config)...)
			c.shows("twind is not running on cms-a")
			if !strings.Contains(c.screen(), enterScreen) {
				t.Error("it draws over what was on the terminal")
			}
			tt.leave(c, cmd)
			c.ends(cmd, tt.status)
			c.shows(leaveScreen)
			c.shows(showCursor)
			if is := c.settings(); is != c.atTheStart {
				t.Errorf("the terminal is left as %+v, it was %+v", is, c.atTheStart)
			}
		})
	}
}

// types types on it.
func (c *keyboard) types(keys string) {
	c.t.Helper()
	if _, err := fmt.Fprint(c.user, keys); err != nil {
		c.t.Fatal(err)
	}
}

// TestScreenAdministers adds a row on the screen, as a person would: it is
// checked while it is typed, and done after a yes to what it would change.
func TestScreenAdministers(t *testing.T) {
	config := screenServer(t)
	c := newKeyboard(t)
	cmd := c.twinctl("tui", "--theme", "plain", "--config", config)
	c.shows("twind is not running on cms-a")
	for _, step := range []struct{ keys, shows string }{
		{"6", "a queue of the feed"},
		{"\r", "there is none: a adds one"},
		{"a", "NEW queue"},
		{"support\tSupport", "it can be so"},
		{"\x13", "1 change in the draft"},
		{"A", "do it?"},
	} {
		c.types(step.keys)
		c.shows(step.shows)
	}
	for deadline := time.Now().Add(patience); !strings.Contains(c.screen(), "1 added, generation"); {
		if time.Now().After(deadline) {
			t.Fatalf("a yes does not do it: %q", c.screen())
		}
		c.types("y") // counts when nothing was typed for half a second
		<-time.After(time.Second)
	}
	c.types("\x03")
	c.ends(cmd, 0)
	out, err := exec.Command("twinctl", "admin", "queue", "show", "support", "--config", config).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Support") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestScreenWrites edits a row in an editor: what is wrong is shown with its line
// and edited on, what is right goes into the draft, and no file is left behind.
func TestScreenWrites(t *testing.T) {
	config := screenServer(t)
	if out, err := exec.Command("twinctl", "admin", "queue", "set", "support", "name=Support", "--config", config).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "editor")
	err := os.WriteFile(script, []byte(`#!/bin/sh
case $(stat -c %a "$2") in 600) ;; *) exit 9 ;; esac
if grep -q service_level "$2" && grep -q 99999 "$2"; then sed -i s/99999/30/ "$2"; else echo service_level = 99999 >>"$2"; fi
`), 0o700)
	if err != nil {
		t.Fatal(err)
	}
	files := filepath.Join(dir, "files")
	if err := os.Mkdir(files, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VISUAL", script+" -w")
	t.Setenv("TMPDIR", files)
	c := newKeyboard(t)
	cmd := c.twinctl("tui", "--theme", "plain", "--config", config)
	c.shows("twind is not running on cms-a")
	for _, step := range []struct{ keys, shows string }{
		{"6", "a queue of the feed"},
		{"\r", "Support"},
		{"E", "service_level is 99999"},
		{"", "service_level = 99999"},
		{"e", "it can be so"},
		{"\x13", "1 change in the draft"},
	} {
		c.types(step.keys)
		c.shows(step.shows)
	}
	c.types("qq")
	c.ends(cmd, 0)
	if left, err := os.ReadDir(files); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestScreenLooks holds that a screen that only looks changes nothing, and says so.
func TestScreenLooks(t *testing.T) {
	config := screenServer(t)
	c := newKeyboard(t)
	cmd := c.twinctl("tui", "--read-only", "--theme", "plain", "--config", config)
	c.shows("LOOKING ONLY")
	c.shows("twind is not running on cms-a")
	c.types("6")
	c.shows("a queue of the feed")
	c.types("U")
	c.shows("this screen was opened to look only")
	c.types("q")
	c.ends(cmd, 0)
}

// TestNoScreen holds that other verbs ask nothing of the terminal: what was
// typed ahead stays for the shell, and one that never answers is not waited for.
func TestNoScreen(t *testing.T) {
	c := newKeyboard(t)
	fmt.Fprint(c.user, "next\n")
	cmd := c.twinctl("version")
	c.ends(cmd, 0)
	c.shows("twinctl")
	if strings.ContainsRune(c.screen(), '\x1b') {
		t.Errorf("version asks something of the terminal: %q", c.screen())
	}
	if n, err := unix.IoctlGetInt(int(c.tty.Fd()), unix.TIOCINQ); n != len("next\n") {
		t.Errorf("of what was typed ahead %d bytes are left (%v)", n, err)
	}
}

// TestHelpWithoutServer holds that a person who types twinctl on a machine where
// nothing is set up gets help, not an error.
func TestHelpWithoutServer(t *testing.T) {
	c := newKeyboard(t)
	c.ends(c.twinctl("--config", filepath.Join(t.TempDir(), "none.toml")), 0)
	c.shows("VERBS")
}

func TestThemes(t *testing.T) {
	for _, name := range themes() {
		if theme, err := themeOf(name); err != nil || name != "auto" && theme.Name != name {
			t.Errorf("theme %s is %q: %v", name, theme.Name, err)
		}
	}
	if _, err := themeOf("pink"); err == nil {
		t.Error("theme pink is taken")
	}
	t.Setenv("NO_COLOR", "1")
	if theme, err := themeOf("auto"); err != nil || theme.Name != "mono" {
		t.Error("NO_COLOR does not turn colours off")
	}
}

// TestScreenLines holds that each line that a key of the screens runs is one of
// twinctl: its verb and all of its flags are there.
func TestScreenLines(t *testing.T) {
	lines, err := os.ReadFile("../../tui/testdata/lines.tsv")
	if err != nil || len(lines) == 0 {
		t.Fatal("no line is known", err)
	}
	for line := range strings.Lines(string(lines)) {
		args := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var out, wrong bytes.Buffer
		std := cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &wrong}
		if code := cli.Main(t.Context(), program(), std, append([]string{"--help"}, args...)); code != 0 || !strings.Contains(out.String(), "USAGE\n    twinctl "+args[0]) {
			t.Errorf("%q ends with %d: %s%s", args, code, wrong.String(), out.String())
		}
	}
}
