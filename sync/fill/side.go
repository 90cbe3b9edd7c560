package fill

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A Side is the history of one twin, as far as it is needed to compare it with
// another. Spans of tallies are counted exactly: what lies outside is not in
// the first or last slot. (*history.DB has the methods; see Local and Remote.)
type Side interface {
	Extents(ctx context.Context) (map[string]history.Extent, error)
	Tallies(ctx context.Context, feed string, span record.Span, width time.Duration) ([]history.Slot, error)
	Keys(ctx context.Context, feed string, span record.Span, limit int) ([]record.Key, error)
	Heard(ctx context.Context, feed string, span record.Span) ([]record.Span, error)
	// Records returns the next page of a span's records, in key order from
	// behind after, or from the span's start if after is nil. A page of
	// nothing is the end. Its raw bytes are at most so many, from 1 to
	// pageBytes, unless the first record alone is larger.
	Records(ctx context.Context, feed string, span record.Span, after *record.Key, most int) (Page, error)
}

// A Target is the history that is filled.
type Target interface {
	Side
	Merge(ctx context.Context, feed string, rows []history.Row) (history.Outcome, error)
	MergeAlong(ctx context.Context, feed string, rows []history.Row) (history.Outcome, int, error)
	OpenGaps(ctx context.Context, feed string, lost bool) ([]record.Span, error)
	Settle(ctx context.Context, feed string, said history.Testimony) (history.Settled, error)
	Reach(ctx context.Context, feed string, from record.Instant) error
}

// A Page is some records in key order. Of a row only the key, kind and raw
// bytes are set. The keys between them whose raw bytes no longer fit them are
// told, and their bytes kept back: damage never travels.
type Page struct {
	Rows    []history.Row
	Damaged []record.Key
}

// empty tells whether it is the end.
func (p Page) empty() bool { return len(p.Rows) == 0 && len(p.Damaged) == 0 }

// last returns the greatest key of a page that is not empty.
func (p Page) last() record.Key {
	var k record.Key
	if n := len(p.Rows); n > 0 {
		k = p.Rows[n-1].Key
	}
	if n := len(p.Damaged); n > 0 && (len(p.Rows) == 0 || p.Damaged[n-1].Compare(k) > 0) {
		k = p.Damaged[n-1]
	}
	return k
}

// before returns the part of a page before a time.
func (p Page) before(border record.Instant) Page {
	rows, _ := slices.BinarySearchFunc(p.Rows, border, func(r history.Row, at record.Instant) int { return cmp.Compare(r.At, at) })
	damaged, _ := slices.BinarySearchFunc(p.Damaged, border, func(k record.Key, at record.Instant) int { return cmp.Compare(k.At, at) })
	return Page{p.Rows[:rows], p.Damaged[:damaged]}
}

// size returns how many bytes the page holds in memory, about.
func (p Page) size() int {
	size := 0
	for _, r := range p.Rows {
		size += len(r.Raw) + 2*rowBytes
	}
	return size + 2*keyBytes*len(p.Damaged)
}

// tally returns the tally of all keys of the page.
func (p Page) tally() record.Tally {
	var t record.Tally
	for _, r := range p.Rows {
		t = t.Add(r.Digest)
	}
	for _, k := range p.Damaged {
		t = t.Add(k.Digest)
	}
	return t
}

// Local is the history of this server: a Side and a Target.
type Local struct{ *history.DB }

// Records implements Side.
func (l Local) Records(ctx context.Context, feed string, span record.Span, after *record.Key, most int) (Page, error) {
	rows, err := l.SharedPage(ctx, feed, span, after, most)
	var damaged *history.DamagedError
	if errors.As(err, &damaged) {
		return Page{Damaged: []record.Key{damaged.Key}}, nil
	}
	return Page{Rows: rows}, err
}
