package setup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/twinctl/twin/sync/link"
)

// A Pin is the host key of an SFTP server, and where it is to be pinned.
type Pin struct {
	File    string // known_hosts
	Address string // user@host:port
	Key     string // a public key line
}

// Fingerprint returns what people compare.
func (p *Pin) Fingerprint() string { return link.Fingerprint(p.Key) }

// Unpinned returns the SFTP server whose host key has to be pinned before the
// feed can read from there, nil if there is none: its Key is not known yet. An
// error says that the file that would pin it cannot be read as one.
func Unpinned(a Answers) (*Pin, error) {
	if !remote(a) {
		return nil, nil //nolint:nilnil // nothing to pin
	}
	address, _, _ := strings.Cut(strings.TrimPrefix(a["feed.dir"], sftp), "/")
	p := &Pin{File: a["feed.known_hosts_file"], Address: address}
	err := link.Pinned(p.File, p.Address)
	if err == nil {
		return nil, nil //nolint:nilnil // it is pinned
	}
	if _, wrong := os.ReadFile(p.File); wrong != nil && !errors.Is(wrong, fs.ErrNotExist) {
		return nil, wrong
	}
	return p, nil
}

// Look asks the server for its key. It is for a person to compare.
func (p *Pin) Look(ctx context.Context) (err error) {
	p.Key, err = link.ShowHostKey(ctx, p.Address, link.Options{})
	return err
}

// text returns what the file is to say: what it says already, and the key.
func (p *Pin) text() (string, error) {
	line, err := link.HostLine(p.Address, p.Key)
	if err != nil {
		return "", err
	}
	has, err := os.ReadFile(p.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	text := string(has)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + line + "\n", nil
}

// pin writes the key beside what the file pins already, for all to read.
func (r Rim) pin(p *Pin, s Seen) error {
	text, err := p.text()
	if err != nil {
		return err
	}
	if dir := filepath.Dir(p.File); dir == filepath.Dir(r.File) {
		err = r.makeHome(s)
	} else {
		err = makeDir(dir, 0o755, rootOr(s), rootOr(s))
	}
	if err != nil {
		return err
	}
	return file{p.File, text, 0o644, rootOr(s), rootOr(s)}.replace()
}
