package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Session is one that goes on.
type Session struct {
	Login    string    `json:"login"`
	From     string    `json:"from"` // host:port of the client; "": not known to have come by SSH
	Since    time.Time `json:"since"`
	Terminal bool      `json:"terminal"`
	Command  string    `json:"command"` // "": the screens; foreign text
}

// ErrFull is returned where as many people are as may be.
var ErrFull = errors.New("too many people are here: try again later")

// A Book says who is here, whichever SSH server let them in. It is a directory
// with a file for each session, which the session's process keeps locked: the
// kernel strikes it out however the process ends.
type Book struct {
	Dir string
}

const (
	entered  = ".session"
	entering = ".new"       // not yet written in full, nor locked
	mostSaid = 4 << 10      // bytes that are read of one
	mostAsks = 512          // bytes that are kept of a command
	tooLong  = time.Minute  // for something that is entering
	unlocked = unix.LOCK_NB // to try, and not to wait
)

// Enter writes a session down until what it returns is closed. Where as many as
// most are there the error is ErrFull; any other is that it could not be written.
// Two that come at once for the last place may both be told ErrFull.
func (b Book) Enter(s Session, most int) (io.Closer, error) {
	here, err := b.Sessions()
	if err != nil {
		return nil, err
	}
	if len(here) >= most {
		return nil, ErrFull
	}
	f, err := b.write(s)
	if err != nil {
		return nil, fmt.Errorf("write down who is here: %w", err)
	}
	if here, err = b.Sessions(); err == nil && len(here) > most {
		_ = f.Close()
		return nil, ErrFull
	}
	return f, nil
}

// write makes the file of a session: whole and locked before it has its name.
func (b Book) write(s Session) (*entry, error) {
	s.Command = strings.ToValidUTF8(s.Command[:min(len(s.Command), mostAsks)], "")
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.Dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(b.Dir, "*"+entering)
	if err != nil {
		return nil, err
	}
	e := &entry{f, f.Name()}
	name := strings.TrimSuffix(e.name, entering) + entered
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unlocked)
	if err == nil {
		_, err = f.Write(text)
	}
	if err == nil {
		err = os.Rename(e.name, name)
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	e.name = name
	return e, nil
}

// An entry is the file of a session that goes on.
type entry struct {
	*os.File
	name string
}

// Close strikes it out.
func (e *entry) Close() error { return errors.Join(os.Remove(e.name), e.File.Close()) }

// Sessions returns those that go on, the oldest first, and strikes out what a
// process left behind that was killed.
func (b Book) Sessions() ([]Session, error) {
	files, err := os.ReadDir(b.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("who is here: %w", err)
	}
	var all []Session
	for _, f := range files {
		path := filepath.Join(b.Dir, f.Name())
		switch info, err := f.Info(); {
		case err != nil: // it ended meanwhile
		case strings.HasSuffix(path, entered):
			if s, ok := read(path); ok {
				all = append(all, s)
			}
		case strings.HasSuffix(path, entering) && time.Since(info.ModTime()) > tooLong:
			_ = os.Remove(path)
		}
	}
	slices.SortStableFunc(all, func(a, b Session) int { return a.Since.Compare(b.Since) })
	return all, nil
}

// read returns the session of a file, false where no process holds it any more.
// One that is held counts, also where it cannot be read.
func read(path string) (s Session, held bool) {
	f, err := os.Open(path)
	if err != nil {
		return s, false
	}
	defer f.Close() //nolint:errcheck // only read
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unlocked); err == nil {
		_ = os.Remove(path)
		return s, false
	}
	text, err := io.ReadAll(io.LimitReader(f, mostSaid))
	if err != nil || json.Unmarshal(text, &s) != nil {
		return Session{Login: "?"}, true
	}
	return s, true
}
