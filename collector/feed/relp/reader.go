package relp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

const (
	readBuffer  = 64 << 10
	headLen     = 256 // bytes of what cannot be kept that are told
	mostTxnr    = 9   // digits
	mostCommand = 32  // letters
	mostLength  = 9   // digits
	mostHeader  = mostTxnr + 1 + mostCommand + 1 + mostLength + 1
)

// A frame is one command of the conversation.
type frame struct {
	txnr    int // its transaction number
	command string
	data    []byte // valid until the next frame; its first bytes if it is too long
	size    int    // of the data as it was sent
}

// tooLong tells whether the data is not all there.
func (f frame) tooLong() bool { return f.size > len(f.data) }

// A badFrame is no frame of RELP. Nothing that follows it can be understood.
type badFrame struct {
	what string
	head []byte
}

func (e *badFrame) Error() string {
	return fmt.Sprintf("not a frame of RELP (%s): %q", e.what, e.head)
}

// A reader cuts a stream into frames. It holds little more than one frame of
// the longest data, however long that of the stream is.
type reader struct {
	src   io.Reader
	limit int // bytes of data

	buf      []byte
	from, to int   // what was read and not yet returned
	now      parse // the frame that begins at from
	asked    bool  // the last read gave nothing and no reason
}

// A parse is how far a frame was understood.
type parse struct {
	frame
	header  int // bytes up to the data; 0 before it was understood
	dropped int // bytes of data that are too many and no longer in buf
	err     error
}

func newReader(src io.Reader, limit int) *reader { return &reader{src: src, limit: limit} }

// next returns the next frame. It blocks as the stream does. A *badFrame is
// final; any other error is the stream's.
func (r *reader) next() (frame, error) {
	for !r.buffered() {
		if err := r.fill(); err != nil {
			return frame{}, err
		}
	}
	if r.now.err != nil {
		return frame{}, r.now.err
	}
	f := r.now.frame
	kept := f.size - r.now.dropped
	f.data = r.buf[r.from+r.now.header:][:kept]
	if f.size > r.limit {
		f.data = f.data[:min(kept, headLen)]
	}
	r.from += r.now.header + kept + 1
	r.now = parse{}
	return f, nil
}

// buffered tells whether next has something to return without reading on.
func (r *reader) buffered() bool {
	if r.now.err == nil && r.now.header == 0 {
		r.now.header, r.now.err = r.now.read(r.buf[r.from:r.to])
	}
	if r.now.err != nil {
		return true
	}
	if r.now.header == 0 {
		return false
	}
	r.shorten()
	end := r.from + r.now.header + r.now.size - r.now.dropped
	if end >= r.to {
		return false
	}
	if r.buf[end] != '\n' {
		r.now.err = r.bad("no line feed behind its data")
	}
	return true
}

// unfinished returns how many bytes of a frame were read whose end was not.
func (r *reader) unfinished() int {
	if r.buffered() {
		return 0
	}
	return r.to - r.from + r.now.dropped
}

func (r *reader) bad(what string) error {
	return &badFrame{what, bytes.Clone(r.buf[r.from:min(r.to, r.from+mostHeader)])}
}

// shorten gives up the data of a frame that is too long, but for its beginning
// and for what may be the line feed behind it.
func (r *reader) shorten() {
	if r.now.size <= r.limit {
		return
	}
	keep := r.from + r.now.header + headLen
	rest := r.now.size - r.now.dropped - headLen // still to come, or here behind keep
	drop := min(rest, r.to-keep)
	if drop <= 0 {
		return
	}
	copy(r.buf[keep:], r.buf[keep+drop:r.to])
	r.to -= drop
	r.now.dropped += drop
}

// fill reads once. It makes room first: by moving the unfinished frame to the
// front, and if it takes up more than half, by doubling the buffer.
func (r *reader) fill() error {
	if r.from > 0 {
		copy(r.buf, r.buf[r.from:r.to])
		r.from, r.to = 0, r.to-r.from
	}
	if r.to*2 >= len(r.buf) {
		r.buf = append(make([]byte, 0, max(readBuffer, 2*len(r.buf))), r.buf[:r.to]...)
		r.buf = r.buf[:cap(r.buf)]
	}
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

// errMore says that the header is not all there.
var errMore = errors.New("more is to come")

// read understands the header in b, up to the data. It returns 0 while that is
// not all there.
func (p *parse) read(b []byte) (int, error) {
	bad := func(what string) (int, error) {
		return 0, &badFrame{what, bytes.Clone(b[:min(len(b), mostHeader)])}
	}
	at := 0
	var err error
	if p.txnr, at, err = number(b, at, mostTxnr); err != nil || at < len(b) && b[at] != ' ' {
		return need(err, func() (int, error) { return bad("want a transaction number") })
	}
	word := at + 1
	at = word
	for at < len(b) && 'a' <= b[at] && b[at] <= 'z' && at-word <= mostCommand {
		at++
	}
	switch {
	case at >= len(b) && at-word <= mostCommand:
		return 0, nil
	case at == word || at-word > mostCommand || b[at] != ' ':
		return bad("want a command")
	}
	p.command = string(b[word:at])
	if p.size, at, err = number(b, at+1, mostLength); err != nil {
		return need(err, func() (int, error) { return bad("want the length of its data") })
	}
	switch {
	case b[at] == ' ':
		return at + 1, nil
	case b[at] == '\n' && p.size == 0:
		return at, nil
	}
	return bad("want a space behind the length of its data")
}

// need returns what read does when a number could not be read.
func need(err error, bad func() (int, error)) (int, error) {
	if errors.Is(err, errMore) {
		return 0, nil
	}
	return bad()
}

// number reads decimal digits from at on, and returns where they end: at a byte
// that is there. The error is errMore while that byte is not.
func number(b []byte, at, most int) (n, end int, err error) {
	end = at
	for end < len(b) && '0' <= b[end] && b[end] <= '9' && end-at <= most {
		end++
	}
	switch {
	case end-at > most || end < len(b) && end == at:
		return 0, at, errors.New("not a number")
	case end >= len(b):
		return 0, at, errMore
	}
	n, err = strconv.Atoi(string(b[at:end]))
	return n, end, err
}
