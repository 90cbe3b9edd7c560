package feed

import (
	"bytes"
	"errors"
	"io"
)

// HeadSize is how much of a file's beginning tells it from others.
const HeadSize = 256

// Memory is what a file held where it begins and where it was read last. While
// it still does, it was not cut and written anew.
type Memory struct {
	Head []byte // the first bytes that were read, HeadSize at most
	End  int64  // up to here the file was read
	tail []byte // the last ones before End, HeadSize at most
}

// Add notes bytes that follow those that were read.
func (m *Memory) Add(p []byte) {
	if room := HeadSize - len(m.Head); room > 0 {
		if known := int64(len(m.Head)) - m.End; known >= 0 && known < int64(len(p)) {
			fresh := p[known:]
			m.Head = append(m.Head, fresh[:min(len(fresh), room)]...)
		}
	}
	m.End += int64(len(p))
	if len(p) >= HeadSize {
		m.tail = append(m.tail[:0], p[len(p)-HeadSize:]...)
		return
	}
	m.tail = append(m.tail, p...)
	m.tail = m.tail[:copy(m.tail, m.tail[max(0, len(m.tail)-HeadSize):])]
}

// Fits tells whether the file still holds what is remembered of it.
func (m *Memory) Fits(f io.ReaderAt) (bool, error) {
	ok, err := holdsAt(f, m.Head, 0)
	if err != nil || !ok {
		return false, err
	}
	return holdsAt(f, m.tail, m.End-int64(len(m.tail)))
}

// holdsAt tells whether the file has these bytes, HeadSize at most, at offset.
func holdsAt(f io.ReaderAt, want []byte, offset int64) (bool, error) {
	var got [HeadSize]byte
	n, err := f.ReadAt(got[:len(want)], offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return bytes.Equal(got[:n], want), nil
}
