package acd

import "github.com/twinctl/twin/collector/record"

// A Decoder appends to dst the events that a record says, and returns it. The
// record is given as it is stored, at its upstream's own time. What a decoder
// does not understand says nothing: it never fails. It remembers nothing from
// one record to the next, keeps nothing of raw, and may be called by several
// goroutines at once.
//
// All texts of an event are valid UTF-8 of at most 256 bytes without NUL, and
// its lengths are at most 31 days, so that an upstream cannot make who counts
// grow, or overflow. Whatever else stands in a text stands in the event. The
// texts of an event may share memory: who keeps one for long should clone it.
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
	case "smdr":
		return decodeSMDR, true
	case "ech":
		return decodeECH, true
	case "cucm_cdr":
		return decodeCUCM, true
	}
	return nil, false
}

const (
	longestSpan  = 31 * record.Day // what is said to be longer is not believed
	mostPosition = 1_000_000
)

// whole reads a number without a sign, at most most.
func whole(b []byte, most int64) (n int64, ok bool) {
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
	n, _ := whole(b, mostPosition)
	return int(n)
}
