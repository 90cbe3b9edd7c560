package ami

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const maxSecret = 4096

// readSecret returns what the file holds, without the line end. A file that
// others may read is refused, so that nobody gets used to it.
func readSecret(name string) (string, error) {
	if name == "" {
		return "", errors.New("missing: want the name of a file that holds the secret of manager.conf")
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() { // opening a pipe would block
		return "", fmt.Errorf("%s: not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o177 != 0 {
		return "", fmt.Errorf("%s: mode %04o lets others in: chmod 600 %s", name, info.Mode().Perm(), name)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(b), "\r\n")
	if secret == "" || len(b) > maxSecret || !oneLine(secret) {
		return "", fmt.Errorf("%s: want one line with the secret", name)
	}
	return secret, nil
}
