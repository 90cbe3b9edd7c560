package link

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
)

// A shelf is a tree as the library wants it, and holds what a session has
// open. The library asks for the size of an open file by its path: it is taken
// from here, so that a file whose making costs something is made once.
type shelf struct {
	enter  func(path string) (File, error)
	create func(path string) (Upload, error) // nil: nothing is taken
	frozen func(error)                       // ends the session of one that lets an upload lie

	opening sync.Mutex // held while the tree opens a file
	mu      sync.Mutex
	lent    map[string]*lent
	handles int
	taking  bool
}

// A lent file is open under one or several handles.
type lent struct {
	File
	handles int
}

// Fileread opens a file, or lends an open one once more: whoever reads a path
// twice at once sees one size and one content.
func (s *shelf) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	name, err := named(r)
	if err != nil {
		return nil, refusal(err)
	}
	s.opening.Lock()
	defer s.opening.Unlock()
	if err := s.room(); err != nil {
		return nil, refusal(err)
	}
	f := s.find(name)
	if f == nil {
		file, err := s.enter(name)
		if err != nil {
			return nil, refusal(err)
		}
		f = &lent{File: file}
	}
	return s.lend(name, f), nil
}

func named(r *sftp.Request) (string, error) {
	name := strings.TrimPrefix(r.Filepath, "/")
	if len(name) > maxPath {
		return "", errors.New("the path is too long")
	}
	return name, nil
}

func (s *shelf) room() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handles >= maxOpen {
		return fmt.Errorf("%d files are open: a session may have no more", maxOpen)
	}
	return nil
}

func (s *shelf) find(name string) *lent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lent[name]
}

func (s *shelf) lend(name string, f *lent) *loan {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lent[name] = f
	s.handles++
	f.handles++
	return &loan{ReaderAt: f.File, back: sync.OnceValue(func() error { return s.back(name, f) })}
}

func (s *shelf) back(name string, f *lent) error {
	s.mu.Lock()
	s.handles--
	f.handles--
	last := f.handles == 0
	if last && s.lent[name] == f {
		delete(s.lent, name)
	}
	s.mu.Unlock()
	if !last {
		return nil
	}
	return f.Close()
}

// A loan is one handle. The library closes it, also when the session ends.
type loan struct {
	io.ReaderAt
	back func() error
}

// Close gives the file back.
func (l *loan) Close() error { return l.back() }

// Filelist tells the size of an open file. Nothing can be listed.
func (s *shelf) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	f := s.find(strings.TrimPrefix(r.Filepath, "/"))
	if r.Method != "Stat" || f == nil {
		return nil, sftp.ErrSSHFxPermissionDenied
	}
	return entry{path.Base(r.Filepath), f.Size()}, nil
}

// Filecmd refuses.
func (s *shelf) Filecmd(*sftp.Request) error { return sftp.ErrSSHFxPermissionDenied }

// refusal is how an error of a tree travels: see failed.
func refusal(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return sftp.ErrSSHFxNoSuchFile
	}
	text, err := json.Marshal(failureOf(err))
	if err != nil {
		return sftp.ErrSSHFxFailure
	}
	return errors.New(string(text))
}

// An entry is what SFTP tells of a file: its size.
type entry struct {
	name string
	size int64
}

// ListAt lists the entry alone.
func (e entry) ListAt(list []os.FileInfo, at int64) (int, error) {
	if at > 0 || len(list) == 0 {
		return 0, io.EOF
	}
	list[0] = e
	return 1, nil
}

// Name returns the last part of the path.
func (e entry) Name() string { return e.name }

// Size returns the size in bytes.
func (e entry) Size() int64 { return e.size }

// Mode says that it can be read.
func (e entry) Mode() fs.FileMode { return 0o400 }

// ModTime returns no time: a file of a tree has none.
func (e entry) ModTime() time.Time { return time.Time{} }

// IsDir returns false.
func (e entry) IsDir() bool { return false }

// Sys returns nil.
func (e entry) Sys() any { return nil }
