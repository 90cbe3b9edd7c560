package app

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
)

// A fence counts until its epoch was heard of, or a person says since that the
// server is primary by its own, and for nobody else.
func TestFence(t *testing.T) {
	dir := t.TempDir()
	if f := readFence(dir); f != nil {
		t.Fatalf("%+v", f)
	}
	set := switchover.Fence{Server: "A", Epoch: 4, By: "cms-b", Reason: "it burns", At: 100}
	t.Cleanup(func() {
		if err := liftFence(dir); err != nil {
			t.Error(err)
		}
	})
	if err := setFence(dir, set); err != nil {
		t.Fatal(err)
	}
	if f := readFence(dir); f == nil || *f != set {
		t.Fatalf("%+v", f)
	}
	link := filepath.Join(t.TempDir(), "same")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	is := node.Self{Server: "A", Role: node.Primary, Epoch: 3, EpochSeen: 3}
	for name, c := range map[string]struct {
		dir    string
		change func(*node.Self)
		want   bool
	}{
		"in force":                {dir, func(*node.Self) {}, true},
		"by another path":         {link, func(*node.Self) {}, true},
		"of another directory":    {t.TempDir(), func(*node.Self) {}, false},
		"heard of":                {dir, func(s *node.Self) { s.EpochSeen = 4 }, false},
		"for another server":      {dir, func(s *node.Self) { s.Server = "B" }, false},
		"confirmed since":         {dir, func(s *node.Self) { s.ConfirmedEpoch, s.ConfirmedAt = 3, 101 }, false},
		"confirmed before":        {dir, func(s *node.Self) { s.ConfirmedEpoch, s.ConfirmedAt = 3, 99 }, true},
		"another epoch was":       {dir, func(s *node.Self) { s.ConfirmedEpoch, s.ConfirmedAt = 1, 101 }, true},
		"has seen one in between": {dir, func(s *node.Self) { s.EpochSeen = 3 }, true},
	} {
		self := is
		c.change(&self)
		if got := Fenced(c.dir, self) != nil; got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if err := liftFence(dir); err != nil || readFence(dir) != nil {
		t.Errorf("lifted: %v", err)
	}
}

// What cannot be read keeps the server from acting, until a person says otherwise.
func TestAFenceThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	t.Cleanup(func() { _ = liftFence(dir) })
	if err := setFence(dir, switchover.Fence{Epoch: 4, By: "cms-b"}); err != nil {
		t.Fatal(err)
	}
	var path string
	for _, d := range fenceDirs() {
		if _, err := os.Stat(filepath.Join(d, fenceName(dir))); err == nil {
			path = filepath.Join(d, fenceName(dir))
		}
	}
	for name, text := range map[string]string{
		"empty": "", "no JSON": "{", "no epoch": `{"epoch":-1,"by":"b"}`, "in colour": `{"epoch":4,"by":"\u001b[31m"}`, "long": strings.Repeat("x", maxFence+1),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		self := node.Self{Server: "A", Role: node.Primary, Epoch: 3, EpochSeen: 30}
		f := Fenced(dir, self)
		if f == nil || f.Reason == "" {
			t.Errorf("%s: %+v", name, f)
			continue
		}
		self.ConfirmedEpoch, self.ConfirmedAt = 3, f.At+record.Second
		if f := Fenced(dir, self); f != nil {
			t.Errorf("%s, confirmed: %+v", name, f)
		}
	}
}

// A directory that others can write, or that is somebody else's, says nothing.
func TestAFenceStandsInADirectoryOfItsOwn(t *testing.T) {
	for name, mode := range map[string]os.FileMode{"of all": 0o777, "of the group": 0o770} {
		dir := t.TempDir()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := ownDir(dir, false); err == nil {
			t.Error(name)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if err := ownDir(link, true); err == nil {
		t.Error("a link")
	}
}

// Whoever has the lock of the directory is ended, stopped or not, and nobody else.
func TestEndTwind(t *testing.T) {
	dir := t.TempDir()
	if pid, end, err := endTwind(t.Context(), dir); pid != 0 || end != switchover.TwindNone || err != nil {
		t.Errorf("%d, %s, %v", pid, end, err)
	}
	for name, c := range map[string]struct {
		stop bool
		deaf bool
		want string
	}{
		"ends":    {want: switchover.TwindEnded},
		"deaf":    {deaf: true, want: switchover.TwindKilled},
		"stopped": {stop: true, want: switchover.TwindKilled},
	} {
		cmd := holdLock(t, dir, c.deaf)
		if c.stop {
			if err := cmd.Process.Signal(unix.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			for !stopped(cmd.Process.Pid) { // the kernel does it at once
			}
		}
		pid, end, err := endTwind(t.Context(), dir)
		if pid != cmd.Process.Pid || end != c.want || err != nil {
			t.Errorf("%s: %d of %d, %s, %v", name, pid, cmd.Process.Pid, end, err)
		}
		_ = cmd.Wait()
	}
}

// lockHow, in the environment, has this test binary be a process that has the
// lock of its directory.
const lockHow = "TWIN_TEST_LOCK"

func holdLock(t *testing.T, dir string, deaf bool) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), self, "-test.run=^TestHoldsALock$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), lockHow+"="+map[bool]string{true: "deaf", false: "hears"}[deaf])
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestHoldsALock is the process that TestEndTwind ends.
func TestHoldsALock(t *testing.T) {
	how := os.Getenv(lockHow)
	if how == "" {
		t.Skip("it is a process of TestEndTwind")
	}
	if how == "deaf" {
		signal.Ignore(unix.SIGTERM)
	}
	held, err := lock(".")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := os.Stdout.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Minute)
}
