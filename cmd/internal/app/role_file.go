package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// roleFileMode lets everybody read it who can reach its directory.
const roleFileMode = 0o644

// maxRoleLine is longer than any line that such a file has.
const maxRoleLine = 64

// writeRoleFile has a file say a line, whole or as before. It refuses to take
// the place of a file that says anything else than a role.
func writeRoleFile(path, line string) (err error) {
	if err := isRoleFile(path); err != nil {
		return err
	}
	beside := path + ".new"
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, roleFileMode)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	err = errors.Join(err, f.Chmod(roleFileMode), f.Sync(), f.Close()) // whatever the umask
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	return store.FlushDir(filepath.Dir(path))
}

// isRoleFile tells whether the file says a role, or is not there.
func isRoleFile(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	refused := fmt.Errorf("%s is there and does not say a role: role.file wants a file of its own", path)
	if !info.Mode().IsRegular() {
		return refused
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it is only read
	text, err := io.ReadAll(io.LimitReader(f, maxRoleLine))
	if err != nil {
		return err
	}
	word, _, _ := bytes.Cut(text, []byte(" "))
	switch string(word) {
	case string(node.Primary), string(node.Secondary), heldWord:
		return nil
	}
	return refused
}

// removeRoleFile removes one that nobody will write any more.
func removeRoleFile(path string) error {
	if err := isRoleFile(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
