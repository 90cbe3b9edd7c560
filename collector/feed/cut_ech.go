package feed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/twinctl/twin/collector/ech"
)

// echCutter cuts a file of ech in either form. The head of a binary file is no
// part of any record: neither the number of the file nor the version makes a
// segment another one.
type echCutter struct {
	src    *bufio.Reader
	limit  int
	lines  *lineCutter // of the text form
	binary bool
	empty  int // bytes of the binary form before the next piece in which there is nothing
	done   int // bytes of the binary form up to the end of the last piece
	wrong  error
}

func newECHCutter(src io.Reader, limit int) *echCutter {
	return &echCutter{src: bufio.NewReaderSize(src, windowSize), limit: limit}
}

// Next implements Cutter.
func (c *echCutter) Next() ([]byte, error) {
	if c.lines == nil && !c.binary {
		if err := c.begin(); err != nil {
			return nil, err
		}
		if c.binary {
			return nil, nil
		}
	}
	if c.lines != nil {
		return c.lines.Next()
	}
	piece, err := c.src.Peek(ech.RecordSize)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimLeft(piece, "\x00")) > 0 {
		c.empty = 0
		return piece, c.take(len(piece))
	}
	if c.empty >= endlessBytes {
		return nil, &ShapeError{"ech", fmt.Errorf("there is nothing in the %d bytes before byte %d", c.empty, c.done)}
	}
	c.empty += len(piece)
	return piece, c.take(len(piece))
}

// begin finds out which form the file has, and reads its head.
func (c *echCutter) begin() error {
	if c.wrong != nil {
		return c.wrong
	}
	head, err := c.src.Peek(ech.HeadSize)
	if len(head) < ech.VersionSize || err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	isBinary, wrong := ech.CheckHead(head)
	switch {
	case wrong != nil:
		c.wrong = &ShapeError{"ech", wrong}
		return c.wrong
	case !isBinary:
		c.lines = newLineCutter("ech", c.src, c.limit)
		return nil
	case len(head) < ech.HeadSize:
		return err
	}
	c.binary = true
	return c.take(ech.HeadSize)
}

// take goes behind bytes that were peeked at. They stay where they are until
// more are read.
func (c *echCutter) take(n int) error {
	n, err := c.src.Discard(n)
	c.done += n
	return err
}

// Consumed implements Cutter.
func (c *echCutter) Consumed() int64 {
	if c.lines != nil {
		return c.lines.Consumed()
	}
	return int64(c.done)
}

// Unfinished implements Cutter.
func (c *echCutter) Unfinished() (size int64, head []byte) {
	if c.lines != nil {
		return c.lines.Unfinished()
	}
	n := c.src.Buffered()
	if c.binary && n >= ech.RecordSize {
		return 0, nil
	}
	rest, err := c.src.Peek(n)
	if err != nil {
		return 0, nil
	}
	return int64(n), headOf(rest)
}
