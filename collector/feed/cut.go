package feed

import (
	"errors"
	"fmt"
	"io"

	"github.com/twinctl/twin/collector/record"
)

// A Cutter cuts a file into what may become records, from the file's beginning.
// A *LineReader is one; the others behave like it.
type Cutter interface {
	// Next returns the next piece, in its canonical bytes, valid until the next
	// call. An empty one is nothing: an empty line, or the head of a file. A
	// *LongLineError stands for one piece, a *ShapeError for the whole file; with
	// any other error, which is the file's, the unfinished piece stays where it is,
	// and Next may be called again.
	Next() ([]byte, error)
	// Consumed returns how many bytes of the file lie before the end of what Next
	// returned last.
	Consumed() int64
	// Unfinished returns how many bytes of a piece were read whose end was not,
	// and the first 256 of them: at the end of a file, what is cut off there.
	Unfinished() (size int64, head []byte)
}

// A ShapeError tells that a file is not of its format: nothing in it is a
// record, or nothing from some place on, and to read it again will not help.
type ShapeError struct {
	Format string
	Err    error
}

func (e *ShapeError) Error() string { return fmt.Sprintf("not a file of %s: %v", e.Format, e.Err) }

// Unwrap returns the cause.
func (e *ShapeError) Unwrap() error { return e.Err }

// NewCutter returns what cuts a file of the format that o asks for, which is
// read from src. Pieces are of at most o.FrameLimit bytes.
//
//   - ech: the binary form if the file begins with its version, and then the
//     pieces are records of 493 bytes, whatever FrameLimit is; else lines.
//   - cucm_cdr: lines, of which the first two are the columns' names and types.
//     Where columns stand at other places than they usually do, a piece is the
//     line of names, a line feed, and the line.
//   - all others: lines.
//
// What comes in another way than as a file is cut by its kind, as lines as a
// rule: that is good for all formats but the binary form of ech, and cucm_cdr
// as long as its columns stand where they usually do.
func NewCutter(o Options, src io.Reader) Cutter {
	switch o.Format {
	case "ech":
		return newECHCutter(src, o.FrameLimit)
	case "cucm_cdr":
		return &cucmCutter{lineCutter: newLineCutter(o.Format, src, o.FrameLimit)}
	}
	return newLineCutter(o.Format, src, o.FrameLimit)
}

// A line of a file that goes on for longer than both has no end: the file is not
// one of lines. It may have cost nobody anything, as a sparse one of terabytes.
const (
	endlessBytes  = 64 << 20
	endlessLimits = 64 // times the longest line
)

// A lineCutter cuts a file of lines.
type lineCutter struct {
	*LineReader
	format string
}

func newLineCutter(format string, src io.Reader, limit int) *lineCutter {
	lines := NewLineReader(src, limit)
	lines.most = max(endlessBytes, endlessLimits*int64(limit))
	return &lineCutter{lines, format}
}

// Next implements Cutter.
func (c *lineCutter) Next() ([]byte, error) {
	line, err := c.LineReader.Next()
	if errors.Is(err, errEndless) {
		err = &ShapeError{c.format, err}
	}
	return line, err
}

// FileOrdinals counts the identical records of one file, also where they are not
// in the order of their times: up to twice as many distinct ones are remembered.
// All that reads files counts so, for the keys to be the same.
func FileOrdinals() record.Ordinals { return record.Ordinals{Keep: 4096} }
