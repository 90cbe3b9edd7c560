package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// intoFile is the function of that name, for all but the files that this server
// itself lives by, however they are called: a name that was mistyped, or that a
// timetable has, must not cost the history.
func (s *site) intoFile(path string, write func(io.Writer) error) error {
	if s.person != nil {
		return cli.Fail(cli.Refused, fmt.Errorf("%s: %w", path, errFile), "")
	}
	if there, err := os.Stat(path); err == nil {
		for _, own := range s.ownFiles() {
			if is, err := os.Stat(own); err == nil && os.SameFile(is, there) {
				return cli.Fail(cli.Refused, fmt.Errorf("%s is a file of this server's own: it is not written over", path), "")
			}
		}
	}
	return intoFile(path, write)
}

// ownFiles are those without which this server is another, or none.
func (s *site) ownFiles() []string {
	own := []string{s.File, s.Twin.KnownHosts, s.Twin.Identity}
	for _, name := range []string{history.File, admin.File, node.File} {
		path := filepath.Join(s.data.Dir, name)
		own = append(own, path, path+"-wal", path+"-shm")
	}
	return own
}
