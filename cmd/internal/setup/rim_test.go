package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
)

const nobody = 65534

func aim(t *testing.T) (Rim, Goal) {
	t.Helper()
	top := t.TempDir()
	for dir := top; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) { // nobody passes
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	g := goal()
	g.File, g.Data, g.Feed = filepath.Join(top, "etc", "twin.toml"), filepath.Join(top, "lib", "data"), "smdr"
	g.SecretFile = filepath.Join(top, "etc", "feed-smdr.secret")
	g.Text = Render(Answers{
		"name": g.Name, "data": g.Data, "feed.kind": "lines", "feed.name": "smdr", "feed.listen": "127.0.0.1:0",
		"feed.time.field": "1", "feed.time.layout": "epoch",
	}, "")
	return Rim{File: g.File, Systemd: filepath.Join(top, "systemd")}, g
}

// advance looks, plans, and does at most so many steps that are to be done.
func advance(t *testing.T, r Rim, g Goal, most int) (done []Action) {
	t.Helper()
	seen, err := r.See(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := Plan(g, seen)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.State != Todo || s.Do == Examine || s.Do == Show || len(done) == most {
			continue
		}
		if err := r.Do(t.Context(), s, g, seen); err != nil {
			t.Fatal(err)
		}
		done = append(done, s.Do)
	}
	return done
}

// TestCutShort ends after each step and begins anew.
func TestCutShort(t *testing.T) {
	all := []Action{MakeData, WriteSecret, WriteConfig, Init}
	for n := range len(all) + 1 {
		r, g := aim(t)
		first := advance(t, r, g, n)
		second := advance(t, r, g, len(all))
		if diff := cmp.Diff(all, append(first, second...)); diff != "" {
			t.Errorf("cut after %d (-want +got):\n%s", n, diff)
		}
		if again := advance(t, r, g, len(all)); again != nil {
			t.Errorf("cut after %d: a third time does %v", n, again)
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(g.File), ".twin-*"))
		if err != nil || files != nil {
			t.Errorf("left behind: %v, %v", files, err)
		}
	}
}

// TestStepsTwice does every step again although it is done: nothing changes.
func TestStepsTwice(t *testing.T) {
	r, g := aim(t)
	seen, err := r.See(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, do := range []Action{MakeData, WriteSecret, WriteConfig, Init} {
			err := r.Do(t.Context(), Step{Do: do}, g, seen)
			if do == WriteConfig && errors.Is(err, fs.ErrExist) {
				continue // it is never written over
			}
			if err != nil {
				t.Fatalf("%s: %v", do, err)
			}
		}
	}
	if got := advance(t, r, g, 9); got != nil {
		t.Errorf("still to do: %v", got)
	}
}

// TestNeverWrittenOver: who was quicker keeps what is there.
func TestNeverWrittenOver(t *testing.T) {
	r, g := aim(t)
	seen, err := r.See(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(g.File), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.File, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Do(t.Context(), Step{Do: WriteConfig}, g, seen); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error is %v", err)
	}
	if text, err := os.ReadFile(g.File); err != nil || string(text) != "theirs" {
		t.Errorf("it says %q, %v", text, err)
	}
}

// TestOwners: root gives each file to whom it is for, and comes back to itself.
func TestOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	r, g := aim(t)
	if err := makeDir(g.Data, 0o700, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	advance(t, r, g, 9)
	if uid, gid := os.Geteuid(), os.Getegid(); uid != 0 || gid != 0 {
		t.Fatalf("left as %d:%d", uid, gid)
	}
	for path, want := range map[string]struct {
		uid, gid uint32
		mode     fs.FileMode
	}{
		g.File:                              {0, nobody, 0o640},
		filepath.Dir(g.File):                {0, nobody, 0o750},
		g.SecretFile:                        {nobody, nobody, 0o600},
		g.Data:                              {nobody, nobody, 0o700},
		filepath.Join(g.Data, node.File):    {nobody, nobody, 0o600},
		filepath.Join(g.Data, "history.db"): {nobody, nobody, 0o600},
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		if stat.Uid != want.uid || stat.Gid != want.gid || info.Mode().Perm() != want.mode {
			t.Errorf("%s is %d:%d %o, want %v", path, stat.Uid, stat.Gid, info.Mode().Perm(), want)
		}
	}
}

// TestWritable holds that whoever may not make a file is told before anything is
// asked or dialled, with the line that may.
func TestWritable(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	_, g := aim(t)
	theirs := filepath.Join(filepath.Dir(filepath.Dir(g.File)), "theirs")
	if err := makeDir(theirs, 0o700, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	var ours, own error
	err := app.As(nobody, nobody, func() error {
		ours, own = Writable(g.File), Writable(filepath.Join(theirs, "lib", "data"))
		return Ready(t.Context(), g, []Step{{Do: MakeData, State: Already}, {Do: WriteConfig, State: Todo}})
	})
	if own != nil {
		t.Errorf("their own: %v", own)
	}
	for _, err := range []error{ours, err} {
		if !errors.Is(err, fs.ErrPermission) || cli.Verdict(err) != cli.Usage || !strings.HasPrefix(cli.Hint(err), "sudo ") {
			t.Errorf("ours: %v, try %q", err, cli.Hint(err))
		}
	}
	if err := Ready(t.Context(), g, []Step{{Do: MakeData, State: Todo}, {Do: WriteSecret, State: Todo}, {Do: WriteConfig, State: Todo}}); err != nil {
		t.Errorf("root: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(g.File)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking made something: %v", err)
	}
}

// TestService asks a program in the place of systemctl.
func TestService(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	r, g := aim(t)
	if err := os.MkdirAll(r.Systemd, 0o755); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("STATE", filepath.Join(bin, "state"))
	script := `#!/bin/sh
case $1 in
show) echo LoadState=loaded
  echo "ExecStart={ path=/usr/local/bin/twind ; argv[]=/usr/local/bin/twind --config ` + g.File + ` ; ignore_errors=no }"
  if [ -e "$STATE" ]; then echo ActiveState=active; echo UnitFileState=enabled; else echo ActiveState=inactive; echo UnitFileState=disabled; fi ;;
enable) [ "$*" = "enable --now twind" ] && [ -e ` + filepath.Join(g.Data, node.File) + ` ] && : >"$STATE" ;;
esac
`
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := advance(t, r, g, 9); len(got) == 0 || got[len(got)-1] != Start {
		t.Errorf("did %v, want start at the end", got)
	}
	if got := advance(t, r, g, 9); got != nil {
		t.Errorf("a second time did %v", got)
	}
	other := Rim{File: g.File + "x", Systemd: r.Systemd}
	if other.service(t.Context()).There {
		t.Error("a unit of another configuration is taken for ours")
	}
}

func TestCheckSecret(t *testing.T) {
	for secret, ok := range map[string]bool{"x": true, "pä ss": true, "": false, "a\nb": false, "a\x00": false, strings.Repeat("x", maxSecret): false} {
		if err := CheckSecret(secret); (err == nil) != ok {
			t.Errorf("%q: %v", secret, err)
		}
	}
}
