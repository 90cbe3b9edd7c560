package acd

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/record"
)

// A Decoder appends to dst the events that a record says, and returns it. The
// record is given as it is stored, at its upstream's own time. What a decoder
// does not understand says nothing: it never fails. It remembers nothing from
// one record to the next, keeps nothing of raw, and may be called by several
// goroutines at once.
//
// All texts of an event are valid UTF-8 of at most 256 bytes without NUL, and
// its lengths are at most 31 days, so that an upstream cannot make who counts
// grow, or overflow. Whatever else stands in a text stands in the event.
type Decoder func(dst []Event, raw []byte, at record.Instant) []Event

// NewDecoder returns the decoder of a feed's format. It is false where records
// of the format say nothing of calls, as those of "text".
func NewDecoder(format string) (Decoder, bool) {
	switch format {
	case "ami":
		return decodeAMI, true
	case "queue_log":
		return decodeQueueLog, true
	case "cdr_csv":
		return decodeCDRLine, true
	}
	return nil, false
}

const (
	longestText   = 256             // bytes
	longestSpan   = 31 * record.Day // what is said to be longer is not believed
	mostPositions = 1_000_000
)

// text returns what an upstream said as the events hold it.
func text(b []byte) string {
	b = bytes.TrimSpace(b)
	if len(b) > longestText {
		b = clip(b)
	}
	s := string(b)
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		s = legible(s)
	}
	return s
}

// clip cuts b to what a text may hold, at the end of a character.
func clip(b []byte) []byte {
	n := longestText
	for n > longestText-utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// legible puts a replacement where there is no character, and where there is a
// NUL, which would end the text for SQL's functions. One byte becomes three.
func legible(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\ufffd"), "\ufffd")
	if len(s) > longestText {
		s = string(clip([]byte(s)))
	}
	return s
}

// whole reads a number without a sign, at most most.
func whole(b []byte, most int64) (n int64, ok bool) {
	b = bytes.TrimSpace(b)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = 10*n + int64(c-'0'); n > most {
			return 0, false
		}
	}
	return n, len(b) > 0
}

// span reads a length in whole units.
func span(b []byte, unit record.Instant) Span {
	n, ok := whole(b, int64(longestSpan/unit))
	if !ok {
		return Span{}
	}
	return Spanning(record.Instant(n) * unit)
}

// seconds reads a length in whole seconds.
func seconds(b []byte) Span { return span(b, record.Second) }

// milliseconds reads a length in whole milliseconds.
func milliseconds(b []byte) Span { return span(b, record.Second/1000) }

// position reads a place in a queue; 0 is none.
func position(b []byte) int {
	n, _ := whole(b, mostPositions)
	return int(n)
}
