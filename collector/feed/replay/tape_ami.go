package replay

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// crlf ends a line of AMI, and two of them an event.
const crlf = "\r\n"

// cutEvents makes the tape of an AMI recording. Responses and events without
// Timestamp are left out: they answered one client alone.
func cutEvents(file string, data []byte) (*tape, error) {
	if !bytes.Contains(data, []byte(crlf)) {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte(crlf))
	}
	t := &tape{file: file, end: crlf + crlf, stamp: stampEpoch, walls: moveWalls}
	classes := classList{tape: t, known: make(map[string]int32)}
	mute := "" // the first event without a time
	for line, raw := range blocks(data) {
		name := eventName(raw)
		lo, hi := find(raw, "Timestamp")
		if name == "" || lo == hi {
			if name != "" && mute == "" {
				mute = fmt.Sprintf("%.64q in line %d", name, line)
			}
			continue
		}
		at, err := parseSeconds(raw[lo:hi])
		if err != nil {
			return nil, fmt.Errorf("replay: %s: event %.64q in line %d: Timestamp %.64q: %w", file, name, line, raw[lo:hi], err)
		}
		t.events = append(t.events, event{raw: raw, at: at, lo: int32(lo), hi: int32(hi), class: classes.of(raw)})
	}
	return t, t.missing(mute)
}

// blocks yields what stands between blank lines, without its last line end,
// and the number of its first line.
func blocks(data []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		start, first, number := -1, 0, 0
		for pos := 0; pos < len(data); {
			end := len(data)
			if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
				end = pos + i + 1
			}
			number++
			blank := len(bytes.TrimRight(data[pos:end], crlf)) == 0
			if blank && start >= 0 {
				if !yield(first, bytes.TrimRight(data[start:pos], crlf)) {
					return
				}
				start = -1
			} else if !blank && start < 0 {
				start, first = pos, number
			}
			pos = end
		}
		if start >= 0 {
			yield(first, bytes.TrimRight(data[start:], crlf))
		}
	}
}

// missing returns an error if there is nothing on the tape; mute is the first
// event that had no time, if any.
func (t *tape) missing(mute string) error {
	switch {
	case len(t.events) > 0:
		return nil
	case mute == "":
		return fmt.Errorf("replay: %s: no event in it: want blocks that begin with \"Event:\" and end with a blank line", t.file)
	}
	return fmt.Errorf("replay: %s: no event has a Timestamp, the first without is %s: record with timestampevents = yes in manager.conf", t.file, mute)
}

// eventName returns what the first line of the block calls the event, or "".
func eventName(raw []byte) string {
	first, _, _ := bytes.Cut(raw, []byte(crlf))
	if lo, hi := find(first, "Event"); hi > lo {
		return string(first[lo:hi])
	}
	return ""
}

// find returns where in a block the value of its first header of that name
// stands: nowhere, 0 and 0, if it has none.
func find(block []byte, name string) (lo, hi int) {
	for pos := 0; pos < len(block); {
		line := block[pos:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name) {
			value := bytes.TrimRight(line[len(name)+1:], crlf)
			blank := len(value) - len(bytes.TrimLeft(value, " "))
			lo = pos + len(name) + 1 + blank
			return lo, lo + len(bytes.TrimSpace(value))
		}
		pos += len(line)
	}
	return 0, 0
}

// value returns the value of a header, or "".
func value(block []byte, name string) string {
	lo, hi := find(block, name)
	return string(block[lo:hi])
}

// A classList gives each set of event classes of a tape one number.
type classList struct {
	tape  *tape
	known map[string]int32
}

// of returns the number of the classes that the event's Privilege names.
func (l *classList) of(raw []byte) int32 {
	privilege := value(raw, "Privilege")
	n, ok := l.known[privilege]
	if !ok {
		n = int32(len(l.tape.classes))
		l.known[privilege] = n
		l.tape.classes = append(l.tape.classes, classesOf(privilege))
	}
	return n
}

// classesOf splits what a Privilege header says; "all" stands in each of them
// and means nothing.
func classesOf(privilege string) []string {
	var classes []string
	for class := range strings.SplitSeq(privilege, ",") {
		if class = strings.TrimSpace(class); class != "" && class != "all" {
			classes = append(classes, class)
		}
	}
	return classes
}

var errSeconds = errors.New("want seconds since 1970, as 1795222327.141253")

// parseSeconds reads what a Timestamp header says, exact to the microsecond.
func parseSeconds(text []byte) (record.Instant, error) {
	whole, fraction, dotted := bytes.Cut(text, []byte("."))
	if len(whole) == 0 || len(whole) > 12 || dotted && len(fraction) == 0 || len(fraction) > 6 {
		return 0, errSeconds
	}
	micros := string(fraction) + "000000"[len(fraction):]
	at, err := strconv.ParseUint(string(whole)+micros, 10, 63)
	if err != nil || record.Instant(at) > latest {
		return 0, errSeconds
	}
	return record.Instant(at), nil
}

// stampEpoch writes seconds since 1970 with as many decimals as recorded.
func stampEpoch(dst, recorded []byte, at record.Instant) []byte {
	dst = fmt.Appendf(dst, "%d", at/record.Second)
	_, fraction, dotted := bytes.Cut(recorded, []byte("."))
	if !dotted {
		return dst
	}
	digits := fmt.Appendf(nil, ".%06d", at%record.Second)
	for len(digits) < 1+len(fraction) {
		digits = append(digits, '0')
	}
	return append(dst, digits[:1+len(fraction)]...)
}
