package tail

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A file is one that is being read: one delivery, with ordinals of its own.
type file struct {
	*os.File
	lines    *feed.LineReader
	base     int64 // where lines begins
	known    feed.Memory
	ordinals record.Ordinals
	pos      position // behind the line that was told last

	seen   fs.FileInfo // when it was last looked at
	readAt time.Time   // before the last read
	opened time.Time   // when its unfinished last line was first seen; zero if it has none
}

// newOrdinals counts the lines of a file. What it remembers is read again after a
// restart.
func newOrdinals() record.Ordinals { return feed.FileOrdinals() }

// openFile opens a regular file, without waiting for the other end of a pipe.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// begin opens a file that was not read before; pos is at its beginning.
func begin(path string, pos position, limit int) (*file, error) {
	opened, err := openFile(path)
	if err != nil {
		return nil, err
	}
	info, err := opened.Stat()
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	f := &file{File: opened, ordinals: newOrdinals(), pos: pos}
	f.pos.Inode = inode(info)
	f.lines = feed.NewLineReader(f, limit)
	return f, nil
}

// close lets go of the file, which was only read. A nil file is none.
func (f *file) close() {
	if f != nil {
		_ = f.Close()
	}
}

// start sets lines to read on from offset.
func (f *file) start(offset int64, limit int) error {
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	f.base, f.lines, f.known.End = offset, feed.NewLineReader(f, limit), offset
	return nil
}

// fits tells whether the file still holds what is remembered of it, and at
// least size bytes.
func (f *file) fits(size int64) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() < size {
		return false, err
	}
	return f.known.Fits(f.File)
}

// errCut tells that a file does not hold any more what was read from it.
var errCut = errors.New("it was cut or written anew while it was read")

// Read notes when, for the proof that lies in reading nothing. It returns
// nothing but errCut if what it read, be it the end of the file, may not follow
// what was read before.
func (f *file) Read(p []byte) (int, error) {
	f.readAt = time.Now()
	n, err := f.File.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, err
	}
	ok, errFits := f.fits(f.known.End + int64(n))
	switch {
	case errFits != nil:
		return 0, errFits
	case !ok:
		return 0, errCut
	}
	f.known.Add(p[:n])
	return n, err
}

// offset returns where the next line begins.
func (f *file) offset() int64 { return f.base + f.lines.Consumed() }

// recount reads again what the ordinals rest upon, from the position's Reach up
// to its Offset, and goes on from there. It returns false if no line ends there.
func (f *file) recount(format feed.Format, limit int) (bool, error) {
	if err := f.start(f.pos.Reach, limit); err != nil {
		return false, err
	}
	for f.offset() < f.pos.Offset {
		at := f.offset()
		line, err := f.lines.Next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, errCut):
			return false, nil
		case isLong(err) || err == nil && len(line) == 0:
			continue
		case err != nil:
			return false, fmt.Errorf("read %s again up to byte %d: %w", f.Name(), f.pos.Offset, err)
		}
		if t, err := format(line); err == nil {
			f.ordinals.Place = at
			f.ordinals.Next(t, record.DigestOf(line))
		}
	}
	return f.offset() == f.pos.Offset, nil
}

// number gives the line that began at that place its ordinal, and moves the
// position behind it. It must be told then: nothing comes back to it.
func (f *file) number(at int64, r *record.Record) {
	f.ordinals.Place = at
	r.N = f.ordinals.Next(r.At, r.Digest)
	f.pos.Reach, f.pos.LastAt, f.pos.Last = f.ordinals.Reach(), at, digest(r.Digest)
	f.advance()
}

// advance moves the position behind the last line.
func (f *file) advance() {
	f.pos.Offset = f.offset()
	if f.pos.HeadSize < feed.HeadSize {
		f.pos.HeadSize = int(min(f.pos.Offset, feed.HeadSize))
		f.pos.Head = digest(record.DigestOf(f.known.Head[:f.pos.HeadSize]))
	}
}

// A change is what happened to a file since it was last looked at.
type change int

const (
	still change = iota // nothing, and all of it was read
	grown               // there is more to read, or was something done to it
	cut                 // it does not hold any more what was read from it
)

// look finds out what happened to the file.
func (f *file) look() (change, error) {
	info, err := f.Stat()
	if err != nil {
		return still, err
	}
	if f.seen != nil && f.seen.Size() == info.Size() && f.seen.ModTime().Equal(info.ModTime()) {
		return still, nil
	}
	ok, err := f.fits(f.known.End)
	if err != nil || !ok {
		return cut, err
	}
	f.seen = info
	return grown, nil
}

// holds tells whether the file holds what was read up to the position, and
// returns how it begins.
func holds(f *os.File, p *position, limit int) (head []byte, ok bool, err error) {
	info, err := f.Stat()
	if err != nil || info.Size() < p.Offset {
		return nil, false, err
	}
	head = make([]byte, p.HeadSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	if p.HeadSize > 0 && digest(record.DigestOf(head[:n])) != p.Head {
		return nil, false, nil
	}
	if p.LastAt < 0 {
		return head, true, nil
	}
	line, err := feed.NewLineReader(io.NewSectionReader(f, p.LastAt, p.Offset-p.LastAt), limit).Next()
	if errors.Is(err, io.EOF) || isLong(err) {
		return nil, false, nil
	}
	return head, err == nil && digest(record.DigestOf(line)) == p.Last, err
}

func isLong(err error) bool {
	_, ok := errors.AsType[*feed.LongLineError](err)
	return ok
}

func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}
