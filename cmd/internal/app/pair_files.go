package app

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

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
	file, err := n.authorizedKeys()
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("forced command: %w", err)
	}
	command, err := pairing.Command(program, n.Config.File)
	if err != nil {
		return err
	}
	line, err := link.AuthorizedLine(key, command)
	if err != nil {
		return err
	}
	return link.AuthorizeKey(file, self.Server, line)
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
