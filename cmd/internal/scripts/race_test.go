package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRace puts a program in place of go that says what a run of the tests said,
// and what it is asked for afterwards.
func TestRace(t *testing.T) {
	const (
		crash  = "-test.shuffle 7\nThreadSanitizer: CHECK failed: tsan_rtl.cpp:346\nFAIL\texample/engine\t23.6s\n"
		fails  = "--- FAIL: TestA (0.00s)\n    a_test.go:7: no\nFAIL\nFAIL\texample/a\t0.1s\n"
		passes = "ok  \texample/b\t0.1s\n"
	)
	for _, c := range []struct {
		name, said       string
		first, then, end int // statuses: of both runs, and of the script
		again            string
	}{
		{"all is well", passes, 0, 0, 0, ""},
		{"the detector fails", passes + crash + passes + "FAIL\n", 1, 0, 0, "test -vet=off -race -shuffle=on -timeout 20m example/engine\n"},
		{"and the test then too", crash + passes + "FAIL\n", 1, 1, 1, "test -vet=off -race -shuffle=on -timeout 20m example/engine\n"},
		{"two packages", crash + passes + crash + "FAIL\n", 1, 0, 0, "test -vet=off -race -shuffle=on -timeout 20m example/engine example/engine\n"},
		{"a test fails", fails + passes + "FAIL\n", 1, 0, 1, ""},
		{"a test fails in another package", crash + fails + "FAIL\n", 1, 0, 1, ""},
		{"a test fails beside it", "--- FAIL: TestA (0.00s)\n" + crash + "FAIL\n", 1, 0, 1, ""},
		{"a race is found beside it", "WARNING: DATA RACE\n" + crash + "FAIL\n", 1, 0, 1, ""},
		{"it does not build", "FAIL\texample/a [build failed]\nFAIL\n", 1, 0, 1, ""},
		{"it does not build beside it", crash + "FAIL\texample/a [build failed]\nFAIL\n", 1, 0, 1, ""},
		{"nobody says why", "", 2, 0, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			program, asked := filepath.Join(dir, "go"), filepath.Join(dir, "asked")
			write(t, filepath.Join(dir, "said"), c.said)
			write(t, asked, "")
			write(t, program, `#!/bin/sh
cd `+dir+`
case "$*" in
*./...) cat said; exit $FIRST ;;
esac
echo "$@" >>asked
exit $THEN
`)
			if err := os.Chmod(program, 0o700); err != nil {
				t.Fatal(err)
			}
			run := exec.CommandContext(t.Context(), "sh", filepath.Join(source, "race.sh"))
			run.Env = append(os.Environ(), "GO="+program, "FIRST="+string(rune('0'+c.first)), "THEN="+string(rune('0'+c.then)))
			out, _ := run.CombinedOutput() // its status tells
			if got := run.ProcessState.ExitCode(); got != c.end {
				t.Errorf("status %d, want %d: %s", got, c.end, out)
			}
			if got := read(t, asked); got != c.again {
				t.Errorf("asked for %q, want %q", got, c.again)
			}
		})
	}
}
