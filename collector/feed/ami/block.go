package ami

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	readSize = 64 << 10 // the buffer that small events come through
	headSize = 256      // of a block that is too long
	ending   = len("\r\n\r\n")
)

// errTooLong says that a block is longer than the limit. Reading can go on.
var errTooLong = errors.New("longer than frame_limit")

// A blockReader cuts what an upstream says into blocks: lines up to a blank
// one. Line ends may be CRLF or LF. Its memory is bounded by the limit, and
// whether a block is too long does not depend on how it was cut into packets.
type blockReader struct {
	src   io.Reader
	limit int
	// wait, if set, is called before each read, when no complete block is left
	// in the buffer. Its error ends reading. With it, a read that only ran into
	// its deadline is tried again.
	wait func() error

	buf        []byte
	start, end int  // what was read and not yet given out
	line       int  // where the first line starts that was not yet looked at
	skipping   bool // in the rest of a block that was too long
}

func newBlockReader(src io.Reader, limit int) *blockReader {
	return &blockReader{src: src, limit: limit, buf: make([]byte, readSize)}
}

// next returns the next block without its last line end. It is good until the
// next call. With errTooLong it is the beginning of a block that is left out.
// Half a block at the end is an io.ErrUnexpectedEOF.
func (r *blockReader) next() ([]byte, error) {
	for {
		if block, done := r.cut(); done {
			switch {
			case r.skipping:
				r.skipping = false
			case len(block) > r.limit:
				return block[:headSize], errTooLong
			case len(block) > 0:
				return block, nil
			}
			continue
		}
		if r.skipping {
			r.forget()
		} else if r.end-r.start > r.limit+ending {
			r.skipping = true
			return r.buf[r.start : r.start+headSize], errTooLong
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

// cut takes a block off the buffer, if there is a whole one.
func (r *blockReader) cut() (block []byte, done bool) {
	for {
		i := bytes.IndexByte(r.buf[r.line:r.end], '\n')
		if i < 0 {
			return nil, false
		}
		text := r.buf[r.line : r.line+i]
		blank := r.line
		r.line += i + 1
		if len(text) == 0 || len(text) == 1 && text[0] == '\r' {
			block = trimLineEnd(r.buf[r.start:blank])
			r.start = r.line
			return block, true
		}
	}
}

// forget drops what cannot matter any more: all but the line that was begun,
// and of that all but its beginning, which tells that it is not blank.
func (r *blockReader) forget() {
	r.start = r.line
	if r.end-r.start > 2 {
		r.buf[r.start+1] = r.buf[r.end-1]
		r.end = r.start + 2
	}
}

// fill reads once, with the unread rest moved to the front.
func (r *blockReader) fill() error {
	r.makeRoom()
	for {
		if r.wait != nil {
			if err := r.wait(); err != nil {
				return err
			}
		}
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if n > 0 {
			return nil
		}
		if err != nil && (r.wait == nil || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return r.broken(err)
		}
	}
}

func (r *blockReader) makeRoom() {
	if r.end == len(r.buf) && r.start == 0 { // grows to twice the limit at most
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.end -= r.start
		r.line -= r.start
		r.start = 0
	}
}

// broken says so when the connection broke in the middle of a block.
func (r *blockReader) broken(err error) error {
	if len(trimLineEnd(r.buf[r.start:r.end])) == 0 && !r.skipping || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return fmt.Errorf("the connection broke in the middle of an event (%s): %w", err.Error(), io.ErrUnexpectedEOF)
}

// banner returns the first line, which is all that an upstream says unasked.
func (r *blockReader) banner() (string, error) {
	for {
		if i := bytes.IndexByte(r.buf[r.start:r.end], '\n'); i >= 0 {
			text := string(trimLineEnd(r.buf[r.start : r.start+i+1]))
			r.start += i + 1
			r.line = r.start
			return text, nil
		}
		if r.end-r.start >= headSize {
			return string(r.buf[r.start : r.start+headSize]), nil
		}
		if err := r.fill(); err != nil {
			return "", err
		}
	}
}

func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}
