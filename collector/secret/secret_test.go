package secret

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for text, want := range map[string]string{"s3cret": "s3cret", "s3cret\n": "s3cret", " s 3 \r\n": " s 3 "} {
		if got, err := Read(secretFile(t, text)); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	open := secretFile(t, "s")
	if err := os.Chmod(open, 0o640); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"":                              "missing",
		filepath.Join(t.TempDir(), "x"): "no such file",
		t.TempDir():                     "not a regular file",
		open:                            "chmod 600 " + open,
		secretFile(t, "\n"):             "want one line",
		secretFile(t, "a\nb"):           "want one line",
		secretFile(t, strings.Repeat("x", longest+1)): "want one line",
	} {
		if got, err := Read(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want an error with %q", name, got, err, want)
		}
	}
}

// secretFile makes one that is nobody else's.
func secretFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
