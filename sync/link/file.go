package link

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/collector/store"
)

// createFile makes a file, 0600, that is there whole or not at all, and leaves
// one alone that is there: fs.ErrExist.
func createFile(path string, data []byte) error {
	return placed(path, data, func(temporary string) error { return os.Link(temporary, path) })
}

// replaceFile replaces a file, or makes it, 0600. A symbolic link is followed,
// so that it is not what gets replaced.
func replaceFile(path string, data []byte) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return placed(path, data, func(temporary string) error { return os.Rename(temporary, path) })
}

func placed(path string, data []byte, place func(temporary string) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".twin-*") // made 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := place(f.Name()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return store.FlushDir(dir)
}

// readLines returns the lines of a file without their ends; none if there is
// no file.
func readLines(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range bytes.Lines(data) {
		lines = append(lines, string(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return lines, nil
}

func joinLines(lines []string) []byte {
	var b bytes.Buffer
	for _, line := range lines {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.Bytes()
}
