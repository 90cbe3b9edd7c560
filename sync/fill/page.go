package fill

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A page travels as one version byte, its entries in key order, and an end
// that tells how many they were, so that half a page is never taken for a
// whole one. Numbers are big-endian.
//
//	row      1 · key · kind (2 bytes) · length (4 bytes) · raw
//	damaged  2 · key
//	end      0 · entries (4 bytes)
//	key      time in µs (8 bytes) · digest (16 bytes) · ordinal (4 bytes)
const (
	pageVersion = 1

	entryEnd     = 0
	entryRow     = 1
	entryDamaged = 2

	keyBytes = 8 + 16 + 4
	rowBytes = 1 + keyBytes + 2 + 4 // beside raw
)

// The sizes of a page. Its raw bytes end at 4 MiB; only a single record that is
// larger goes beyond, and none is larger than a frame may be.
const (
	pageBytes = 4 << 20
	maxRaw    = 16 << 20
	maxRows   = 1 << 16
	maxPage   = maxRaw + maxRows*rowBytes + 16
)

var errPage = errors.New("not a page of records")

// encodePage returns the page as it travels.
func encodePage(p Page) []byte {
	b := append(make([]byte, 0, p.size()+16), pageVersion)
	damaged := p.Damaged
	for _, r := range p.Rows {
		for len(damaged) > 0 && damaged[0].Compare(r.Key) < 0 {
			b, damaged = appendKey(append(b, entryDamaged), damaged[0]), damaged[1:]
		}
		b = appendKey(append(b, entryRow), r.Key)
		b = binary.BigEndian.AppendUint16(b, uint16(r.Kind))
		b = binary.BigEndian.AppendUint32(b, uint32(len(r.Raw)))
		b = append(b, r.Raw...)
	}
	for _, k := range damaged {
		b = appendKey(append(b, entryDamaged), k)
	}
	b = append(b, entryEnd)
	return binary.BigEndian.AppendUint32(b, uint32(len(p.Rows)+len(p.Damaged)))
}

// parsePage reads what encodePage wrote. The raw bytes of the rows are those of
// b. It looks at nothing but the framing and the order: see checkPage.
func parsePage(b []byte) (Page, error) {
	var p Page
	if len(b) == 0 || b[0] != pageVersion {
		return p, fmt.Errorf("%w: want version %d", errPage, pageVersion)
	}
	for b = b[1:]; ; {
		if len(b) == 0 {
			return Page{}, fmt.Errorf("%w: no end", errPage)
		}
		entries := len(p.Rows) + len(p.Damaged)
		tag := b[0]
		b = b[1:]
		switch {
		case tag == entryEnd && len(b) == 4 && binary.BigEndian.Uint32(b) == uint32(entries):
			return p, nil
		case entries == maxRows:
			return Page{}, fmt.Errorf("%w: more than %d records", errPage, maxRows)
		case (tag == entryRow || tag == entryDamaged) && len(b) >= keyBytes && entries > 0 && keyFrom(b).Compare(p.last()) <= 0:
			return Page{}, fmt.Errorf("%w: entry %d is out of order", errPage, entries)
		case tag == entryDamaged && len(b) >= keyBytes:
			p.Damaged, b = append(p.Damaged, keyFrom(b)), b[keyBytes:]
		case tag == entryRow:
			r, rest, err := cutRow(b)
			if err != nil {
				return Page{}, err
			}
			p.Rows, b = append(p.Rows, r), rest
		default:
			return Page{}, fmt.Errorf("%w: entry of type %d with %d bytes left", errPage, tag, len(b))
		}
	}
}

func cutRow(b []byte) (r history.Row, rest []byte, err error) {
	if len(b) < rowBytes-1 {
		return r, nil, fmt.Errorf("%w: ends within a record", errPage)
	}
	r.Key = keyFrom(b)
	r.Kind = int(binary.BigEndian.Uint16(b[keyBytes:]))
	size := binary.BigEndian.Uint32(b[keyBytes+2:])
	b = b[rowBytes-1:]
	if size > maxRaw || int(size) > len(b) {
		return r, nil, fmt.Errorf("%w: a record of %d bytes with %d left", errPage, size, len(b))
	}
	r.Raw = b[:size:size]
	return r, b[size:], nil
}

func appendKey(b []byte, k record.Key) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(k.At))
	b = append(b, k.Digest[:]...)
	return binary.BigEndian.AppendUint32(b, k.N)
}

// keyFrom reads the key that b begins with; b has keyBytes at least.
func keyFrom(b []byte) record.Key {
	return record.Key{
		At:     record.Instant(binary.BigEndian.Uint64(b)),
		Digest: record.Digest(b[8:24]),
		N:      binary.BigEndian.Uint32(b[24:]),
	}
}
