package archive

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
)

// A source is a file, unpacked if it is packed.
type source struct {
	io.Reader
	file *os.File
	size int64
	read atomic.Int64 // bytes on disk
}

// open opens a regular file, and waits for no other end of a pipe. It is read
// until ctx ends.
func open(ctx context.Context, path string) (*source, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, unwrapped(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNoFile
	}
	if err != nil {
		return nil, errors.Join(unwrapped(err), f.Close())
	}
	s := &source{file: f, size: info.Size()}
	const ahead = 256 << 10
	plain := bufio.NewReaderSize(&counted{f, ctx.Err, &s.read}, ahead)
	s.Reader = plain
	if magic, err := plain.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(plain)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("unpack: %w", err), f.Close())
		}
		s.Reader = bufio.NewReaderSize(z, ahead)
	}
	return s, nil
}

// unwrapped leaves out of an error the name of the file, which goes before it.
func unwrapped(err error) error {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return at.Err
	}
	return err
}

// Close lets go of the file.
func (s *source) Close() error { return s.file.Close() }

// counted counts what is read.
type counted struct {
	io.Reader
	over func() error // why nothing more is to be read
	n    *atomic.Int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	if err := c.over(); err != nil {
		return 0, err
	}
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}
