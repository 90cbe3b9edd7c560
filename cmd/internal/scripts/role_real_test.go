//go:build real

package scripts

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealRoleUnits lets systemd read the units that follow the role.
func TestRealRoleUnits(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "follow-role.sh")
	var units []string
	for _, name := range []string{"twin-role.path", "twin-role.service", "twin-primary.target"} {
		units = append(units, filepath.Join(dir, name))
		write(t, units[len(units)-1], strings.ReplaceAll(read(t, filepath.Join(source, "systemd", name)), "/usr/local/lib/twin/follow-role.sh", script))
	}
	write(t, script, read(t, filepath.Join(source, "systemd/follow-role.sh")))
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	if out := analyze(t, append([]string{"verify", "--man=no"}, units...)...); out != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
}

// TestRealKeepalived lets keepalived read its configuration, on an interface
// that this machine has; and one with a word that it does not know, to see that
// it would say so.
func TestRealKeepalived(t *testing.T) {
	dir, err := os.MkdirTemp("/run", "twin-keepalived-") //nolint:usetesting // it believes no script where others may write
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	script := filepath.Join(dir, "check-primary.sh")
	write(t, script, read(t, filepath.Join(source, "keepalived/check-primary.sh")))
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer(
		"interface eth0", "interface "+anInterface(t),
		"/usr/local/lib/twin/check-primary.sh", script,
		"script_user keepalived_script", "script_user root", // any other ends the check of 2.2.7 with a signal
	).Replace(read(t, filepath.Join(source, "keepalived/keepalived.conf")))
	check := func(config string) (string, error) {
		file := filepath.Join(dir, "keepalived.conf")
		write(t, file, config)
		out, err := exec.CommandContext(t.Context(), "keepalived", "--config-test", "--use-file", file).CombinedOutput()
		return string(out), err
	}
	if out, err := check(config); err != nil || out != "" {
		t.Errorf("keepalived --config-test: %v: %s", err, out)
	}
	if out, err := check(strings.Replace(config, "\tpriority", "\tpriorty", 1)); err == nil {
		t.Errorf("keepalived takes what it does not know: %s", out)
	}
}

func anInterface(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback == 0 {
			return i.Name
		}
	}
	t.Fatal("this machine has no network interface but the loopback")
	return ""
}

// TestRealCheckPrimary asks as keepalived does.
func TestRealCheckPrimary(t *testing.T) {
	status := http.StatusOK
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintln(w, "this is not for the log")
	}))
	check := func() bool {
		out, err := exec.CommandContext(t.Context(), filepath.Join(source, "keepalived/check-primary.sh"), pages.URL+"/primary").CombinedOutput()
		if len(out) > 0 {
			t.Errorf("it says %s", out)
		}
		return err == nil
	}
	if !check() {
		t.Error("a primary is none")
	}
	if status = http.StatusServiceUnavailable; check() {
		t.Error("one that says no is primary")
	}
	if pages.Close(); check() {
		t.Error("one that is gone is primary")
	}
}
