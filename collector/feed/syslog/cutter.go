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
		c.frames = &counted{src: whole, limit: c.limit}
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
	readBuffer = 64 << 10
)

// counted cuts a stream into frames that begin with the count of their octets:
// "5 hello". It holds little more than one frame of the longest length.
type counted struct {
	src   io.Reader
	limit int

	buf     []byte // what was read and not yet returned
	spare   []byte // the whole of it
	size    int    // of the frame that begins in buf
	started bool   // size holds
	read    int    // octets of a frame that is too long that are no longer in buf
	asked   bool   // the last read gave nothing and no reason
	bad     error
}

// Next implements stream.Frames.
func (c *counted) Next() ([]byte, error) {
	for !c.Buffered() {
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
	if c.bad != nil {
		return nil, c.bad
	}
	frame := c.buf[:c.size-c.read]
	c.buf, c.started = c.buf[len(frame):], false
	if c.size <= c.limit {
		return frame, nil
	}
	c.read = 0
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
	return len(c.buf) >= c.size-c.read
}

// count reads the count, if it is there.
func (c *counted) count() {
	n, size := 0, 0
	for n < len(c.buf) && n <= mostDigits && '0' <= c.buf[n] && c.buf[n] <= '9' {
		size = size*10 + int(c.buf[n]-'0')
		n++
	}
	switch {
	case n > mostDigits || n < len(c.buf) && (n == 0 || c.buf[n] != ' ' || c.buf[0] == '0'):
		c.bad = &stream.Foreign{Err: fmt.Errorf("want a count of octets and a space: %q", c.buf[:min(len(c.buf), 2*mostDigits)])}
	case n < len(c.buf):
		c.buf, c.size, c.started = c.buf[n+1:], size, true
	}
}

// shorten gives up all but the beginning of a frame that is too long.
func (c *counted) shorten() {
	if c.size <= c.limit || len(c.buf) <= headLen {
		return
	}
	drop := min(len(c.buf)-headLen, c.size-c.read-headLen)
	if drop <= 0 {
		return
	}
	copy(c.buf[headLen:], c.buf[headLen+drop:])
	c.buf = c.buf[:len(c.buf)-drop]
	c.read += drop
}

// fill reads once. It makes room first.
func (c *counted) fill() error {
	if len(c.buf)*2 >= len(c.spare) {
		c.spare = make([]byte, max(readBuffer, 2*len(c.spare)))
	}
	n := copy(c.spare, c.buf)
	c.buf = c.spare[:n]
	more, err := c.src.Read(c.spare[n:])
	c.buf = c.spare[:n+more]
	if more > 0 {
		c.asked = false
		return nil
	}
	if err == nil && c.asked {
		err = io.ErrNoProgress
	}
	c.asked = err == nil
	return err
}

// Unfinished implements stream.Frames.
func (c *counted) Unfinished() (size int64, head []byte) {
	if c.Buffered() {
		return 0, nil
	}
	size = int64(len(c.buf) + c.read)
	if c.started {
		size++ // its count, at the least
	}
	return size, bytes.Clone(c.buf[:min(len(c.buf), headLen)])
}

// TooLong implements stream.Frames.
func (c *counted) TooLong() bool { return c.started && c.size > c.limit }
