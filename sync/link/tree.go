package link

import (
	"context"
	"errors"
	"io"

	"github.com/pkg/sftp"
)

// A Tree is what a session may read: names that stand for something, not
// paths. Open is called from several goroutines at once; ctx ends with the
// session. The path is the peer's own, but for what SFTP makes of it: the
// first slash is off, and . and .. are resolved. The tree parses it into what
// it knows, and lets it nowhere near a file system. What is not there is
// fs.ErrNotExist.
type Tree interface {
	Open(ctx context.Context, path string) (File, error)
}

// A File is read from any place, by several goroutines at once, and closed once.
type File interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Limits of a files session.
const (
	maxOpen = 8       // files at once
	maxPath = 4 << 10 // bytes of a path
)

// ServeFiles is the other end of a Client's files: SFTP for reading a tree,
// until the other side ends the session (nil) or ctx ends. Whatever would
// write, list or link is refused. What holds of rw in ServeControl holds here,
// and of Options.Idle.
func ServeFiles(ctx context.Context, rw io.ReadWriter, t Tree, o Options) error {
	steady := newSteady(rw)
	err := steady.serve(ctx, o.settled().Idle, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		s := &shelf{lent: map[string]*lent{}}
		s.enter = func(path string) (File, error) { return t.Open(ctx, path) }
		server := sftp.NewRequestServer(steady, sftp.Handlers{FileGet: s, FilePut: s, FileCmd: s, FileList: s},
			sftp.WithRSMaxTxPacket(packet))
		return server.Serve()
	})
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
