// Package secret reads the files that hold one: secrets never stand in the
// configuration, nor in a database.
package secret

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const longest = 4096

// Read returns what the file holds, without the line end. A file that others
// may read is refused, so that nobody gets used to it; so is one that holds
// what breaks lines, for it would be sent as more than a secret.
func Read(name string) (string, error) {
	if name == "" {
		return "", errors.New("missing: want the name of a file that holds the secret")
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
	b, err := io.ReadAll(io.LimitReader(f, longest+1))
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(b), "\r\n")
	breaks := strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
	if text == "" || len(b) > longest || breaks {
		return "", fmt.Errorf("%s: want one line with the secret", name)
	}
	return text, nil
}
