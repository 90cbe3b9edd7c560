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
// and so is any other marker's that lets somebody do the same: it is of a server
// that was in the place of this one. Everything else in the file stays as it is.
// The file is replaced as a whole, 0600, and made if it is missing, with its
// folder, 0700.
func AuthorizeKey(file, marker, line string) error {
	if strings.ContainsAny(line, "\r\n") {
		return fmt.Errorf("authorize key: more than one line")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("authorize key: %w", err)
	}
	return changeBlock(file, marker, []string{line})
}

// KeyElsewhere returns the number of the first line of an authorized_keys file
// that lets in the key of a line (see AuthorizedLine) otherwise than that line
// would, outside of the blocks of the marker; 0 if there is none. sshd takes the
// first line that has the key: what another one lets it do, ours would not forbid.
func KeyElsewhere(file, marker, line string) (int, error) {
	command, key := cutLine(line)
	_, blob, _ := strings.Cut(key, " ")
	lines, err := readLines(file)
	if err != nil {
		return 0, fmt.Errorf("authorized keys: %w", err)
	}
	ours := false
	for i, other := range lines {
		switch {
		case other == blockBegin(marker):
			ours = true
		case other == blockEnd(marker):
			ours = false
		case ours || other == command+key || strings.HasPrefix(strings.TrimSpace(other), "#"):
		case slices.Contains(strings.Fields(other), blob):
			return i + 1, nil
		}
	}
	return 0, nil
}

// cutLine cuts a line of AuthorizedLine into what the key may do, and the key.
func cutLine(line string) (command, key string) {
	kind := strings.LastIndexByte(line[:max(0, strings.LastIndexByte(line, ' '))], ' ')
	return line[:kind+1], line[kind+1:]
}

func blockBegin(marker string) string {
	return "# twin pair " + marker + ": begin, written by twinctl pair"
}

func blockEnd(marker string) string { return "# twin pair " + marker + ": end" }

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
	after, err := withBlock(withoutOld(before, marker, block), marker, block)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if slices.Equal(before, after) {
		return nil
	}
	return replaceFile(file, joinLines(after))
}

// withoutOld returns the lines without the blocks of other markers than this in
// which every line may do what the one line of block may.
func withoutOld(lines []string, marker string, block []string) []string {
	if len(block) == 0 {
		return lines
	}
	command, _ := cutLine(block[0])
	foreign := func(line string) bool {
		its, _ := cutLine(line)
		return command == "" || its != command
	}
	var all []string
	for len(lines) > 0 {
		if other := begins(lines[0]); other != "" && other != marker {
			end := slices.Index(lines, blockEnd(other))
			if end > 1 && !slices.ContainsFunc(lines[1:end], foreign) {
				lines = lines[end+1:]
				continue
			}
		}
		all, lines = append(all, lines[0]), lines[1:]
	}
	return all
}

// begins returns the marker of the block that a line begins, "" if it begins none.
func begins(line string) string {
	name, ok := strings.CutSuffix(strings.TrimPrefix(line, "# twin pair "), ": begin, written by twinctl pair")
	if !ok || line != blockBegin(name) {
		return ""
	}
	return name
}

// withBlock returns the lines with the block of a marker in place of the first
// that was there, or at the end, and without any other of that marker: a copy of
// an old one would still let its key in; without any if block is empty. A block
// without an end is left for a person to look at: what is behind its beginning
// may be anybody's.
func withBlock(lines []string, marker string, block []string) ([]string, error) {
	begin, end := blockBegin(marker), blockEnd(marker)
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
