// Package ech reads the records of an Avaya External Call History: one for each
// segment of a call, in either of two forms.
//
// A binary file is a 32-bit version and a 32-bit number of the file, both
// little-endian, and then records of 493 bytes, of which the last one ends the
// last text. Versions 12 to 14 have the same layout. The text form is a line for
// each record: the same columns in the same order, with commas between and as a
// rule one at the end, and times as people write them.
//
// A record does not say which version it is of, and need not.
package ech

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// Sizes of a binary file.
const (
	VersionSize = 4
	HeadSize    = 8 // bytes before the first record
	RecordSize  = 493
)

// ErrVersion tells of a file whose layout is not known.
var ErrVersion = errors.New("want version 12, 13 or 14")

// CheckHead reads the beginning of a file, VersionSize bytes at least, and tells
// whether it is of the binary form. The error names the version, where that is
// of no layout that is known.
func CheckHead(head []byte) (isBinary bool, err error) {
	head = head[:VersionSize]
	if !bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && r != '\r' && r != '\n' || r >= 0x7f }) {
		return false, nil
	}
	version := binary.LittleEndian.Uint32(head)
	if version < 12 || version > 14 {
		return false, fmt.Errorf("version %d: %w", version, ErrVersion)
	}
	return true, nil
}

// A Record is one segment of a call. It reads the bytes that it was made of.
type Record struct {
	raw    []byte
	binary bool
	ends   [columns]int32 // of the cells of the text form
}

// Read takes a record of either form apart. What its columns say is not judged.
// The bytes must not change as long as the record is used.
func Read(raw []byte) (Record, error) {
	r := Record{raw: raw}
	if isBinary(raw) {
		r.binary = true
		return r, nil
	}
	n := 0
	for i, c := range raw {
		if c == ',' {
			if n == columns {
				return Record{}, errCells
			}
			r.ends[n] = int32(i)
			n++
		}
	}
	last := 0
	if n > 0 {
		last = int(r.ends[n-1]) + 1
	}
	switch {
	case n == columns && last == len(raw): // the comma at the end
	case n == columns-1:
		r.ends[n] = int32(len(raw))
	default:
		return Record{}, errCells
	}
	return r, nil
}

var errCells = fmt.Errorf("neither %d bytes of a binary record nor %d cells of a line", RecordSize, columns)

// isBinary tells the forms apart: a line has no such small bytes as the column
// calldisp is.
func isBinary(raw []byte) bool {
	return len(raw) == RecordSize && raw[layout[CallDisp].offset] < ' '
}

// Number returns a column that is a number or a flag. It is not known where a
// line leaves it out, or says something else.
func (r *Record) Number(c Column) (n int64, known bool) {
	if !r.binary {
		return whole(r.cell(c))
	}
	f := &layout[c]
	b := r.raw[f.offset:]
	switch {
	case f.kind == letters:
		return 0, false
	case f.kind >= flag0:
		return int64(b[0] >> (f.kind - flag0) & 1), true
	case f.width == 1:
		return int64(b[0]), true
	case f.width == 2:
		return int64(binary.LittleEndian.Uint16(b)), true
	}
	return int64(binary.LittleEndian.Uint32(b)), true
}

// Text returns a column that is text, without what fills it up.
func (r *Record) Text(c Column) []byte {
	if !r.binary {
		return bytes.TrimSpace(r.cell(c))
	}
	f := &layout[c]
	text, _, _ := bytes.Cut(r.raw[f.offset:f.offset+f.width], []byte{0})
	return bytes.TrimSpace(text)
}

// Layout is how the text form writes times.
const Layout = "2006-01-02 15:04:05"

// Time returns SegStart or SegStop. The text form has them in a zone that it
// does not tell.
func (r *Record) Time(c Column, zone *time.Location) (record.Instant, error) {
	if r.binary {
		n, _ := r.Number(c)
		return record.Instant(n) * record.Second, nil
	}
	cell := r.cell(c)
	t, err := time.ParseInLocation(Layout, string(cell), zone)
	if err != nil {
		return 0, fmt.Errorf("column %s: time %.64q is not written as %q", c, cell, Layout)
	}
	return record.At(t), nil
}

// cell returns a cell of the text form.
func (r *Record) cell(c Column) []byte {
	from := int32(0)
	if c > 0 {
		from = r.ends[c-1] + 1
	}
	return r.raw[from:r.ends[c]]
}

// whole reads a number of at most 32 bits.
func whole(b []byte) (n int64, known bool) {
	const digits = 10
	b = bytes.TrimSpace(b)
	if len(b) == 0 || len(b) > digits {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, n <= 1<<32-1
}
