//go:build real

package scripts

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// maxExposure is what systemd may find at most, on its scale of 0 (nothing
// to reach) to 10.
const maxExposure = 2.0

func TestRealUnitExposure(t *testing.T) {
	out := analyze(t, "security", "--offline=true", "--no-pager", filepath.Join(source, "twind.service"))
	m := regexp.MustCompile(`Overall exposure level for twind\.service: ([0-9.]+)`).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no exposure level in:\n%s", out)
	}
	exposure, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	if exposure > maxExposure {
		t.Errorf("exposure %.1f, want at most %.1f:\n%s", exposure, maxExposure, out)
	}
}

// TestRealUnitVerify lets systemd read the unit as it was installed. The
// programs stand below a prefix of the test, since verify looks for them.
func TestRealUnitVerify(t *testing.T) {
	tr := newTree(t)
	prefix := filepath.Join(t.TempDir(), "prefix")
	if out, status := tr.install(t, "--prefix", prefix); status != 0 {
		t.Fatalf("install: status %d, said %q", status, out)
	}
	unit := filepath.Join(tr.dest, "etc/systemd/system/twind.service")
	staged := read(t, unit)
	write(t, unit, strings.ReplaceAll(staged, prefix, tr.dest+prefix))
	if out := analyze(t, "verify", "--man=no", unit); out != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
}

func analyze(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
