package store

import (
	"errors"
	"os"
)

// FlushDir makes the names in a directory survive a power cut: a file that was
// made, renamed or removed there is so only then.
func FlushDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
