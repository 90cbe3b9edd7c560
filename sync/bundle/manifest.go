package bundle

import (
	"errors"
	"fmt"
	"io"
)

// PieceSize is how much of a bundle travels at a time, when it goes as a file.
const PieceSize = 1 << 20

// Inline is how large a bundle may be that travels within the verb.
const Inline = 256 << 10

// A Manifest tells the other end what the pieces of a bundle must be, so that
// it can tell after a cut which of them it holds.
type Manifest struct {
	Name   Digest   `json:"name"` // of the whole
	Size   int64    `json:"size"` // bytes
	Pieces []Digest `json:"pieces"`
}

// ManifestOf returns the manifest of a bundle's bytes.
func ManifestOf(b []byte) Manifest {
	m := Manifest{Name: DigestOf(b), Size: int64(len(b)), Pieces: []Digest{}}
	for len(b) > 0 {
		n := min(len(b), PieceSize)
		m.Pieces = append(m.Pieces, DigestOf(b[:n]))
		b = b[n:]
	}
	return m
}

// Check tells whether this can be the manifest of a bundle.
func (m Manifest) Check() error {
	if m.Size <= 0 || m.Size > MaxBytes {
		return fmt.Errorf("%w: %d bytes: want 1 to %d", ErrBundle, m.Size, MaxBytes)
	}
	if want := (m.Size + PieceSize - 1) / PieceSize; int64(len(m.Pieces)) != want {
		return fmt.Errorf("%w: %d bytes in %d pieces: want %d", ErrBundle, m.Size, len(m.Pieces), want)
	}
	return nil
}

// Piece returns where piece i stands, and how long it is.
func (m Manifest) Piece(i int) (off, size int64) {
	off = int64(i) * PieceSize
	return off, min(PieceSize, m.Size-off)
}

// Missing returns the pieces of which r does not hold the bytes, in order. r
// may be shorter than the bundle; what stands behind it is not looked at. The
// memory is that of one piece. The manifest must have passed Check.
func (m Manifest) Missing(r io.ReaderAt) ([]int, error) {
	var missing []int
	buffer := make([]byte, min(PieceSize, m.Size))
	for i, want := range m.Pieces {
		off, size := m.Piece(i)
		n, err := r.ReadAt(buffer[:size], off)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read piece %d of bundle %s: %w", i, m.Name.Short(), err)
		}
		if int64(n) < size || DigestOf(buffer[:size]) != want {
			missing = append(missing, i)
		}
	}
	return missing, nil
}
