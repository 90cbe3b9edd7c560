package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFollowRole puts a program in place of systemctl that writes down what it
// is told, and, while it starts something, has the role change.
func TestFollowRole(t *testing.T) {
	dir := t.TempDir()
	role, told := filepath.Join(dir, "role"), filepath.Join(dir, "told")
	write(t, filepath.Join(dir, "systemctl"), `#!/bin/sh
echo "$@" >>`+told+`
[ ! -e `+role+`.next ] || mv `+role+`.next `+role+"\n")
	if err := os.Chmod(filepath.Join(dir, "systemctl"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, c := range []struct{ name, role, next, told string }{
		{"primary", "primary 5\n", "", "start x.target\n"},
		{"secondary", "secondary 4\n", "", "stop x.target\n"},
		{"held", "held 5\n", "", "stop x.target\n"},
		{"no file", "", "", "stop x.target\n"},
		{"another thing", "primary5\n", "", "stop x.target\n"},
		{"no end of line", "primary 5", "", "start x.target\n"},
		{"it changes meanwhile", "primary 5\n", "secondary 5\n", "start x.target\nstop x.target\n"},
	} {
		for path, text := range map[string]string{role: c.role, role + ".next": c.next} {
			if text != "" {
				write(t, path, text)
			} else if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.RemoveAll(told); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "sh", filepath.Join(source, "systemd/follow-role.sh"), role, "x.target").CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", c.name, err, out)
		}
		if got := read(t, told); got != c.told {
			t.Errorf("%s: systemctl was told %q, want %q", c.name, got, c.told)
		}
	}
}
