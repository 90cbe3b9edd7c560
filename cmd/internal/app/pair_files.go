package app

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

// do does a step that changes a file.
func (n Notary) do(self node.Self, s pairing.Step) error {
	switch s.Action {
	case pairing.Pin:
		return link.PinHost(n.Config.Twin.KnownHosts, s.Address, s.Key)
	case pairing.Unpin:
		return link.Unpin(n.Config.Twin.KnownHosts, s.Address)
	case pairing.Authorize:
		return n.authorize(self, s.Key)
	case pairing.Revoke:
		return n.revoke(self)
	case pairing.Write, pairing.Forget: // the row's, in node.db
	}
	return fmt.Errorf("step %q: does not change a file", s.Action)
}

// authorize lets a key in, for the link alone, in the place of any that was let
// in before. The block is named after this server: there may be others here.
func (n Notary) authorize(self node.Self, key string) error {
	file, line, err := n.nowhereElse(self, key)
	if err != nil {
		return err
	}
	return link.AuthorizeKey(file, self.Server, line)
}

// nowhereElse returns the line for a key and the file that it belongs into. It
// refuses a key that somebody else's line lets in already: it would open more
// than the link.
func (n Notary) nowhereElse(self node.Self, key string) (file, line string, err error) {
	if file, err = n.authorizedKeys(); err != nil {
		return "", "", err
	}
	program, err := os.Executable()
	if err != nil {
		return "", "", fmt.Errorf("forced command: %w", err)
	}
	command, err := pairing.Command(program, n.Config.File)
	if err != nil {
		return "", "", err
	}
	if line, err = link.AuthorizedLine(key, command); err != nil {
		return "", "", err
	}
	at, err := link.KeyElsewhere(file, self.Server, line)
	if err == nil && at > 0 {
		err = cli.Fail(cli.Refused,
			fmt.Errorf("line %d of %s on %s lets in that key already, and not for the link alone", at, file, n.Config.Name),
			"take that line out; or move the other server's key (id_ed25519) away, and accept the line that it shows then")
	}
	return file, line, err
}

func (n Notary) revoke(self node.Self) error {
	file, err := n.authorizedKeys()
	if unknown := user.UnknownUserIdError(0); errors.As(err, &unknown) {
		return nil // without a home, nothing was let in there
	}
	if err != nil {
		return err
	}
	return link.Revoke(file, self.Server)
}

// authorizedKeys is the file in which sshd looks for the owner of the data.
func (n Notary) authorizedKeys() (string, error) {
	if file := n.Config.SSH.AuthorizedKeys; file != "" {
		return file, nil
	}
	owner, err := user.LookupId(strconv.Itoa(os.Geteuid()))
	if err != nil {
		return "", fmt.Errorf("home of the data's owner: %w", err)
	}
	return filepath.Join(owner.HomeDir, ".ssh", "authorized_keys"), nil
}

// Loose returns the paths for which sshd, in its usual StrictModes, does not
// believe the file of keys that the twin's stands in: somebody else can write to
// them. There are none where our own SSH server lets the twin in.
func (n Notary) Loose() ([]string, error) {
	if n.embedded() {
		return nil, nil
	}
	file, err := n.authorizedKeys()
	if err != nil {
		return nil, err
	}
	home := "/"
	if owner, err := user.LookupId(strconv.Itoa(os.Geteuid())); err == nil {
		home = owner.HomeDir
	}
	return loose(file, home, os.Geteuid())
}

// loose looks at what sshd looks at: the file, and each directory above it up to
// the home, or to the root if it is not in there.
func loose(file, home string, uid int) (all []string, err error) {
	if file, err = filepath.EvalSymlinks(file); err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(home); err == nil {
		home = real
	}
	for path := file; ; path = filepath.Dir(path) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if info.Mode().Perm()&0o022 != 0 || ok && stat.Uid != 0 && int(stat.Uid) != uid {
			all = append(all, path)
		}
		if path == home || path == "/" {
			return all, nil
		}
	}
}
