package acd

import (
	"bytes"

	"github.com/twinctl/twin/collector/record"
)

// Columns of a line of Master.csv that are always there, and how many there
// are with all that Asterisk can be told to add.
const (
	cdrFixed = 16
	cdrMost  = 21
)

// decodeCDRLine understands a line of Asterisk's cdr_csv: 16 columns, then as
// configured the unique id, the user field, and three newer ones together
// (peer account, linked id, sequence).
func decodeCDRLine(dst []Event, raw []byte, at record.Instant) []Event {
	cells, n := splitCells(raw)
	if n < cdrFixed || n > cdrMost {
		return dst
	}
	b := bill{
		account: cells[0], source: cells[1], number: cells[2], context: cells[3], clid: cells[4],
		channel: cells[5], destination: cells[6], application: cells[7], data: cells[8],
		start: cells[9], answer: cells[10], end: cells[11], duration: cells[12], billed: cells[13],
		disposition: cells[14],
	}
	added := cells[cdrFixed:n]
	if len(added) > 2 {
		newer := added[len(added)-3:]
		b.call, b.sequence = newer[1], newer[2]
		added = added[:len(added)-3]
	}
	switch {
	case len(added) == 2:
		b.leg, b.userField = added[0], added[1]
	case len(added) == 1 && isUniqueID(added[0]):
		b.leg = added[0]
	case len(added) == 1:
		b.userField = added[0]
	}
	return append(dst, b.event(at))
}

// isUniqueID tells an id of a channel, [system-]seconds.number, from what
// people write.
func isUniqueID(b []byte) bool {
	if i := bytes.LastIndexByte(b, '-'); i >= 0 {
		b = b[i+1:]
	}
	seconds, number, ok := bytes.Cut(b, []byte{'.'})
	return ok && allDigits(seconds) && allDigits(number)
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// splitCells cuts a line into its cells, without their quotes, and says how
// many there are; cdrMost+1 stands for all that are more.
func splitCells(line []byte) (cells [cdrMost + 1][]byte, n int) {
	line = bytes.TrimRight(line, "\r\n")
	for n < len(cells) {
		var more bool
		cells[n], line, more = cutCell(line)
		n++
		if !more {
			break
		}
	}
	return cells, n
}

// cutCell takes the first cell off a line. A quote that is never closed takes
// in the rest.
func cutCell(line []byte) (cell, rest []byte, more bool) {
	if len(line) == 0 || line[0] != '"' {
		return bytes.Cut(line, []byte{','})
	}
	line = line[1:]
	doubled := false
	end := 0
	for ; end < len(line); end++ {
		if line[end] != '"' {
			continue
		}
		if end+1 == len(line) || line[end+1] != '"' {
			break
		}
		doubled = true
		end++
	}
	cell = line[:min(end, len(line))]
	if doubled {
		cell = bytes.ReplaceAll(cell, []byte(`""`), []byte(`"`))
	}
	if end >= len(line) {
		return cell, nil, false
	}
	_, rest, more = bytes.Cut(line[end+1:], []byte{','})
	return cell, rest, more
}
