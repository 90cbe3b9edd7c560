package bundle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
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
	if len(m.Pieces) == 1 && m.Pieces[0] != m.Name {
		return fmt.Errorf("%w: its one piece is not the whole", ErrBundle)
	}
	return nil
}

// piece returns where piece i stands.
func (m Manifest) piece(i int) Extent {
	at := int64(i) * PieceSize
	return Extent{m.Name, at, min(PieceSize, m.Size-at)}
}

// Extents returns what is to be sent when the other end says which pieces it
// misses: each run of pieces as one. ErrBundle if it names what is no piece, or
// not in order. The manifest must have passed Check.
func (m Manifest) Extents(missing []int) ([]Extent, error) {
	var all []Extent
	next := 0 // behind the last
	for _, i := range missing {
		if i < next || i >= len(m.Pieces) {
			return nil, fmt.Errorf("%w: piece %d of %d is said to be missing", ErrBundle, i, len(m.Pieces))
		}
		if e := m.piece(i); i == next && len(all) > 0 {
			all[len(all)-1].Size += e.Size
		} else {
			all = append(all, e)
		}
		next = i + 1
	}
	return all, nil
}

// An Extent is a run of whole pieces of a bundle, in bytes.
type Extent struct {
	Name     Digest
	At, Size int64
}

// Fits tells whether it can be of a bundle of so many bytes.
func (e Extent) Fits(size int64) bool {
	end := e.At + e.Size
	return end == size || end < size && e.Size%PieceSize == 0
}

// Path returns bundles/NAME/AT/SIZE, the place in the twin's tree to which the
// extent is put.
func (e Extent) Path() string { return fmt.Sprintf("bundles/%s/%d/%d", e.Name, e.At, e.Size) }

// ParseExtent reads what Path returns, and nothing else. Whether there is such
// a bundle it does not ask.
func ParseExtent(path string) (Extent, error) {
	const longest = len("bundles///") + 2*sha256.Size + 2*len("67108864")
	if len(path) > longest {
		return Extent{}, fmt.Errorf("%w: a path of %d bytes", ErrBundle, len(path))
	}
	var e Extent
	part := strings.Split(path, "/")
	if len(part) != 4 || e.Name.UnmarshalText([]byte(part[1])) != nil {
		return Extent{}, fmt.Errorf("%w: path %q", ErrBundle, path)
	}
	e.At, _ = strconv.ParseInt(part[2], 10, 64)
	e.Size, _ = strconv.ParseInt(part[3], 10, 64)
	if e.Path() != path || e.At < 0 || e.At%PieceSize != 0 || e.Size <= 0 || e.At > MaxBytes || e.At+e.Size > MaxBytes {
		return Extent{}, fmt.Errorf("%w: path %q", ErrBundle, path)
	}
	return e, nil
}

// Missing returns the pieces of which r does not hold the bytes, in order. r
// may be shorter than the bundle; what stands behind it is not looked at. The
// memory is that of one piece. The manifest must have passed Check.
func (m Manifest) Missing(r io.ReaderAt) ([]int, error) {
	missing := []int{}
	buffer := make([]byte, min(PieceSize, m.Size))
	for i, want := range m.Pieces {
		e := m.piece(i)
		n, err := r.ReadAt(buffer[:e.Size], e.At)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read piece %d of bundle %s: %w", i, m.Name.Short(), err)
		}
		if int64(n) < e.Size || DigestOf(buffer[:e.Size]) != want {
			missing = append(missing, i)
		}
	}
	return missing, nil
}
