package syslog

import (
	"bytes"
	"fmt"
	"io"
	"net"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
)

// A cutter is the frames of one connection: whichever its first byte says.
type cutter struct {
	src    io.Reader
	limit  int
	body   func([]byte) []byte
	frames stream.Frames // nil before the first byte
}

func newCutter(c net.Conn, limit int, body func([]byte) []byte) *cutter {
	return &cutter{src: c, limit: limit, body: body}
}

// Next implements stream.Frames.
func (c *cutter) Next() ([]byte, error) {
	if c.frames == nil {
		if err := c.begin(); err != nil {
			return nil, err
		}
	}
	frame, err := c.frames.Next()
	if err != nil {
		return nil, err
	}
	return c.body(frame), nil
}

// begin reads the first byte.
func (c *cutter) begin() error {
	var first [1]byte
	if _, err := io.ReadFull(c.src, first[:]); err != nil {
		return err
	}
	whole := io.MultiReader(bytes.NewReader(first[:]), c.src)
	if '0' <= first[0] && first[0] <= '9' {
		c.frames = &counted{window: feed.NewWindow(whole), limit: c.limit}
	} else {
		c.frames = feed.NewLineReader(whole, c.limit)
	}
	return nil
}

// Buffered implements stream.Frames.
func (c *cutter) Buffered() bool { return c.frames != nil && c.frames.Buffered() }

// Unfinished implements stream.Frames.
func (c *cutter) Unfinished() (size int64, head []byte) {
	if c.frames == nil {
		return 0, nil
	}
	return c.frames.Unfinished()
}

// TooLong implements stream.Frames.
func (c *cutter) TooLong() bool { return c.frames != nil && c.frames.TooLong() }

const (
	headLen    = 256 // bytes of what cannot be kept that are told
	mostDigits = 9
)

// counted cuts a stream into frames that begin with the count of their octets:
// "5 hello". It holds little more than one frame of the longest length.
type counted struct {
	window  feed.Window
	limit   int
	size    int  // of the frame with which the window begins
	started bool // size holds
	dropped int  // octets of a frame that is too long that are no longer there
	bad     error
}

// Next implements stream.Frames.
func (c *counted) Next() ([]byte, error) {
	for !c.Buffered() {
		if err := c.window.Fill(); err != nil {
			return nil, err
		}
	}
	if c.bad != nil {
		return nil, c.bad
	}
	frame := c.window.Bytes()[:c.size-c.dropped]
	c.window.Take(len(frame))
	c.started = false
	if c.size <= c.limit {
		return frame, nil
	}
	c.dropped = 0
	return nil, &stream.Unfit{Head: bytes.Clone(frame[:min(len(frame), headLen)]), Err: tooLong(c.size, c.limit)}
}

func tooLong(size, limit int) error {
	return fmt.Errorf("message of %d bytes is longer than frame_limit = %d", size, limit)
}

// Buffered implements stream.Frames.
func (c *counted) Buffered() bool {
	if !c.started && c.bad == nil {
		c.count()
	}
	if c.bad != nil {
		return true
	}
	if !c.started {
		return false
	}
	c.shorten()
	return len(c.window.Bytes()) >= c.size-c.dropped
}

// count reads the count, if it is there.
func (c *counted) count() {
	read, n, size := c.window.Bytes(), 0, 0
	for n < len(read) && n <= mostDigits && '0' <= read[n] && read[n] <= '9' {
		size = size*10 + int(read[n]-'0')
		n++
	}
	switch {
	case n > mostDigits || n < len(read) && (n == 0 || read[n] != ' ' || read[0] == '0'):
		c.bad = &stream.Foreign{Err: fmt.Errorf("want a count of octets and a space: %q", read[:min(len(read), 2*mostDigits)])}
	case n < len(read):
		c.window.Take(n + 1)
		c.size, c.started = size, true
	}
}

// shorten gives up all but the beginning of a frame that is too long.
func (c *counted) shorten() {
	if c.size <= c.limit {
		return
	}
	if drop := min(len(c.window.Bytes()), c.size-c.dropped) - headLen; drop > 0 {
		c.window.Drop(headLen, drop)
		c.dropped += drop
	}
}

// Unfinished implements stream.Frames.
func (c *counted) Unfinished() (size int64, head []byte) {
	if c.Buffered() {
		return 0, nil
	}
	read := c.window.Bytes()
	size = int64(len(read) + c.dropped)
	if c.started {
		size++ // its count, at the least
	}
	return size, bytes.Clone(read[:min(len(read), headLen)])
}

// TooLong implements stream.Frames.
func (c *counted) TooLong() bool { return c.started && c.size > c.limit }
