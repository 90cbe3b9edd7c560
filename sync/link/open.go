package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
)

// A fileEnd is the files channel, as the asking side sees it.
type fileEnd struct {
	p    *process
	sftp *sftp.Client
	left atomic.Bool // given up, and soon ended
}

// leave ends the channel. Whoever asks for a file from now on gets another.
func (e *fileEnd) leave() {
	e.left.Store(true)
	_ = e.p.Close()
}

const (
	packet = 64 << 10 // of a file in one SFTP packet
	slab   = 2 << 20  // read ahead of whoever reads a file: as much as an SSH channel lets through
)

// Open opens a file of the twin's virtual tree for reading, and returns its
// size. ctx is for the opening and for all reading; a deadline that it lacks
// is set for the opening by Options.Answer, for the reading by nobody. A file
// that the twin does not have is fs.ErrNotExist, what else its tree returned a
// *RemoteError. Reading fails with ErrProtocol if the file ends before its
// size, and never gives more than that; the size itself is the twin's word.
// The file must be closed.
//
// When ctx ends while the twin owes something, the files that are open at
// that time are lost; calls are not.
func (c *Client) Open(ctx context.Context, path string) (io.ReadCloser, int64, error) {
	opening, cancel := c.bounded(ctx)
	defer cancel()
	end, err := c.fileEnd(opening)
	if err != nil {
		return nil, 0, c.late(err, "open files")
	}
	var f *sftp.File
	var size int64
	err = c.within(opening, func() error {
		var err error
		f, size, err = end.lookUp(path)
		return err
	})
	if err != nil {
		if opening.Err() != nil {
			end.leave()
		}
		return nil, 0, c.late(fmt.Errorf("file %s: %w", shorten(path), c.whole(remote(err))), "open "+shorten(path))
	}
	return c.pump(ctx, end, f, size), size, nil
}

func (e *fileEnd) lookUp(path string) (*sftp.File, int64, error) {
	f, err := e.sftp.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() < 0 {
		err = fmt.Errorf("%w: a file of size %d", ErrProtocol, info.Size())
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// fileEnd returns the files channel, and opens it if there is none yet, or the
// last one has ended.
func (c *Client) fileEnd(ctx context.Context) (*fileEnd, error) {
	var end *fileEnd
	select {
	case end = <-c.files:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.done:
		return nil, c.cause
	}
	defer func() { c.files <- end }()
	if end != nil && end.stands() {
		return end, nil
	}
	end = nil
	p, err := c.exec(ctx, Files)
	if err != nil {
		return nil, err
	}
	started := &fileEnd{p: p}
	err = c.within(ctx, func() error {
		var err error
		started.sftp, err = sftp.NewClientPipe(p, p, sftp.MaxPacketUnchecked(packet), sftp.UseFstat(true))
		if err != nil {
			return p.gone(err, false)
		}
		return nil
	})
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	end = started
	c.start(func() { _ = started.sftp.Wait(); _ = p.Close() })
	// What a ping of files asks for is refused, and that is answer enough.
	c.start(func() { c.ping(p.ended, func() { _, _ = started.sftp.Lstat("/") }) })
	return end, nil
}

func (e *fileEnd) stands() bool {
	select {
	case <-e.p.ended:
		return false
	default:
		return !e.left.Load()
	}
}

// remote takes the library's errors apart: what the twin said, what it did
// not have, and that the channel is gone.
func remote(err error) error {
	if status, ok := errors.AsType[*sftp.StatusError](err); ok {
		return failed(statusText(status))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the twin has none: %w", fs.ErrNotExist)
	case errors.Is(err, os.ErrPermission):
		return &RemoteError{Code: 1, Text: "permission denied"}
	case errors.Is(err, sftp.ErrSSHFxConnectionLost), hungUp(err):
		return fmt.Errorf("%w: the files channel ended", ErrLost)
	}
	return err
}

// pump reads ahead of whoever reads the file, and ends with the link.
func (c *Client) pump(ctx context.Context, end *fileEnd, f *sftp.File, size int64) io.ReadCloser {
	r, w := io.Pipe()
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = w.CloseWithError(c.late(ctx.Err(), "read a file"))
		end.leave()
	})
	started := c.start(func() {
		defer close(ended)
		err := copySlabs(w, f, size)
		stop()
		if err != nil {
			err = about(c.target, c.whole(err))
		}
		_ = w.CloseWithError(err) // nil is the end of the file
		_ = f.Close()
	})
	if !started {
		close(ended)
		_ = w.CloseWithError(c.Err())
	}
	return &opened{PipeReader: r, settle: func() { c.settle(ctx, ended) }}
}

// whole says why the link ended, if that is why a file did.
func (c *Client) whole(err error) error {
	if errors.Is(err, ErrLost) && c.over() {
		return c.cause
	}
	return err
}

// settle waits until the twin has taken a file back, so that who opens and
// closes many has few open; not for long, as nothing hangs on it.
func (c *Client) settle(ctx context.Context, ended <-chan struct{}) {
	select {
	case <-ended:
	case <-ctx.Done():
	case <-c.done:
	case <-time.After(c.options.Answer):
	}
}

// An opened file is read from a pipe.
type opened struct {
	*io.PipeReader
	settle func()
}

// Close gives the file up.
func (o *opened) Close() error {
	err := o.PipeReader.Close()
	o.settle()
	return err
}

func copySlabs(w io.Writer, f *sftp.File, size int64) error {
	buf := make([]byte, min(size, slab))
	for at := int64(0); at < size; {
		n, err := f.ReadAt(buf[:min(size-at, slab)], at)
		if errors.Is(err, io.EOF) {
			return short(f, at+int64(n), size)
		}
		if err != nil {
			return remote(err)
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

// short tells a file that ended before its size from a channel that ended: the
// library has one error for both.
func short(f *sftp.File, at, size int64) error {
	if _, err := f.Stat(); err != nil {
		return fmt.Errorf("%w: the files channel ended", ErrLost)
	}
	return fmt.Errorf("%w: a file ended after %d of its %d bytes", ErrProtocol, at, size)
}

// statusText returns what the other side said: the library keeps it to
// itself, but for a quoted part of its own text.
func statusText(status *sftp.StatusError) string {
	text := status.Error()
	quoted, err := strconv.QuotedPrefix(strings.TrimPrefix(text, "sftp: "))
	if err != nil {
		return text
	}
	if said, err := strconv.Unquote(quoted); err == nil {
		return said
	}
	return text
}
