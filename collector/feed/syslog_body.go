package feed

import "bytes"

// SyslogBody returns what makes the canonical bytes of a syslog message, as a
// part of it. Line ends behind it and NUL bytes before it come off always. With
// format syslog that is all: the message is the record. With any other format
// the record is its part MSG alone:
//
//   - of RFC 5424: what follows the structured data and one space, without a
//     byte order mark;
//   - of RFC 3164, and of what rsyslog writes with a time of RFC 3339 in its
//     place: what follows time, host and tag, and one space. The tag ends with
//     a colon or before a space;
//   - what has a priority and no time: what follows the priority;
//   - what has no priority is a line without a header.
//
// Of the last two, one space at the beginning comes off: rsyslog puts it before
// the text of messages that it did not make of a file.
func SyslogBody(o Options) func(message []byte) []byte {
	if o.Format == formatSyslog {
		return trimMessage
	}
	return func(message []byte) []byte { return syslogMSG(trimMessage(message)) }
}

// trimMessage takes off what framing put on.
func trimMessage(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return bytes.TrimLeft(b, "\x00")
}

func syslogMSG(message []byte) []byte {
	if rest, ok := afterVersion(message); ok {
		if msg, ok := modernMSG(rest); ok {
			return msg
		}
	}
	rest, ok := afterPriority(message)
	if !ok {
		return afterSpace(message)
	}
	if at, ok := afterStamp(rest); ok {
		return afterTag(at)
	}
	return afterSpace(rest)
}

// afterPriority returns what follows "<PRI>".
func afterPriority(b []byte) ([]byte, bool) {
	end := bytes.IndexByte(b[:min(len(b), 5)], '>')
	if end < 2 || b[0] != '<' || !digits(b[1:end]) {
		return nil, false
	}
	return b[end+1:], true
}

// afterVersion returns what follows "<PRI>VERSION ", with which RFC 5424 begins.
func afterVersion(b []byte) ([]byte, bool) {
	b, ok := afterPriority(b)
	if !ok {
		return nil, false
	}
	version, _, ok := bytes.Cut(b[:min(len(b), 4)], []byte{' '})
	if !ok || !digits(version) || version[0] == '0' {
		return nil, false
	}
	return b[len(version)+1:], true
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// modernMSG returns the MSG of what follows the version.
func modernMSG(b []byte) ([]byte, bool) {
	for range 5 { // TIMESTAMP HOSTNAME APP-NAME PROCID MSGID
		_, rest, ok := bytes.Cut(b, []byte{' '})
		if !ok {
			return nil, false
		}
		b = rest
	}
	b, ok := afterData(b)
	if !ok || len(b) > 0 && b[0] != ' ' {
		return nil, false
	}
	return bytes.TrimPrefix(afterSpace(b), []byte("\xef\xbb\xbf")), true
}

// afterData returns what follows STRUCTURED-DATA.
func afterData(b []byte) ([]byte, bool) {
	if len(b) > 0 && b[0] == '-' {
		return b[1:], true
	}
	elements := false
	for len(b) > 0 && b[0] == '[' {
		end := elementEnd(b)
		if end < 0 {
			return nil, false
		}
		b, elements = b[end+1:], true
	}
	return b, elements
}

// elementEnd returns where the element ends with which b begins; -1 if nowhere.
func elementEnd(b []byte) int {
	quoted := false
	for i := 1; i < len(b); i++ {
		switch {
		case b[i] == '\\' && quoted:
			i++
		case b[i] == '"':
			quoted = !quoted
		case b[i] == ']' && !quoted:
			return i
		}
	}
	return -1
}

// afterStamp returns what follows the time of RFC 3164, "Nov  2 08:30:00 ", or
// one of RFC 3339 in its place.
func afterStamp(b []byte) ([]byte, bool) {
	const stamp = "Nov  2 08:30:00 "
	if len(b) >= len(stamp) && b[3] == ' ' && b[6] == ' ' && b[9] == ':' && b[12] == ':' && b[15] == ' ' {
		return b[len(stamp):], true
	}
	word, rest, ok := bytes.Cut(b, []byte{' '})
	if ok && len(word) >= len("2026-11-02T08:30:00") && word[4] == '-' && word[7] == '-' && word[10] == 'T' && word[13] == ':' {
		return rest, true
	}
	return nil, false
}

// afterTag returns what follows HOSTNAME and TAG, or TAG alone.
func afterTag(b []byte) []byte {
	host, rest, ok := bytes.Cut(b, []byte{' '})
	if !ok || bytes.HasSuffix(host, []byte{':'}) {
		rest = b
	}
	word, _, _ := bytes.Cut(rest, []byte{' '})
	end := len(word)
	for i := range word {
		if word[i] == ':' && (i == 0 || word[i-1] != ':') && (i+1 == len(word) || word[i+1] != ':') {
			end = i + 1
			break
		}
	}
	return afterSpace(rest[end:])
}

// afterSpace takes one space off the beginning.
func afterSpace(b []byte) []byte { return bytes.TrimPrefix(b, []byte{' '}) }
