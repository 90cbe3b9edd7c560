package feed

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// Whatever is read in whatever pieces, and however it is taken and dropped, the
// window is what a slice of the whole would be, and holds little more than it.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := bytes.Repeat([]byte("0123456789abcdef-"), rapid.IntRange(0, 400_000).Draw(t, "bytes")/17)
		var src io.Reader = bytes.NewReader(stream)
		if rapid.Bool().Draw(t, "halves") {
			src = iotest.HalfReader(src)
		}
		w := NewWindow(src)
		var held []byte
		most := 0
		for range rapid.IntRange(1, 30).Draw(t, "moves") {
			switch rapid.IntRange(0, 2).Draw(t, "move") {
			case 0:
				before := len(w.Bytes())
				err := w.Fill()
				n := len(w.Bytes()) - before
				if (err == nil) != (n > 0) || n > len(stream) {
					t.Fatalf("%d more, %v", n, err)
				}
				held, stream = append(held, stream[:n]...), stream[n:]
			case 1:
				n := rapid.IntRange(0, len(held)).Draw(t, "take")
				w.Take(n)
				held = held[n:]
			case 2:
				at := rapid.IntRange(0, len(held)).Draw(t, "at")
				n := rapid.IntRange(0, len(held)-at).Draw(t, "drop")
				w.Drop(at, n)
				held = append(held[:at:at], held[at+n:]...)
			}
			most = max(most, len(held))
			if !bytes.Equal(w.Bytes(), held) {
				t.Fatalf("%q, want %q", w.Bytes(), held)
			}
			if len(w.buf) > max(windowSize, 4*most) {
				t.Fatalf("%d bytes for %d", len(w.buf), most)
			}
		}
	})
}
