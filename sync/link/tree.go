package link

import (
	"context"
	"errors"
	"io"
	"time"

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

// A Taker is a Tree that takes files too. Create is for a path what Open is,
// but that a session has one upload at a time. A Tree that is no Taker refuses
// whatever is sent.
type Taker interface {
	Tree
	Create(ctx context.Context, path string) (Upload, error)
}

// An Upload takes what the twin sends: up to 64 KiB at any place from 0 on, in
// any order, by several goroutines at once; what does not belong there is the
// upload's to refuse. Close is called once, when nothing is being written any
// more, and what it returns goes back to the twin. It is called too when the
// session ended before the twin was done: whether all has come is not the
// link's to know.
type Upload interface {
	io.WriterAt
	io.Closer
}

// A File is read from any place, by several goroutines at once, and closed once.
type File interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Limits of a files session.
const (
	maxOpen  = 8                // files at once
	maxPath  = 4 << 10          // bytes of a path
	maxReach = 1 << 30          // bytes of an upload
	maxIdle  = 30 * time.Second // between two writes of an upload
	maxLast  = time.Hour        // from the opening of an upload to its last write
)

// ServeFiles is the other end of a Client's files: SFTP for reading a tree,
// and for sending to it if it is a Taker, until the other side ends the session
// (nil) or ctx ends. Whatever would change, list or link something is refused.
// One that lets an upload lie ends its session by that: ErrFrozen. What holds
// of rw in ServeControl holds here, and of Options.Idle.
func ServeFiles(ctx context.Context, rw io.ReadWriter, t Tree, o Options) error {
	within, end := context.WithCancelCause(ctx)
	defer end(nil)
	steady := newSteady(rw)
	err := steady.serve(within, o.settled().Idle, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		s := &shelf{lent: map[string]*lent{}, frozen: end}
		s.enter = func(path string) (File, error) { return t.Open(ctx, path) }
		if taker, ok := t.(Taker); ok {
			s.create = func(path string) (Upload, error) { return taker.Create(ctx, path) }
		}
		server := sftp.NewRequestServer(steady, sftp.Handlers{FileGet: s, FilePut: s, FileCmd: s, FileList: s},
			sftp.WithRSMaxTxPacket(packet))
		return server.Serve()
	})
	if cause := context.Cause(within); errors.Is(cause, ErrFrozen) {
		return cause
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
