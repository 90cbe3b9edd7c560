//go:build real

package faults

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/sync/link"
)

// A drop is a directory that OpenSSH's server shows by SFTP, to a key that may
// do nothing else. Its script is what its files hold.
type drop struct {
	script
	t   *testing.T
	dir string
	at  string // user and address of the server
}

func newDrop(t *testing.T) *drop {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "twin-faults-") //nolint:usetesting // sshd believes no keys where others may write
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range []string{"in", "archive", "error"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	address := startSshd(t, dir)
	key, err := link.EnsureIdentity(filepath.Join(dir, "id"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys"), []byte(`restrict,command="internal-sftp" `+key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	d := &drop{t: t, dir: dir, at: me.Username + "@" + address}
	if err := link.PinHost(filepath.Join(dir, "known_hosts"), d.at, strings.TrimSpace(string(host))); err != nil {
		t.Fatal(err)
	}
	return d
}

// section returns the [[feed]] that fetches its files.
func (d *drop) section(name string) string {
	return fmt.Sprintf(`[[feed]]
name = %q
kind = "files"
format = "text"
%sdir = "sftp://%s%[4]s/in"
key_file = "%[4]s/id"
known_hosts_file = "%[4]s/known_hosts"
poll = "1s"
age = "0s"
late = "1m"
after = "archive"
archive = "%[4]s/archive"
error = "%[4]s/error"
`, name, timeSpec, d.at, d.dir)
}

// put puts a file of so many lines there, which is seen as a whole or not at all.
func (d *drop) put(name string, lines int) {
	d.t.Helper()
	path := filepath.Join(d.dir, "in", name)
	if err := os.WriteFile(path+".part", []byte(d.next(lines)), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		d.t.Fatal(err)
	}
}

// TestRealFilesBySFTP kills a server three times in the middle of a large file
// that it fetches from an OpenSSH server: each line is stored once, nothing that
// was stored is read again, and nothing is called missing.
func TestRealFilesBySFTP(t *testing.T) {
	t.Parallel()
	d := newDrop(t)
	s := newServer(t, d.section("drop"))
	d.put("first", 10)
	s.start()
	eventually(t, "the first file is stored", func() bool { return s.feed("drop").Records == 10 })
	d.put("large", 100_000)
	held := int64(10)
	for range 3 {
		eventually(t, "it reads on", func() bool {
			now := s.feed("drop").Records
			defer func() { held = now }()
			return now > held
		})
		s.kill()
		s.start()
	}
	if held == int64(len(d.lines())) {
		t.Error("the file was read to its end before the last kill")
	}
	d.put("last", 10)
	eventually(t, "all is archived", func() bool {
		names, err := filepath.Glob(filepath.Join(d.dir, "archive", "*"))
		return err == nil && len(names) == 3
	})
	s.noneTwice("drop", d.lines(), numberOf)
	if lacks := s.account("drop", d.lines(), numberOf); len(lacks) > 0 {
		t.Errorf("it lacks %d lines", len(lacks))
	}
	if f := s.feed("drop"); f.Duplicates != 0 || f.Rejected != 0 {
		t.Errorf("%d duplicates and %d rejected, want none", f.Duplicates, f.Rejected)
	}
	if gaps := s.gaps("drop"); len(gaps) > 0 {
		t.Errorf("gaps: %+v", gaps)
	}
	s.stop()
}
