package fill

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// ErrPath is returned for a path that names no page of records.
var ErrPath = errors.New("no such file")

// maxPath is longer than any path that asks for a page: a name has at most 256
// bytes.
const maxPath = 512

// A place says which page of records is meant. Its path is made of nothing but
// letters, digits, - and _: it never is a path of a file system.
type place struct {
	feed  string
	span  record.Span
	after *record.Key
	most  int // raw bytes in it; a single record may be larger
}

// path returns records/FEED/FROM-TO/AFTER/MOST: the name of the feed in
// base64url, two times in microseconds, a key in hex digits or - for none, and
// a number of bytes.
func (p place) path() string {
	after := "-"
	if p.after != nil {
		after = hex.EncodeToString(appendKey(nil, *p.after))
	}
	return fmt.Sprintf("records/%s/%d-%d/%s/%d", base64.RawURLEncoding.EncodeToString([]byte(p.feed)), p.span.From, p.span.To, after, p.most)
}

// parsePlace reads what path returned, with or without a slash before it, and
// nothing else.
func parsePlace(path string) (place, error) {
	var p place
	path = strings.TrimPrefix(path, "/")
	elements := strings.Split(path[:min(len(path), maxPath)], "/")
	if len(elements) != 5 {
		return p, ErrPath
	}
	feed, err := base64.RawURLEncoding.DecodeString(elements[1])
	if err != nil {
		return p, ErrPath
	}
	p.feed = string(feed)
	from, to, _ := strings.Cut(elements[2], "-")
	for _, t := range []struct {
		text string
		at   *record.Instant
	}{{from, &p.span.From}, {to, &p.span.To}} {
		n, err := strconv.ParseUint(t.text, 10, 63)
		if err != nil {
			return p, ErrPath
		}
		*t.at = record.Instant(n)
	}
	if elements[3] != "-" {
		key, err := hex.DecodeString(elements[3])
		if err != nil || len(key) != keyBytes {
			return p, ErrPath
		}
		after := keyFrom(key)
		p.after = &after
	}
	p.most, err = strconv.Atoi(elements[4])
	// There is one way to write each place.
	if err != nil || p.most < 1 || p.most > pageBytes || p.feed == "" || p.path() != path {
		return p, ErrPath
	}
	return p, nil
}
