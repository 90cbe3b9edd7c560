// Package scripts tests what lies in the folder scripts: the installer, what
// follows the role and, behind the build tag "real", the units and what else
// other programs read.
package scripts

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// source is the folder that is tested, seen from here.
const source = "../../../scripts"

// A tree is an unpacked distribution and a folder to install it below.
type tree struct {
	installer string
	programs  string
	dest      string
}

func newTree(t *testing.T) tree {
	t.Helper()
	top := t.TempDir()
	tr := tree{
		installer: filepath.Join(top, "scripts", "install.sh"),
		programs:  filepath.Join(top, "bin"),
		dest:      filepath.Join(top, "dest"),
	}
	for _, name := range []string{"install.sh", "twind.service"} {
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(top, "scripts", name), string(text))
	}
	write(t, filepath.Join(tr.programs, "twind"), "twind 1")
	write(t, filepath.Join(tr.programs, "twinctl"), "twinctl 1")
	return tr
}

// install runs the installer below tr.dest and returns what it said and how
// it ended.
func (tr tree) install(t *testing.T, args ...string) (output string, status int) {
	t.Helper()
	args = append([]string{tr.installer, "--destdir", tr.dest}, args...)
	cmd := exec.CommandContext(t.Context(), "sh", args...)
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

// installed lists what is below tr.dest: path, then mode.
func (tr tree) installed(t *testing.T) map[string]string {
	t.Helper()
	modes := map[string]string{}
	err := fs.WalkDir(os.DirFS(tr.dest), ".", func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == "." {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !d.IsDir() || strings.HasSuffix(p, "/twin") {
			modes[p] = info.Mode().String()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return modes
}

func TestInstall(t *testing.T) {
	tr := newTree(t)
	out, status := tr.install(t)
	if status != 0 || !strings.Contains(out, "next, on the server: make user and group twin") {
		t.Errorf("status %d, said %q", status, out)
	}
	want := map[string]string{
		"etc/systemd/system/twind.service": "-rw-r--r--",
		"etc/twin":                         "drwxr-x---",
		"usr/local/bin/twinctl":            "-rwxr-xr-x",
		"usr/local/bin/twind":              "-rwxr-xr-x",
		"var/lib/twin":                     "drwx------",
	}
	if diff := cmp.Diff(want, tr.installed(t)); diff != "" {
		t.Errorf("installed (-want +got):\n%s", diff)
	}
	if unit := read(t, filepath.Join(tr.dest, "etc/systemd/system/twind.service")); unit != read(t, filepath.Join(source, "twind.service")) {
		t.Error("the unit for the default prefix is not the unit of the sources")
	}
}

func TestInstallDryRunChangesNothing(t *testing.T) {
	tr := newTree(t)
	out, status := tr.install(t, "--dry-run")
	if status != 0 || !strings.Contains(out, "would install "+tr.dest+"/usr/local/bin/twind") {
		t.Errorf("status %d, said %q", status, out)
	}
	if got := tr.installed(t); len(got) != 0 {
		t.Errorf("a dry run left %v", got)
	}
}

func TestInstallUpgrade(t *testing.T) {
	tr := newTree(t)
	toml := filepath.Join(tr.dest, "etc/twin/twin.toml")
	if _, status := tr.install(t); status != 0 {
		t.Fatalf("first run: status %d", status)
	}
	write(t, toml, "name = \"cms-a\"\n")

	if out, status := tr.install(t); status != 0 || !strings.HasSuffix(out, "nothing to do\n") {
		t.Errorf("second run: status %d, said %q", status, out)
	}

	write(t, filepath.Join(tr.programs, "twind"), "twind 2")
	out, status := tr.install(t)
	if status != 0 || strings.Contains(out, "systemctl restart") {
		t.Errorf("upgrade: status %d, said %q", status, out)
	}
	if got := read(t, filepath.Join(tr.dest, "usr/local/bin/twind")); got != "twind 2" {
		t.Errorf("after the upgrade twind is %q", got)
	}
	if got := read(t, toml); got != "name = \"cms-a\"\n" {
		t.Errorf("after the upgrade twin.toml is %q", got)
	}
}

func TestInstallPrefix(t *testing.T) {
	tr := newTree(t)
	if out, status := tr.install(t, "--prefix", "/opt/twin/"); status != 0 {
		t.Fatalf("status %d, said %q", status, out)
	}
	unit := read(t, filepath.Join(tr.dest, "etc/systemd/system/twind.service"))
	if want := "\nExecStart=/opt/twin/bin/twind --config /etc/twin/twin.toml\n"; !strings.Contains(unit, want) {
		t.Errorf("the unit lacks %q", want)
	}
	if got := read(t, filepath.Join(tr.dest, "opt/twin/bin/twinctl")); got != "twinctl 1" {
		t.Errorf("twinctl is %q", got)
	}
}

func TestInstallRefuses(t *testing.T) {
	tests := []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"unknown argument", []string{"--force"}, 2, "unknown argument --force"},
		{"no folder", []string{"--prefix"}, 2, "--prefix wants a folder"},
		{"relative prefix", []string{"--prefix", "opt"}, 2, "want an absolute path"},
		{"prefix for a shell", []string{"--prefix", "/opt/$(id)"}, 2, "want letters, digits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTree(t)
			out, status := tr.install(t, tt.args...)
			if status != tt.status || !strings.Contains(out, tt.says) {
				t.Errorf("status %d, said %q; want %d and %q", status, out, tt.status, tt.says)
			}
			if got := tr.installed(t); len(got) != 0 {
				t.Errorf("refused, and left %v", got)
			}
		})
	}
}

func TestInstallWithoutPrograms(t *testing.T) {
	tr := newTree(t)
	if err := os.Remove(filepath.Join(tr.programs, "twinctl")); err != nil {
		t.Fatal(err)
	}
	out, status := tr.install(t)
	if status != 1 || !strings.Contains(out, "twinctl is missing: run make build first") {
		t.Errorf("status %d, said %q", status, out)
	}
	if got := tr.installed(t); len(got) != 0 {
		t.Errorf("refused, and left %v", got)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
