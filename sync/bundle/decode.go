package bundle

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/admin"
)

// Read returns the bundle that these bytes are, if that is their name. Whatever
// is altered, cut off, too large, out of order or written in another way than
// Encode writes it is ErrBundle. What the rows mean it does not judge.
func Read(name Digest, b []byte) (*Bundle, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes: want %d at most", ErrBundle, len(b), MaxBytes)
	}
	if got := DigestOf(b); got != name {
		return nil, fmt.Errorf("%w: its hash is %s: want %s: it was altered", ErrBundle, got.Short(), name.Short())
	}
	packed, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrBundle, magic)
	}
	rest := bytes.NewReader(packed)
	plain := &plainReader{r: flate.NewReader(rest), left: maxPlain}
	got, err := parse(plain)
	if err == nil && rest.Len() > 0 {
		err = fmt.Errorf("%d bytes behind it", rest.Len())
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return got, nil
}

var errEndless = errors.New("it unpacks to more than a bundle holds")

// plainReader reads what was compressed, as long as that is not too much.
type plainReader struct {
	r    io.Reader
	left int64
}

func (p *plainReader) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, errEndless
	}
	n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	return n, err
}

// parser reads what Encode compressed.
type parser struct {
	r      io.Reader
	buffer []byte
	into   *Bundle
	counts []Count
	rows   int
	last   entry
}

func parse(r io.Reader) (*Bundle, error) {
	p := &parser{r: r}
	if err := p.header(); err != nil {
		return nil, err
	}
	for {
		done, err := p.entry()
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", p.rows, err)
		}
		if done {
			return p.into, p.end()
		}
	}
}

// take returns the next n bytes, which stay until it is called again.
func (p *parser) take(n int) ([]byte, error) {
	if cap(p.buffer) < n {
		p.buffer = make([]byte, n)
	}
	b := p.buffer[:n]
	_, err := io.ReadFull(p.r, b)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// sized returns what stands behind its own length of 4 bytes.
func (p *parser) sized(most uint32) ([]byte, error) {
	b, err := p.take(4)
	if err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(b)
	if size > most {
		return nil, fmt.Errorf("%d bytes where %d are the most", size, most)
	}
	return p.take(int(size))
}

func (p *parser) header() error {
	text, err := p.sized(maxHeader)
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	var h header
	if err := json.Unmarshal(text, &h); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	again, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if !bytes.Equal(again, text) {
		return errors.New("header: it is not written as a header is")
	}
	if h.Epoch < 0 || h.From < 0 || h.To <= h.From || len(h.Counts) > maxKinds {
		return fmt.Errorf("header: epoch %d, generations %d to %d, %d kinds", h.Epoch, h.From, h.To, len(h.Counts))
	}
	p.into, p.counts = h.bundle(), h.Counts
	return nil
}

// entry reads one row into the bundle; done tells that there was none.
func (p *parser) entry() (done bool, err error) {
	tag, err := p.take(1)
	if err != nil {
		return false, err
	}
	what := tag[0]
	if what == entryEnd {
		return true, nil
	}
	if what > entrySame {
		return false, fmt.Errorf("an entry of type %d", what)
	}
	e, err := p.row()
	if err != nil {
		return false, err
	}
	kind := p.into.Kinds[e.kind]
	switch what {
	case entrySet:
		body, err := p.body()
		if err != nil {
			return false, err
		}
		p.into.Ops = append(p.into.Ops, admin.Op{Kind: kind, Key: e.key, Old: e.hash, New: body})
	case entryRemove:
		if e.hash == (admin.Hash{}) {
			return false, fmt.Errorf("key %q is to be removed, and is not there", e.key)
		}
		p.into.Ops = append(p.into.Ops, admin.Op{Kind: kind, Key: e.key, Old: e.hash})
	default:
		p.into.Ops = append(p.into.Ops, admin.Op{Kind: kind, Key: e.key, Old: e.hash, Same: true})
	}
	p.last, p.rows = e, p.rows+1
	return false, nil
}

// row reads which row an entry is about, and holds it against the one before.
func (p *parser) row() (entry, error) {
	b, err := p.take(4)
	if err != nil {
		return entry{}, err
	}
	e := entry{kind: int(binary.BigEndian.Uint16(b))}
	size := int(binary.BigEndian.Uint16(b[2:]))
	if e.kind >= len(p.into.Kinds) || size > maxKey || p.rows == MaxRows {
		return entry{}, fmt.Errorf("kind %d with a key of %d bytes", e.kind, size)
	}
	if b, err = p.take(size + hashBytes); err != nil {
		return entry{}, err
	}
	e.key, e.hash = string(b[:size]), admin.Hash(b[size:])
	if !utf8.ValidString(e.key) {
		return entry{}, fmt.Errorf("key %q is not UTF-8", e.key)
	}
	if p.rows > 0 && p.last.compare(e) >= 0 {
		return entry{}, fmt.Errorf("key %q is out of order, or there twice", e.key)
	}
	return e, nil
}

func (p *parser) body() (admin.Body, error) {
	text, err := p.sized(admin.MaxBody)
	if err != nil {
		return nil, err
	}
	body, err := admin.ParseBody(text)
	if err == nil && body == nil {
		err = errors.New("no body")
	}
	return body, err
}

// end checks that there were as many rows as the header and the end say, and
// that nothing follows.
func (p *parser) end() error {
	b, err := p.take(4)
	if err != nil {
		return err
	}
	if n := binary.BigEndian.Uint32(b); n != uint32(p.rows) {
		return fmt.Errorf("%d rows: it says that there are %d", p.rows, n)
	}
	for i, c := range p.into.Counts() {
		if c != p.counts[i] || c == (Count{Kind: c.Kind}) {
			return fmt.Errorf("kind %q: its header counts other rows", c.Kind)
		}
	}
	if n, err := p.r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return errors.New("it does not end at its end")
	}
	return nil
}
