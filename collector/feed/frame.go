package feed

import (
	"bytes"
	"fmt"
	"io"
)

// lineBuffer is how much a LineReader asks for at once, and what it begins with.
const lineBuffer = 64 << 10

// A LineReader cuts a stream at its line feeds. It holds little more than one
// line of the longest length, however long a line of the stream is.
type LineReader struct {
	src   io.Reader
	limit int

	buf      []byte
	from, to int // what was read and not yet returned
	scanned  int // no line feed stands in buf[from:scanned]
	feed     int // where the next line feed stands; -1 if unknown

	dropped int64  // bytes of the unfinished line that are no longer in buf
	head    []byte // the beginning of an unfinished line that is too long
	before  int64  // bytes up to the end of the line that was returned last
	asked   bool   // the last read gave nothing and no reason; see fill
}

// NewLineReader makes a reader of lines of at most limit bytes.
func NewLineReader(src io.Reader, limit int) *LineReader {
	return &LineReader{src: src, limit: limit, feed: -1}
}

// A LongLineError tells of a line that was longer than the limit. It has been
// read to its end; the next line is whole again.
type LongLineError struct {
	Limit int
	Head  []byte // its first 256 bytes
}

func (e *LongLineError) Error() string {
	return fmt.Sprintf("line is longer than frame_limit = %d", e.Limit)
}

// Next returns the next line without its line feed, a carriage return before
// that, and NUL bytes at its beginning. The line is valid until the next call.
//
// It blocks as the stream does. A *LongLineError stands for one line. With any
// other error, which is the stream's, the unfinished line stays where it is,
// and Next may be called again: a file may have grown since io.EOF.
func (r *LineReader) Next() ([]byte, error) {
	for !r.Buffered() {
		r.shorten()
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
	line := r.buf[r.from:r.feed]
	r.before += r.dropped + int64(len(line)) + 1
	r.from, r.scanned, r.feed, r.dropped = r.feed+1, r.feed+1, -1, 0
	line = canonical(line)
	if r.head == nil && len(line) <= r.limit {
		return line, nil
	}
	err := &LongLineError{Limit: r.limit, Head: r.head}
	if r.head == nil {
		err.Head = headOf(line)
	}
	r.head = nil
	return nil, err
}

// Buffered tells whether Next has a line to return without reading on. Before
// it does read, and may block, is the time to Flush.
func (r *LineReader) Buffered() bool {
	if r.feed >= 0 {
		return true
	}
	i := bytes.IndexByte(r.buf[r.scanned:r.to], '\n')
	if i < 0 {
		r.scanned = r.to
		return false
	}
	r.feed = r.scanned + i
	return true
}

// Consumed returns how many bytes of the stream lie before the end of the line
// that Next returned last, its line feed and all that was taken off included.
func (r *LineReader) Consumed() int64 { return r.before }

// Unfinished returns how many bytes of a line were read whose end was not, and
// the first 256 of them.
func (r *LineReader) Unfinished() (size int64, head []byte) {
	if r.Buffered() {
		return 0, nil
	}
	size = r.dropped + int64(r.to-r.from)
	if r.head != nil {
		return size, r.head
	}
	return size, headOf(canonical(r.buf[r.from:r.to]))
}

// TooLong tells whether the unfinished line is longer than the limit already.
func (r *LineReader) TooLong() bool { return r.head != nil }

// shorten gives up what need not be kept of the unfinished line: NUL bytes at
// its beginning, and all of it but the head when it is too long.
func (r *LineReader) shorten() {
	if r.head == nil {
		for r.from < r.to && r.buf[r.from] == 0 {
			r.from++
			r.dropped++
		}
		if r.to-r.from <= r.limit+1 { // one more may be the carriage return
			return
		}
		r.head = headOf(r.buf[r.from:r.to])
	}
	r.dropped += int64(r.to - r.from)
	r.from = r.to
}

// fill reads once. It makes room first: by moving the unfinished line to the
// front, and if it takes up more than half, by doubling the buffer.
func (r *LineReader) fill() error {
	if r.from > 0 {
		copy(r.buf, r.buf[r.from:r.to])
		r.from, r.to = 0, r.to-r.from
	}
	if r.to*2 >= len(r.buf) {
		r.buf = append(make([]byte, 0, max(lineBuffer, 2*len(r.buf))), r.buf[:r.to]...)
		r.buf = r.buf[:cap(r.buf)]
	}
	r.scanned = r.to
	n, err := r.src.Read(r.buf[r.to:])
	r.to += n
	if n > 0 {
		r.asked = false
		return nil
	}
	if err == nil && r.asked {
		err = io.ErrNoProgress
	}
	r.asked = err == nil
	return err
}

// canonical takes off a line what framing put on.
func canonical(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	for len(line) > 0 && line[0] == 0 {
		line = line[1:]
	}
	return line
}

func headOf(b []byte) []byte { return bytes.Clone(b[:min(len(b), headLen)]) }
