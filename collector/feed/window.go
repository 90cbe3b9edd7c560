package feed

import "io"

// windowSize is how much a Window asks for at once, and what it begins with.
const windowSize = 64 << 10

// A Window is what was read of a stream and not yet taken. It holds twice as
// much as is left in it at the most, or 64 KiB: whoever bounds what he leaves
// bounds its memory.
type Window struct {
	src      io.Reader
	buf      []byte
	from, to int
	asked    bool // the last read gave nothing and no reason
}

// NewWindow makes a window onto src.
func NewWindow(src io.Reader) Window { return Window{src: src} }

// Bytes returns what is in the window, valid until Fill or Drop.
func (w *Window) Bytes() []byte { return w.buf[w.from:w.to] }

// Take takes the first n bytes out. They stay as they are until Fill.
func (w *Window) Take(n int) { w.from += n }

// Drop takes n bytes out from the middle, at an offset in Bytes.
func (w *Window) Drop(at, n int) {
	at += w.from
	copy(w.buf[at:], w.buf[at+n:w.to])
	w.to -= n
}

// Fill reads once, and blocks as the stream does. It makes room first: by moving
// what is left to the front, and if that takes up more than half, by doubling.
func (w *Window) Fill() error {
	if w.from > 0 {
		copy(w.buf, w.buf[w.from:w.to])
		w.from, w.to = 0, w.to-w.from
	}
	if w.to*2 >= len(w.buf) {
		w.buf = append(make([]byte, 0, max(windowSize, 2*len(w.buf))), w.buf[:w.to]...)
		w.buf = w.buf[:cap(w.buf)]
	}
	n, err := w.src.Read(w.buf[w.to:])
	w.to += n
	if n > 0 {
		w.asked = false
		return nil
	}
	if err == nil && w.asked {
		err = io.ErrNoProgress
	}
	w.asked = err == nil
	return err
}
