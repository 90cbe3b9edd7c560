package link_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/sync/link"
)

func TestAuthorizedLine(t *testing.T) {
	key, err := link.EnsureIdentity(filepath.Join(t.TempDir(), "id"))
	must(t, err)
	line, err := link.AuthorizedLine(key+" comment", `twinctl --config "/etc/my twin.toml" peer`)
	must(t, err)
	if want := `restrict,command="twinctl --config \"/etc/my twin.toml\" peer" ` + key; line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
	for _, bad := range []string{"", " ", "a\nb", "a\x00", "a\\"} {
		if line, err := link.AuthorizedLine(key, bad); err == nil {
			t.Errorf("command %q gives %q", bad, line)
		}
	}
	if line, err := link.AuthorizedLine("no key", "twinctl"); err == nil {
		t.Errorf("no key gives %q", line)
	}
}

func TestAuthorizeKeyLeavesTheRestAlone(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		file := filepath.Join(dir, "ssh", "authorized_keys")
		line := rapid.SampledFrom([]string{"", "# a comment", "ssh-ed25519 AAAA mine\r", "\tx", "# twin pair other: end"})
		before := rapid.SliceOf(line).Draw(t, "before")
		check(t, os.RemoveAll(filepath.Dir(file)))
		check(t, os.MkdirAll(filepath.Dir(file), 0o700))
		text := strings.Join(before, "\n")
		if text != "" {
			text += "\n"
			check(t, os.WriteFile(file, []byte(text), 0o640))
		}
		for _, key := range []string{"restrict one", "restrict two", "restrict two"} {
			check(t, link.AuthorizeKey(file, "p1", key))
			check(t, link.AuthorizeKey(file, "p2", "restrict other"))
			got := content(t, file)
			if !strings.HasPrefix(got, text) || strings.Count(got, "\nrestrict ") != 2 || !strings.Contains(got, "\n"+key+"\n") {
				t.Fatalf("after %q:\n%s", key, got)
			}
			info, err := os.Stat(file)
			check(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Fatalf("mode %04o", info.Mode().Perm())
			}
		}
		check(t, link.Revoke(file, "p2"))
		check(t, link.Revoke(file, "p1"))
		check(t, link.Revoke(file, "p1"))
		if got := content(t, file); got != text {
			t.Fatalf("after all is revoked: %q, before %q", got, text)
		}
	})
}

func TestAuthorizeKeyRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "authorized_keys")
	must(t, link.AuthorizeKey(file, "p1", "restrict x"))
	whole := content(t, file)
	half := strings.TrimSuffix(whole, "# twin pair p1: end\n") + "ssh-ed25519 AAAA mine\n"
	must(t, os.WriteFile(file, []byte(half), 0o600))
	if err := link.Revoke(file, "p1"); err == nil || !strings.Contains(err.Error(), "no end") {
		t.Errorf("half a block: %v", err)
	}
	if content(t, file) != half {
		t.Error("half a block was written to")
	}
	for _, bad := range [][2]string{{"a\nb", "x"}, {"", "x"}, {"p", "x\ny"}, {"p", "x\r"}} {
		if err := link.AuthorizeKey(file, bad[0], bad[1]); err == nil {
			t.Errorf("marker %q and line %q are taken", bad[0], bad[1])
		}
	}
}

// A block that somebody copied is taken out like the first one.
func TestRevokeTakesEveryBlock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "authorized_keys")
	must(t, link.AuthorizeKey(file, "p1", "restrict old"))
	block := content(t, file)
	must(t, os.WriteFile(file, []byte("# a\n"+block+"# b\n"+block+"# c\n"), 0o600))
	must(t, link.AuthorizeKey(file, "p1", "restrict new"))
	if got := content(t, file); strings.Contains(got, "old") || strings.Count(got, "restrict new") != 1 {
		t.Errorf("after a rekey:\n%s", got)
	}
	must(t, link.Revoke(file, "p1"))
	if got := content(t, file); got != "# a\n# b\n# c\n" {
		t.Errorf("after it is revoked:\n%s", got)
	}
}

func TestASymbolicLinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	real, name := filepath.Join(dir, "real"), filepath.Join(dir, "name")
	must(t, os.WriteFile(real, nil, 0o600))
	must(t, os.Symlink(real, name))
	must(t, link.AuthorizeKey(name, "p", "restrict x"))
	if to, err := os.Readlink(name); err != nil || to != real || !strings.Contains(content(t, real), "restrict x") {
		t.Errorf("%s leads to %q, %v", name, to, err)
	}
}

func content(t interface{ Fatal(...any) }, file string) string {
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

func check(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// A key that another line lets in is found, whatever stands around it there.
func TestKeyElsewhere(t *testing.T) {
	dir := t.TempDir()
	key, err := link.EnsureIdentity(filepath.Join(dir, "id"))
	must(t, err)
	file := filepath.Join(dir, "authorized_keys")
	for name, c := range map[string]struct {
		before string
		want   int
	}{
		"no file":            {"", 0},
		"other keys":         {"ssh-ed25519 AAAA ann@desk\n", 0},
		"a comment":          {"\t# " + key + "\n", 0},
		"bare":               {"ssh-ed25519 AAAA ann@desk\n" + key + " ann\n", 2},
		"with options":       {"command=\"a b\",no-pty \t" + key + "\n", 1},
		"with an old end":    {"# twin pair p1: end\n  " + key + "\r\n", 2},
		"in another's block": {"# twin pair p2: begin, written by twinctl pair\n" + key + "\n# twin pair p2: end\n", 2},
	} {
		must(t, os.RemoveAll(file))
		if c.before != "" {
			must(t, os.WriteFile(file, []byte(c.before), 0o600))
		}
		line, err := link.AuthorizedLine(key, "twinctl peer")
		must(t, err)
		must(t, link.AuthorizeKey(file, "p1", line))
		if got, err := link.KeyElsewhere(file, "p1", line); err != nil || got != c.want {
			t.Errorf("%s: line %d, %v; want %d", name, got, err, c.want)
		}
	}
}

// A server that was set up anew under its old name has another marker: what its
// old block let in would otherwise be let in for ever.
func TestAuthorizeKeyTakesTheBlocksOfWhoWasHereBefore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "authorized_keys")
	must(t, link.AuthorizeKey(file, "old", `restrict,command="twinctl --config a peer" ssh-ed25519 OLD`))
	must(t, link.AuthorizeKey(file, "another", `restrict,command="twinctl --config b peer" ssh-ed25519 ANOTHER`))
	line := `restrict,command="twinctl --config a peer" ssh-ed25519 NEW`
	must(t, link.AuthorizeKey(file, "new", line))
	text := content(t, file)
	if strings.Contains(text, "OLD") || !strings.Contains(text, "ANOTHER") || !strings.Contains(text, line) {
		t.Error(text)
	}
}
