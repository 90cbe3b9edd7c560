package relp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/twinctl/twin/collector/feed"
)

const (
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
	window feed.Window
	limit  int   // bytes of data
	now    parse // the frame with which the window begins
}

// A parse is how far a frame was understood.
type parse struct {
	frame
	header  int // bytes up to the data; 0 before it was understood
	dropped int // bytes of data that are too many and no longer there
	err     error
}

func newReader(src io.Reader, limit int) *reader {
	return &reader{window: feed.NewWindow(src), limit: limit}
}

// next returns the next frame. It blocks as the stream does. A *badFrame is
// final; any other error is the stream's.
func (r *reader) next() (frame, error) {
	for !r.buffered() {
		if err := r.window.Fill(); err != nil {
			return frame{}, err
		}
	}
	if r.now.err != nil {
		return frame{}, r.now.err
	}
	f := r.now.frame
	kept := f.size - r.now.dropped
	f.data = r.window.Bytes()[r.now.header:][:kept]
	if f.size > r.limit {
		f.data = f.data[:min(kept, headLen)]
	}
	r.window.Take(r.now.header + kept + 1)
	r.now = parse{}
	return f, nil
}

// buffered tells whether next has something to return without reading on.
func (r *reader) buffered() bool {
	if r.now.err == nil && r.now.header == 0 {
		r.now.header, r.now.err = r.now.read(r.window.Bytes())
	}
	if r.now.err != nil {
		return true
	}
	if r.now.header == 0 {
		return false
	}
	r.shorten()
	read, end := r.window.Bytes(), r.now.header+r.now.size-r.now.dropped
	if end >= len(read) {
		return false
	}
	if read[end] != '\n' {
		r.now.err = r.bad("no line feed behind its data")
	}
	return true
}

// unfinished returns how many bytes of a frame were read whose end was not.
func (r *reader) unfinished() int {
	if r.buffered() {
		return 0
	}
	return len(r.window.Bytes()) + r.now.dropped
}

func (r *reader) bad(what string) error {
	read := r.window.Bytes()
	return &badFrame{what, bytes.Clone(read[:min(len(read), mostHeader)])}
}

// shorten gives up the data of a frame that is too long, but for its beginning
// and for what may be the line feed behind it.
func (r *reader) shorten() {
	if r.now.size <= r.limit {
		return
	}
	keep := r.now.header + headLen
	rest := r.now.size - r.now.dropped - headLen // still to come, or here behind keep
	if drop := min(rest, len(r.window.Bytes())-keep); drop > 0 {
		r.window.Drop(keep, drop)
		r.now.dropped += drop
	}
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
