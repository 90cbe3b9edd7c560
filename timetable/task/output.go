package task

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// What is kept of what a run says.
const (
	headSize = 512 << 10 // bytes, from the beginning
	tailSize = 512 << 10 // from the end
	lastSize = 4 << 10   // for the ledger
)

// ours begins a line of the runner's own.
const ours = "-- "

// unfinished ends the name of an output while it is shortened.
const unfinished = ".new"

// leftOut stands between head and tail. It is always as long.
const leftOut = "\n[%20d bytes are left out here]\n"

func markSize() int64 { return int64(len(fmt.Sprintf(leftOut, 0))) }

// cutSize is how long an output is right after its middle was left out.
func cutSize() int64 { return headSize + markSize() + tailSize }

// An output is the file that keeps what a run says: all of it, or the
// beginning and the end. It grows while the run lasts, up to half as much
// again, and is shortened by a file that takes its place: who reads it sees
// one or the other. A file that cannot be written hurts no run: what it said
// last is known all the same.
type output struct {
	path string
	file *os.File
	size int64  // of the file
	left int64  // bytes that were left out of it
	last []byte // the last of what was said
	said int64  // bytes since the mark
	err  error  // why the file is not written any more
}

func newOutput(path string) *output {
	o := &output{path: path}
	o.file, o.err = os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	return o
}

// Write never fails.
func (o *output) Write(p []byte) (int, error) {
	o.said += int64(len(p))
	o.keepLast(p)
	for rest := p; len(rest) > 0 && o.err == nil; {
		n := min(len(rest), 64<<10)
		_, o.err = o.file.Write(rest[:n])
		o.size += int64(n)
		rest = rest[n:]
		if o.err == nil && o.size > cutSize()+tailSize {
			o.err = o.shorten()
		}
	}
	return len(p), nil
}

func (o *output) keepLast(p []byte) {
	o.last = append(o.last, p[max(0, len(p)-lastSize):]...)
	if over := len(o.last) - lastSize; over > 0 {
		o.last = append(o.last[:0], o.last[over:]...)
	}
}

// tell adds a line of the runner's own, at the beginning of a line.
func (o *output) tell(format string, args ...any) {
	if n := len(o.last); n > 0 && o.last[n-1] != '\n' {
		_, _ = o.Write([]byte("\n")) // never fails
	}
	fmt.Fprintf(o, ours+format+"\n", args...)
}

// tail returns the last of what was said, as text.
func (o *output) tail() string {
	last := o.last
	for len(o.last) == lastSize && len(last) > lastSize-utf8.UTFMax && !utf8.RuneStart(last[0]) {
		last = last[1:] // the rest of a character
	}
	return strings.ToValidUTF8(string(last), "\ufffd")
}

// mark begins what sinceMark returns.
func (o *output) mark() { o.said = 0 }

// sinceMark returns what tail does, without what was said before the mark.
func (o *output) sinceMark() string {
	if o.said >= int64(len(o.last)) {
		return o.tail()
	}
	return strings.ToValidUTF8(string(o.last[len(o.last)-int(o.said):]), "\ufffd")
}

// shorten leaves out the middle, in a file that takes the place of this one.
func (o *output) shorten() (err error) {
	kept := int64(headSize)
	if o.left > 0 {
		kept += markSize()
	}
	left := o.left + o.size - kept - tailSize
	shorter, err := os.OpenFile(o.path+unfinished, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(shorter, io.NewSectionReader(o.file, 0, headSize))
	if err == nil {
		_, err = fmt.Fprintf(shorter, leftOut, left)
	}
	if err == nil {
		_, err = io.Copy(shorter, io.NewSectionReader(o.file, o.size-tailSize, tailSize))
	}
	if err == nil {
		err = os.Rename(shorter.Name(), o.path)
	}
	if err != nil {
		return errors.Join(err, shorter.Close(), os.Remove(shorter.Name()))
	}
	err = o.file.Close()
	o.file, o.size, o.left = shorter, cutSize(), left
	return err
}

// close ends the output, and reports why it does not hold what it should.
func (o *output) close() error {
	if o.file == nil {
		return o.err
	}
	if o.err == nil && o.size > headSize+tailSize && (o.left == 0 || o.size > cutSize()) {
		o.err = o.shorten()
	}
	if o.err == nil {
		o.err = o.file.Sync()
	}
	return errors.Join(o.err, o.file.Close())
}
