package link

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/inert"
)

// AuthorizedLine returns a line for sshd's authorized_keys: the key may run
// this command and do nothing else, whatever it asks for. The command goes
// through the account's shell, so its words must need no quoting.
func AuthorizedLine(publicKey, command string) (string, error) {
	key, err := CheckKey(publicKey)
	if err != nil {
		return "", err
	}
	if inert.Text(command) != command || strings.TrimSpace(command) == "" || strings.HasSuffix(command, `\`) {
		return "", fmt.Errorf("forced command %q: want one line of printable characters", shorten(command))
	}
	quoted := strings.ReplaceAll(command, `"`, `\"`)
	return `restrict,command="` + quoted + `" ` + key, nil
}

// AuthorizeKey writes a line into an authorized_keys file, into a block of its
// own that the marker names: a pair's. What that block held before is gone,
// everything else in the file stays as it is. The file is replaced as a whole,
// 0600, and made if it is missing, with its folder, 0700.
func AuthorizeKey(file, marker, line string) error {
	if strings.ContainsAny(line, "\r\n") {
		return fmt.Errorf("authorize key: more than one line")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("authorize key: %w", err)
	}
	return changeBlock(file, marker, []string{line})
}

// Revoke takes the block of a marker out of an authorized_keys file. It is
// nothing to it if there is none.
func Revoke(file, marker string) error { return changeBlock(file, marker, nil) }

func changeBlock(file, marker string, block []string) error {
	if err := inert.Name(marker); err != nil {
		return fmt.Errorf("marker in %s: %w", file, err)
	}
	before, err := readLines(file)
	if err != nil {
		return fmt.Errorf("authorized keys: %w", err)
	}
	after, err := withBlock(before, marker, block)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if slices.Equal(before, after) {
		return nil
	}
	return replaceFile(file, joinLines(after))
}

// withBlock returns the lines with the block of a marker in place of the first
// that was there, or at the end, and without any other of that marker: a copy of
// an old one would still let its key in; without any if block is empty. A block
// without an end is left for a person to look at: what is behind its beginning
// may be anybody's.
func withBlock(lines []string, marker string, block []string) ([]string, error) {
	begin, end := "# twin pair "+marker+": begin, written by twinctl pair", "# twin pair "+marker+": end"
	if len(block) > 0 {
		block = slices.Concat([]string{begin}, block, []string{end})
	}
	var all []string
	at := -1 // where the first one was
	for {
		from := slices.Index(lines, begin)
		if from < 0 {
			break
		}
		length := slices.Index(lines[from:], end)
		if length < 0 {
			return nil, fmt.Errorf("a block has no end: behind %q, %q is missing", begin, end)
		}
		all, lines = append(all, lines[:from]...), lines[from+length+1:]
		if at < 0 {
			at = len(all)
		}
	}
	all = append(all, lines...)
	if at < 0 {
		at = len(all)
	}
	return slices.Insert(all, at, block...), nil
}
