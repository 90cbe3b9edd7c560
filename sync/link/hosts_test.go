package link_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/sync/link"
)

func TestPins(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "known_hosts")
	a, err := link.EnsureHostKey(filepath.Join(dir, "a"))
	must(t, err)
	b, err := link.EnsureHostKey(filepath.Join(dir, "b"))
	must(t, err)

	must(t, link.Unpin(file, "twin@one.example"))
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file was made for nothing")
	}
	must(t, link.PinHost(file, "twin@one.example", a))
	must(t, link.PinHost(file, "two.example:2222", a))
	must(t, link.PinHost(file, "twin@[2001:db8::1]:22", a))
	must(t, link.PinHost(file, "twin@one.example:22", b+" a comment"))
	wantLines(t, file, "[two.example]:2222 "+a, "2001:db8::1 "+a, "one.example "+b)

	must(t, os.WriteFile(file, []byte("@revoked * "+a+"\n# mine\none.example "+b+"\n"), 0o600))
	if err := link.PinHost(file, "one.example", a); !errors.Is(err, link.ErrHostKey) {
		t.Errorf("a revoked key was pinned: %v", err)
	}
	must(t, link.Unpin(file, "one.example"))
	wantLines(t, file, "@revoked * "+a, "# mine")

	for _, bad := range []string{"", "two words", "a,b", "*", "!x", "|1|x", "@revoked", "x\ny", "x:y", "x:0", "x:70000"} {
		if err := link.PinHost(file, bad, b); err == nil {
			t.Errorf("address %q was pinned", bad)
		}
	}
	if err := link.PinHost(file, "one.example", "x\n* "+b); err == nil {
		t.Error("a key with a second line was pinned")
	}
}

// wantLines compares a file without what begins it, and its mode.
func wantLines(t *testing.T, file string, want ...string) {
	t.Helper()
	data, err := os.ReadFile(file)
	must(t, err)
	got := strings.TrimSpace(string(data))
	if head, rest, found := strings.Cut(got, "\n"); found && strings.HasPrefix(head, "# The twin's") {
		got = rest
	}
	if got != strings.Join(want, "\n") {
		t.Errorf("%s holds\n%s\nwant\n%s", file, got, strings.Join(want, "\n"))
	}
	info, err := os.Stat(file)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o", info.Mode().Perm())
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"twin@host":           "twin@host:22",
		"twin@host:2222":      "twin@host:2222",
		"twin@10.0.0.1:22":    "twin@10.0.0.1:22",
		"twin@[::1]":          "twin@[::1]:22",
		"twin@[fe80::1]:2222": "twin@[fe80::1]:2222",
	} {
		if got, err := link.ParseAddress(in); err != nil || got.String() != want {
			t.Errorf("%q is %v, %v", in, got, err)
		}
	}
	for _, bad := range []string{
		"", "host", "@host", "twin@", "twin@:22", "twin@host:", "twin@host:x", "twin@a:b:c", "twin@[::1",
		"twin@ho st", "twin@host\n", "tw\x1bin@host", "twin@host:022222",
	} {
		if got, err := link.ParseAddress(bad); err == nil {
			t.Errorf("%q is taken as %v", bad, got)
		}
	}
}
