package bundle

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
)

// A bundle travels as one line that names its format, and behind it, deflated,
// a header and its rows by kind and key, each row once. The end tells how many
// they were. Numbers are big-endian.
//
//	header  length (4 bytes) · JSON
//	set     1 · row · length (4 bytes) · canonical body
//	remove  2 · row
//	same    3 · row
//	end     0 · rows (4 bytes)
//	row     kind (2 bytes) · length (2 bytes) · key · hash expected (16 bytes)
//
// There is one way to write a bundle down, and no other is read.
const (
	magic = "twin bundle 1\n"

	entryEnd    = 0
	entrySet    = 1
	entryRemove = 2
	entrySame   = 3

	hashBytes = len(admin.Hash{})
	maxHeader = 64 << 10
	maxKey    = 4 << 10
	maxKinds  = 1000
)

// header is the JSON at the beginning.
type header struct {
	Pair       string     `json:"pair"`
	Sender     string     `json:"sender"`
	Head       audit.Head `json:"head"`
	Epoch      int64      `json:"epoch"`
	From       int64      `json:"from"`
	To         int64      `json:"to"`
	BaseRoot   admin.Root `json:"base_root"`
	TargetRoot admin.Root `json:"target_root"`
	Drift      admin.Root `json:"drift"`
	Catalogue  int        `json:"catalogue"`
	Author     string     `json:"author"`
	Counts     []Count    `json:"counts"`
}

func (b *Bundle) header() header {
	return header{
		b.Pair, b.Sender, b.Head, b.Epoch, b.From, b.To, b.BaseRoot, b.TargetRoot, b.Drift, b.Catalogue, b.Author, b.Counts(),
	}
}

func (h header) bundle() *Bundle {
	b := &Bundle{
		Pair: h.Pair, Sender: h.Sender, Head: h.Head, Epoch: h.Epoch, From: h.From, To: h.To, BaseRoot: h.BaseRoot, TargetRoot: h.TargetRoot, Drift: h.Drift,
		Catalogue: h.Catalogue, Author: h.Author, Kinds: make([]string, len(h.Counts)),
	}
	for i, c := range h.Counts {
		b.Kinds[i] = c.Kind
	}
	return b
}

// Encode returns the bundle as it travels. The same rows give the same bytes,
// in whatever order they stand. ErrTooLarge means that they do not fit.
func (b *Bundle) Encode() ([]byte, error) {
	all, err := b.entries()
	if err != nil {
		return nil, err
	}
	if len(all) > MaxRows || len(b.Kinds) > maxKinds {
		return nil, fmt.Errorf("%w: %d rows of %d kinds: it holds %d", ErrTooLarge, len(all), len(b.Kinds), MaxRows)
	}
	out := bytes.NewBufferString(magic)
	deflate, err := flate.NewWriter(out, flate.DefaultCompression)
	if err != nil {
		return nil, fmt.Errorf("write a bundle: %w", err)
	}
	w := &counting{w: deflate}
	if err := b.write(w, all); err != nil {
		return nil, fmt.Errorf("write a bundle: %w", err)
	}
	if err := deflate.Close(); err != nil {
		return nil, fmt.Errorf("write a bundle: %w", err)
	}
	if w.n > maxPlain || out.Len() > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, %d compressed: it holds %d", ErrTooLarge, w.n, out.Len(), MaxBytes)
	}
	return out.Bytes(), nil
}

// counting counts what it passes on.
type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// write writes what is compressed then.
func (b *Bundle) write(w io.Writer, all []entry) error {
	head, err := json.Marshal(b.header())
	if err != nil {
		return err
	}
	if len(head) > maxHeader {
		return fmt.Errorf("%w: a header of %d bytes", ErrTooLarge, len(head))
	}
	if _, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head...)); err != nil {
		return err
	}
	var line []byte
	for _, e := range all {
		if len(e.key) > maxKey || len(e.body) > admin.MaxBody {
			return fmt.Errorf("%w: a row with %d bytes of key and %d of body", ErrTooLarge, len(e.key), len(e.body))
		}
		line = e.append(line[:0])
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	end := binary.BigEndian.AppendUint32([]byte{entryEnd}, uint32(min(len(all), math.MaxUint32)))
	_, err = w.Write(end)
	return err
}

func (e entry) append(b []byte) []byte {
	tag := byte(entrySet)
	switch {
	case e.same:
		tag = entrySame
	case e.body == nil:
		tag = entryRemove
	}
	b = append(b, tag)
	b = binary.BigEndian.AppendUint16(b, uint16(e.kind))
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.key)))
	b = append(b, e.key...)
	b = append(b, e.hash[:]...)
	if tag == entrySet {
		b = binary.BigEndian.AppendUint32(b, uint32(len(e.body)))
		b = append(b, e.body...)
	}
	return b
}
