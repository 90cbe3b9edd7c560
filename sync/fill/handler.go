package fill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// What a Handler answers with when the twin asks what it does not know.
var (
	// ErrVerb is returned for a verb that is none of compare and fill.
	ErrVerb = errors.New("unknown verb")
	// ErrQuestion is returned for one that cannot be answered: malformed, or
	// for more than anybody needs.
	ErrQuestion = errors.New("question refused")
)

// maxSpans is how many stretches one answer tells.
const maxSpans = 16 << 10

// A Handler answers the twin's questions about a history. It only reads, and
// the memory for one answer is bounded. Any number may be answered at once.
type Handler struct{ Side }

// Answer answers one verb: extents, tallies, keys or heard.
func (h Handler) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	var answer func(context.Context, question) (any, error)
	switch verb {
	case verbExtents:
		answer = h.extents
	case verbTallies:
		answer = h.tallies
	case verbKeys:
		answer = h.keys
	case verbHeard:
		answer = h.heard
	default:
		return nil, fmt.Errorf("%w %q", ErrVerb, verb)
	}
	var q question
	if err := json.Unmarshal(args, &q); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrQuestion, verb, err)
	}
	if q.From < 0 || q.To < q.From || q.To > latest {
		return nil, fmt.Errorf("%w: %s from %d to %d", ErrQuestion, verb, q.From, q.To)
	}
	return answer(ctx, q)
}

func (h Handler) extents(ctx context.Context, _ question) (any, error) {
	all, err := h.Extents(ctx)
	if err != nil {
		return nil, err
	}
	feeds := make(map[string]extent, len(all))
	for name, e := range all {
		feeds[name] = wireExtent(e)
	}
	return extentsAnswer{feeds}, nil
}

func (h Handler) tallies(ctx context.Context, q question) (any, error) {
	if q.Width < 1 || q.Width > int64(widths[0]) || (q.To-q.From)/q.Width > maxSlots {
		return nil, fmt.Errorf("%w: tallies of %d µs from %d to %d", ErrQuestion, q.Width, q.From, q.To)
	}
	slots, err := h.Tallies(ctx, q.Feed, q.span(), time.Duration(q.Width)*time.Microsecond)
	if err != nil {
		return nil, err
	}
	return talliesAnswer{packSlots(slots, q.span(), record.Instant(q.Width))}, nil
}

func (h Handler) keys(ctx context.Context, q question) (any, error) {
	if q.Limit < 1 || q.Limit > keysPerCall {
		return nil, fmt.Errorf("%w: %d keys", ErrQuestion, q.Limit)
	}
	keys, err := h.Keys(ctx, q.Feed, q.span(), q.Limit)
	if err != nil {
		return nil, err
	}
	return keysAnswer{packKeys(keys)}, nil
}

func (h Handler) heard(ctx context.Context, q question) (any, error) {
	spans, err := h.Heard(ctx, q.Feed, q.span())
	if err != nil {
		return nil, err
	}
	var more int64
	if len(spans) > maxSpans {
		spans = spans[:maxSpans]
		more = int64(spans[maxSpans-1].To)
	}
	return heardAnswer{packSpans(spans, q.span()), more}, nil
}

// A Tree is the files of a history that the twin may read: pages of records.
// No path ever reaches the file system.
type Tree struct {
	Side
	// Damaged is told the records that are kept back because they rot here;
	// may be nil.
	Damaged func(feed string, k record.Key)
}

// A File is one page. It is held in memory until it is closed.
type File struct{ *bytes.Reader }

// Close lets go of the page.
func (f *File) Close() error {
	f.Reset(nil)
	return nil
}

// Open reads the page that a path names; see ErrPath.
func (t Tree) Open(ctx context.Context, path string) (*File, error) {
	p, err := parsePlace(path)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", path[:min(len(path), maxPath)], err)
	}
	page, err := t.Records(ctx, p.feed, p.span, p.after, p.most)
	if err != nil {
		return nil, err
	}
	for _, k := range page.Damaged {
		if t.Damaged != nil {
			t.Damaged(p.feed, k)
		}
	}
	return &File{bytes.NewReader(encodePage(page))}, nil
}
