package files

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

const (
	ahead     = 512 << 10 // that is asked for at once of a server, and kept
	unpackAny = 16 << 20  // bytes that a packed file may always become,
	unpackBy  = 250       // and for each of its own so many more
)

// content is what a file holds, unpacked: a stream that ends where the file did
// when it was listed, and goes on when that has been moved.
type content struct {
	file   *section
	stream io.Reader
	packed bool
	most   int64       // bytes that may come of it; 0: any number
	known  feed.Memory // of the stream
	close  bool        // a line end is to come yet
	closed bool        // it came: what was read is not to be read on
}

// newContent makes the stream of a file of that name and size.
func newContent(name string, file *section, far bool) (*content, error) {
	c := &content{file: file, stream: file, packed: strings.HasSuffix(name, ".gz")}
	if far {
		c.stream = bufio.NewReaderSize(file, ahead)
	}
	if c.packed && file.size > 0 {
		c.most = unpackAny + unpackBy*min(file.size, 1<<50) // a size is easily claimed
		unpacked, err := gzip.NewReader(c.stream)
		if err != nil {
			return nil, fmt.Errorf("unpack it: %w", err)
		}
		c.stream = unpacked
	}
	return c, nil
}

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	n, err := c.stream.Read(p)
	c.known.Add(p[:n])
	if c.most > 0 && c.known.End > c.most {
		return 0, fmt.Errorf("unpack it: %d bytes become more than %d", c.file.size, c.most)
	}
	if n == 0 && c.close && errors.Is(err, io.EOF) && len(p) > 0 {
		c.close, c.closed = false, true
		p[0] = '\n'
		return 1, nil
	}
	if err != nil && !errors.Is(err, io.EOF) && c.packed {
		err = fmt.Errorf("unpack it: %w", err)
	}
	return n, err
}

// growsTo goes on in the same file, opened anew, if it still holds what was read.
func (c *content) growsTo(file *section) (bool, error) {
	if c.packed || c.closed || file.size < c.known.End {
		return false, nil
	}
	ok, err := c.known.Fits(file.File)
	if ok && err == nil {
		file.at = c.file.at
		*c.file = *file
	}
	return ok, err
}

// A section is the beginning of a file, as long as the file was.
type section struct {
	feed.File
	voice *feed.Voice
	over  func() error // why nothing more is to be read
	size  int64
	at    int64
}

// Read implements io.Reader. It says that it goes to the files.
func (s *section) Read(p []byte) (int, error) {
	if s.at >= s.size {
		return 0, io.EOF
	}
	if err := s.over(); err != nil {
		return 0, err
	}
	s.voice.Leave(time.Now())
	n, err := s.ReadAt(p[:min(int64(len(p)), s.size-s.at)], s.at)
	s.at += int64(n)
	if errors.Is(err, io.EOF) {
		err = nil
		if n == 0 {
			return 0, errShrunk
		}
	}
	return n, err
}

// errShrunk tells that a file ended before the size that it had.
var errShrunk = errors.New("it was cut while it was read")
