package feed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A LineReader cuts a stream at its line feeds. It holds little more than one
// line of the longest length, however long a line of the stream is.
type LineReader struct {
	window  Window
	limit   int
	scanned int // no line feed stands in so many bytes of the window
	feed    int // where in it the next line feed stands; -1 if unknown

	dropped int64  // bytes of the unfinished line that are no longer there
	head    []byte // the beginning of an unfinished line that is too long
	before  int64  // bytes up to the end of the line that was returned last

	most int64 // bytes after which an unfinished line is taken to have no end; 0: none
}

// NewLineReader makes a reader of lines of at most limit bytes.
func NewLineReader(src io.Reader, limit int) *LineReader {
	return &LineReader{window: NewWindow(src), limit: limit, feed: -1}
}

// errEndless tells that what is read as lines goes on and on without a line feed.
var errEndless = errors.New("there is no line end")

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
// and Next may be called again: a file may have grown since io.EOF. errEndless
// stands for all that is to come.
func (r *LineReader) Next() ([]byte, error) {
	for !r.Buffered() {
		r.shorten()
		if unfinished := r.dropped + int64(len(r.window.Bytes())); r.most > 0 && unfinished > r.most {
			return nil, fmt.Errorf("%w in the %d bytes behind byte %d", errEndless, unfinished, r.before)
		}
		if err := r.window.Fill(); err != nil {
			return nil, err
		}
	}
	line := r.window.Bytes()[:r.feed]
	r.window.Take(r.feed + 1)
	r.before += r.dropped + int64(len(line)) + 1
	r.scanned, r.feed, r.dropped = 0, -1, 0
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
	read := r.window.Bytes()
	i := bytes.IndexByte(read[r.scanned:], '\n')
	if i < 0 {
		r.scanned = len(read)
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
	read := r.window.Bytes()
	size = r.dropped + int64(len(read))
	if r.head != nil {
		return size, r.head
	}
	return size, headOf(canonical(read))
}

// TooLong tells whether the unfinished line is longer than the limit already.
func (r *LineReader) TooLong() bool { return r.head != nil }

// shorten gives up what need not be kept of the unfinished line: NUL bytes at
// its beginning, and all of it but the head when it is too long.
func (r *LineReader) shorten() {
	if r.head == nil {
		read := r.window.Bytes()
		line := bytes.TrimLeft(read, "\x00")
		r.giveUp(len(read) - len(line))
		if len(line) <= r.limit+1 { // one more may be the carriage return
			return
		}
		r.head = headOf(line)
	}
	r.giveUp(len(r.window.Bytes()))
}

// giveUp gives up the first n bytes of the unfinished line.
func (r *LineReader) giveUp(n int) {
	r.window.Take(n)
	r.scanned -= n
	r.dropped += int64(n)
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
