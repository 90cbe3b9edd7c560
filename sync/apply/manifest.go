package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// What a bundle may be.
const (
	PieceSize = 1 << 20  // bytes of each piece, but for the last
	MaxBundle = 64 << 20 // bytes
)

// A Sum is the SHA-256 of a piece or of a whole bundle, whose name it is. Its
// text is 64 hex digits in lower case.
type Sum [sha256.Size]byte

// String returns the hex digits.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// MarshalText returns the hex digits.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText returns, and nothing else.
func (s *Sum) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(s)) {
		return fmt.Errorf("a SHA-256 of %d characters", len(text))
	}
	var read Sum
	if _, err := hex.Decode(read[:], text); err != nil {
		return fmt.Errorf("a SHA-256: %w", err)
	}
	if read.String() != string(text) {
		return errors.New("a SHA-256 in capitals")
	}
	*s = read
	return nil
}

// A Manifest says what a bundle is made of, so that each piece can be told
// right from wrong by itself. The other side sends it: only Name is proven in
// the end.
type Manifest struct {
	Name   Sum   `json:"name"`   // of all bytes
	Size   int64 `json:"size"`   // bytes
	Pieces []Sum `json:"pieces"` // of each PieceSize bytes
}

// Describe reads a bundle of size bytes once, and returns its manifest.
func Describe(r io.ReaderAt, size int64) (Manifest, error) {
	m := Manifest{Size: size}
	if size < 1 || size > MaxBundle {
		return m, fmt.Errorf("%w: %d bytes, where 1 to %d may be", ErrManifest, size, MaxBundle)
	}
	whole := sha256.New()
	for at := int64(0); at < size; at += PieceSize {
		piece := sha256.New()
		if err := sumInto(io.MultiWriter(whole, piece), r, at, min(PieceSize, size-at)); err != nil {
			return m, fmt.Errorf("describe a bundle: %w", err)
		}
		m.Pieces = append(m.Pieces, Sum(piece.Sum(nil)))
	}
	m.Name = Sum(whole.Sum(nil))
	return m, nil
}

func sumInto(w io.Writer, r io.ReaderAt, at, size int64) error {
	n, err := io.Copy(w, io.NewSectionReader(r, at, size))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// check holds a manifest against the limits, and against itself.
func (m Manifest) check() error {
	if m.Size < 1 || m.Size > MaxBundle {
		return fmt.Errorf("%w: %d bytes, where 1 to %d may be", ErrManifest, m.Size, MaxBundle)
	}
	if want := pieces(m.Size); len(m.Pieces) != want {
		return fmt.Errorf("%w: %d pieces of %d bytes, where %d are needed", ErrManifest, len(m.Pieces), m.Size, want)
	}
	if len(m.Pieces) == 1 && m.Pieces[0] != m.Name {
		return fmt.Errorf("%w: the only piece is not the whole", ErrManifest)
	}
	return nil
}

func pieces(size int64) int { return int((size + PieceSize - 1) / PieceSize) }

// extent returns where a piece stands.
func (m Manifest) extent(piece int) Extent {
	at := int64(piece) * PieceSize
	return Extent{m.Name, at, min(PieceSize, m.Size-at)}
}

// Extents returns what has to be sent, adjoining pieces as one, when the other
// side says which pieces it has not got. ErrManifest if it names what is no
// piece, or one twice.
func (m Manifest) Extents(missing []int) ([]Extent, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	var all []Extent
	for i, piece := range missing {
		if piece < 0 || piece >= len(m.Pieces) || i > 0 && piece <= missing[i-1] {
			return nil, fmt.Errorf("%w: piece %d of %d is missing", ErrManifest, piece, len(m.Pieces))
		}
		e := m.extent(piece)
		if last := len(all) - 1; last >= 0 && all[last].At+all[last].Size == e.At {
			all[last].Size += e.Size
			continue
		}
		all = append(all, e)
	}
	return all, nil
}

// An Extent is a run of whole pieces of a bundle.
type Extent struct {
	Name     Sum
	At, Size int64 // bytes
}

// maxPath is longer than any path of an extent.
const maxPath = 128

// Path returns bundles/NAME/AT/SIZE, with the numbers in decimal: where an
// extent is sent to. It never is a path of a file system.
func (e Extent) Path() string { return fmt.Sprintf("bundles/%s/%d/%d", e.Name, e.At, e.Size) }

// ParseExtent reads what Path returns, and nothing else: ErrPath. Whether the
// bundle has such pieces is not looked at.
func ParseExtent(path string) (Extent, error) {
	var e Extent
	elements := strings.Split(path[:min(len(path), maxPath)], "/")
	if len(elements) != 4 || e.Name.UnmarshalText([]byte(elements[1])) != nil {
		return Extent{}, ErrPath
	}
	var err error
	for i, n := range []*int64{&e.At, &e.Size} {
		if *n, err = strconv.ParseInt(elements[2+i], 10, 64); err != nil {
			return Extent{}, ErrPath
		}
	}
	// There is one way to write each extent.
	if e.Path() != path || e.At < 0 || e.At%PieceSize != 0 || e.Size < 1 || e.Size > MaxBundle || e.At > MaxBundle-e.Size {
		return Extent{}, ErrPath
	}
	return e, nil
}

// fits reports whether an extent is made of whole pieces of so long a bundle.
func (e Extent) fits(size int64) bool {
	end := e.At + e.Size
	return end == size || end < size && e.Size%PieceSize == 0
}
