package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestDemoScreen holds that on a terminal the screen opens on a pair that lives,
// with everything on it that a person can do, and that however it is left nothing
// of it goes on.
func TestDemoScreen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		arg    string
		leave  func(c *keyboard, cmd *exec.Cmd)
		before string // what was shown before
	}{
		{"q", "--seconds=9", func(c *keyboard, _ *exec.Cmd) { c.types("q") }, "histories equal, 0 silently lost"},
		{"ctrl+c", "--hold", func(c *keyboard, _ *exec.Cmd) { c.types("\x03") }, "ready"},
		{"SIGTERM", "--hold", func(_ *keyboard, cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGTERM) }, "ready"},
		{"SIGHUP", "--hold", func(_ *keyboard, cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGHUP) }, "ready"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "lab")
			c := newKeyboard(t)
			cmd := c.twinctl("demo", tt.arg, "--dir", dir)
			c.shows(enterScreen)
			c.shows("both servers hear every feed")
			pids := demoServers(t, dir)
			if len(pids) != 2 {
				t.Errorf("processes %v run, want two servers", pids)
			}
			tt.leave(c, cmd)
			c.ends(cmd, 0)
			if said, _, _ := strings.Cut(c.screen(), enterScreen); !strings.Contains(said, tt.before) {
				t.Errorf("before the screen it wrote %q", said)
			}
			c.shows(leaveScreen)
			c.shows("Both servers end.")
			if is := c.settings(); is != c.atTheStart {
				t.Errorf("the terminal is left as %+v, it was %+v", is, c.atTheStart)
			}
			if left := demoServers(t, dir); len(left) > 0 {
				t.Errorf("processes %v go on", left)
			}
		})
	}
}

// TestDemoTerminalCloses holds that nothing of it goes on when the terminal is
// gone, not even the directory.
func TestDemoTerminalCloses(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	c := newKeyboard(t)
	cmd := c.twinctl("demo", "--hold")
	c.shows("both servers hear every feed")
	c.user.Close()
	_ = cmd.Wait() // whether the hangup is seen first or the last key is no matter
	if left := demoServers(t, dir); len(left) > 0 {
		t.Errorf("processes %v go on", left)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestDemoWithoutScreen holds that nobody is shown a screen who does not want it.
func TestDemoWithoutScreen(t *testing.T) {
	t.Parallel()
	for _, wish := range []string{"--screen=no", "--no-input"} {
		t.Run(wish, func(t *testing.T) {
			t.Parallel()
			c := newKeyboard(t)
			cmd := c.twinctl("demo", "--hold", wish, "--dir", t.TempDir())
			c.shows("ready\r\n")
			_ = cmd.Process.Signal(syscall.SIGTERM)
			c.ends(cmd, 0)
			if strings.ContainsRune(c.screen(), '\x1b') {
				t.Errorf("it wrote %q", c.screen())
			}
		})
	}
}

// demoServers returns the processes that run with a configuration in the directory.
func demoServers(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		t.Fatal("no process can be seen", err)
	}
	var pids []string
	for _, file := range files {
		line, _ := os.ReadFile(file) // it may have ended meanwhile
		if regexp.MustCompile(regexp.QuoteMeta(dir) + `/.*twin\.toml`).Match(line) {
			pids = append(pids, filepath.Base(filepath.Dir(file)))
		}
	}
	return pids
}

func TestOpensScreen(t *testing.T) {
	none := errors.New("no terminal")
	tests := []struct {
		when           string
		noInput, front bool
		cannot         error
		want           bool
		err            string
	}{
		{when: "auto", front: true, want: true},
		{when: "auto", front: false},
		{when: "auto", front: true, noInput: true},
		{when: "auto", front: true, cannot: none},
		{when: "no", front: true},
		{when: "no", cannot: none},
		{when: "yes", front: true, want: true},
		{when: "yes", front: false, want: true},
		{when: "yes", front: true, cannot: none, err: "--screen yes: no terminal"},
		{when: "yes", front: true, noInput: true, err: "--screen yes: with --no-input nobody is asked for keys"},
		{when: "", front: true, err: `--screen "": want auto, yes or no`},
	}
	for _, tt := range tests {
		got, err := opensScreen(tt.when, tt.noInput, tt.front, tt.cannot)
		if got != tt.want || err == nil != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%+v: %v, %v", tt, got, err)
		}
	}
}

// TestAside holds that what is said while a screen is drawn comes when it is left.
func TestAside(t *testing.T) {
	var out bytes.Buffer
	said := &aside{to: &out}
	fmt.Fprint(said, "before ")
	said.draw(true)
	fmt.Fprint(said, "meanwhile ")
	if out.String() != "before " {
		t.Errorf("across the screen: %q", out.String())
	}
	said.draw(false)
	fmt.Fprint(said, "after")
	if out.String() != "before meanwhile after" {
		t.Errorf("%q", out.String())
	}
}
