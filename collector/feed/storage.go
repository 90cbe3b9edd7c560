package feed

import (
	"context"
	"io"
	"io/fs"
)

// A Remote is a server of files, and who may be let in there.
type Remote struct {
	Address    string // user@host:port; port 22 may be left out
	KeyFile    string // our private key, 0600
	KnownHosts string // file with the pinned host keys
}

// A Storage is where files lie: this machine, or a Remote. Paths are absolute.
// That there is no such file is fs.ErrNotExist, that we may not is
// fs.ErrPermission; a *Lost says that the server is away.
type Storage interface {
	Library
	Mover
	io.Closer
}

// A Library has files to read.
type Library interface {
	// List calls each with the name and attributes of whatever is in a directory,
	// symbolic links not followed. What each returns ends it.
	List(ctx context.Context, dir string, each func(fs.FileInfo) error) error
	// Open opens a regular file; a symbolic link may be followed within its
	// directory, or is none.
	Open(ctx context.Context, path string) (File, error)
}

// A Mover changes what lies in a storage.
type Mover interface {
	// Rename moves a file within its file system; one that has the new name
	// already is fs.ErrExist.
	Rename(ctx context.Context, from, to string) error
	Remove(ctx context.Context, path string) error
	// Create writes a new file; one that is there already is fs.ErrExist.
	Create(ctx context.Context, path string, text []byte) error
}

// A File is open for reading.
type File interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}
