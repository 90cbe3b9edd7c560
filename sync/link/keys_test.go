package link_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/sync/link"
)

func TestIdentityIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "id")
	if _, err := link.ReadPublicKey(path); !errors.Is(err, link.ErrIdentity) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key that is not there: %v", err)
	}
	lines := make([]string, 8)
	var all sync.WaitGroup
	for i := range lines {
		all.Go(func() {
			var err error
			if lines[i], err = link.EnsureIdentity(path); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, line := range lines {
		if line != lines[0] || !strings.HasPrefix(line, "ssh-ed25519 ") {
			t.Errorf("two keys in one file: %q and %q", lines[0], line)
		}
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o", info.Mode().Perm())
	}
	left, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if f := link.Fingerprint(lines[0]); !strings.HasPrefix(f, "SHA256:") {
		t.Errorf("fingerprint %q", f)
	}
}

func TestIdentityIsRefused(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	_, err := link.EnsureIdentity(good)
	must(t, err)
	data, err := os.ReadFile(good)
	must(t, err)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	must(t, err)
	for name, c := range map[string]struct {
		mode fs.FileMode
		data []byte
		want string
	}{
		"group":      {0o640, data, "chmod 600"},
		"others":     {0o604, data, "chmod 600"},
		"passphrase": {0o600, pem.EncodeToMemory(locked), "passphrase"},
		"garbage":    {0o600, []byte("no key\n"), "no private key"},
		"empty":      {0o600, nil, "no private key"},
	} {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, c.data, 0o600))
		must(t, os.Chmod(path, c.mode))
		for what, read := range map[string]func(string) (string, error){"ensure": link.EnsureIdentity, "read": link.ReadPublicKey} {
			if _, err := read(path); !errors.Is(err, link.ErrIdentity) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(c.data) {
			t.Errorf("%s was written to", name)
		}
	}
}

func TestPublicKeyLines(t *testing.T) {
	line, err := link.EnsureIdentity(filepath.Join(t.TempDir(), "id"))
	must(t, err)
	if got, err := link.CheckKey(line + " somebody@somewhere\n"); err != nil || got != line {
		t.Errorf("with a comment: %q, %v", got, err)
	}
	const dsa = "ssh-dss AAAAB3NzaC1kc3MAAACBAO"
	for _, bad := range []string{"", "x", "ssh-ed25519", `command="x" ` + line, line + "\n" + line, "# " + line, dsa} {
		if got, err := link.CheckKey(bad); err == nil {
			t.Errorf("%q is taken as %q", bad, got)
		}
		if f := link.Fingerprint(bad); f != "" {
			t.Errorf("%q has the fingerprint %s", bad, f)
		}
	}
}
