package tail

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A position is how far which file was read. It is stored with each record.
type position struct {
	Inode    uint64 `json:"inode"`
	Head     digest `json:"head"` // of the first HeadSize bytes
	HeadSize int    `json:"head_size"`
	Offset   int64  `json:"offset"`  // of the first byte that was not read
	Reach    int64  `json:"reach"`   // from here on lines are counted again for their ordinals
	LastAt   int64  `json:"last_at"` // where the last line that became a record begins; -1 if there was none
	Last     digest `json:"last"`    // of that line

	// When lines were lost, in microseconds, and no session has begun since; or 0.
	LostAt int64 `json:"lost_at"`

	// Files are read in the order of their last change. Those that were finished
	// and had the same time of it, DoneAt in nanoseconds, are told apart from
	// those that are still to be read.
	DoneAt int64    `json:"done_at"`
	Done   []uint64 `json:"done"` // inodes
}

// digest is a record.Digest that JSON shows as 32 hex digits.
type digest record.Digest

func (d digest) MarshalText() ([]byte, error) { return []byte(record.Digest(d).String()), nil }

func (d *digest) UnmarshalText(text []byte) error {
	parsed, err := record.ParseDigest(string(text))
	*d = digest(parsed)
	return err
}

// appendTo appends the position as JSON. It is written with each record, and
// json.Marshal would take longer than all the rest.
func (p *position) appendTo(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"inode":`...), p.Inode, 10)
	b = appendHex(append(b, `,"head":"`...), p.Head)
	b = strconv.AppendInt(append(b, `","head_size":`...), int64(p.HeadSize), 10)
	b = strconv.AppendInt(append(b, `,"offset":`...), p.Offset, 10)
	b = strconv.AppendInt(append(b, `,"reach":`...), p.Reach, 10)
	b = strconv.AppendInt(append(b, `,"last_at":`...), p.LastAt, 10)
	b = appendHex(append(b, `,"last":"`...), p.Last)
	b = strconv.AppendInt(append(b, `","lost_at":`...), p.LostAt, 10)
	b = strconv.AppendInt(append(b, `,"done_at":`...), p.DoneAt, 10)
	b = append(b, `,"done":[`...)
	for i, inode := range p.Done {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, inode, 10)
	}
	return append(b, `]}`...)
}

// behind returns the position at the beginning of the file that is read after
// the one of p, which was changed last at doneAt.
func (p *position) behind(doneAt int64) position {
	next := position{LastAt: -1, LostAt: p.LostAt, DoneAt: doneAt}
	if p.DoneAt == doneAt {
		next.Done = append(next.Done, p.Done...)
	}
	next.Done = append(next.Done, p.Inode)
	return next
}

// done tells whether a file that was changed last at that time is finished.
func (p *position) done(inode uint64, changed int64) bool {
	return changed == p.DoneAt && slices.Contains(p.Done, inode)
}

func appendHex(b []byte, d digest) []byte {
	const digits = "0123456789abcdef"
	for _, c := range d {
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

// parsePosition reads what appendTo wrote.
func parsePosition(b []byte) (*position, error) {
	p := &position{LastAt: -1}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("stored position %.200q: %w", b, err)
	}
	if p.Offset < 0 || p.Reach < 0 || p.Reach > p.Offset || p.LastAt < -1 || p.LastAt > p.Offset ||
		int64(p.HeadSize) != min(p.Offset, feed.HeadSize) {
		return nil, fmt.Errorf("stored position %.200q: %w", b, errors.New("numbers that do not fit each other"))
	}
	return p, nil
}
