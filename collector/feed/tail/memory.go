package tail

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// memory is what a file held where it begins and where it was read last. While
// it still does, it was not cut and written anew.
type memory struct {
	head []byte // the first bytes that were read, headSize at most
	tail []byte // the last ones before end, headSize at most
	end  int64  // up to here the file was read
}

// add notes bytes that follow those that were read.
func (m *memory) add(p []byte) {
	if room := headSize - len(m.head); room > 0 {
		if known := int64(len(m.head)) - m.end; known >= 0 && known < int64(len(p)) {
			fresh := p[known:]
			m.head = append(m.head, fresh[:min(len(fresh), room)]...)
		}
	}
	m.end += int64(len(p))
	if len(p) >= headSize {
		m.tail = append(m.tail[:0], p[len(p)-headSize:]...)
		return
	}
	m.tail = append(m.tail, p...)
	m.tail = m.tail[:copy(m.tail, m.tail[max(0, len(m.tail)-headSize):])]
}

// fits tells whether the file still holds what is remembered of it, and at
// least size bytes.
func (m *memory) fits(f *os.File, size int64) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() < size {
		return false, err
	}
	ok, err := holdsAt(f, m.head, 0)
	if err != nil || !ok {
		return false, err
	}
	return holdsAt(f, m.tail, m.end-int64(len(m.tail)))
}

// holdsAt tells whether the file has these bytes, headSize at most, at offset.
func holdsAt(f *os.File, want []byte, offset int64) (bool, error) {
	var got [headSize]byte
	n, err := f.ReadAt(got[:len(want)], offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return bytes.Equal(got[:n], want), nil
}
