package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"
)

// widest is the most memory that unpacking takes for what was said before.
const widest = 64 << 20

// A meter counts and hashes what goes through.
type meter struct {
	hash.Hash
	n int64
}

func newMeter() *meter { return &meter{Hash: sha256.New()} }

func (m *meter) Write(p []byte) (int, error) {
	m.n += int64(len(p))
	return m.Hash.Write(p)
}

func (m *meter) sum() string { return hex.EncodeToString(m.Sum(nil)) }

// pack writes what r says to w, packed, and says what both are.
func pack(w io.Writer, r io.Reader) (f File, err error) {
	plain, small := newMeter(), newMeter()
	z, err := zstd.NewWriter(io.MultiWriter(w, small), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return f, err
	}
	_, err = io.Copy(io.MultiWriter(z, plain), r)
	err = errors.Join(err, z.Close())
	return File{Size: plain.n, Sum: plain.sum(), Packed: small.n, PackSum: small.sum()}, err
}

// unpack writes to w what was packed, if it is what f says: else ErrDamaged,
// and what was written is to be thrown away.
func unpack(w io.Writer, r io.Reader, f File) error {
	plain, small := newMeter(), newMeter()
	from := io.TeeReader(r, small)
	z, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(widest))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, f.Name, err)
	}
	defer z.Close()
	to := &faithful{w: io.MultiWriter(w, plain)}
	_, err = io.Copy(to, io.LimitReader(z, f.Size+1))
	if to.err != nil {
		return to.err // of this side
	}
	if err == nil {
		_, err = io.Copy(io.Discard, from)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s: %w", ErrDamaged, f.Name, err)
	case small.n != f.Packed || small.sum() != f.PackSum || plain.n != f.Size || plain.sum() != f.Sum:
		return fmt.Errorf("%w: %s does not fit its hash", ErrDamaged, f.Name)
	}
	return nil
}

// A faithful writer remembers its error: a disk that is full here says nothing
// of the backup.
type faithful struct {
	w   io.Writer
	err error
}

func (f *faithful) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err != nil {
		f.err = err
	}
	return n, err
}
