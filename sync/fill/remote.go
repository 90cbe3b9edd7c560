package fill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A Caller is the link to the twin.
type Caller interface {
	// Call asks the twin one thing and decodes its JSON answer.
	Call(ctx context.Context, verb string, args, answer any) error
	// Open opens a file of the twin's tree and tells how large it says it is.
	Open(ctx context.Context, path string) (io.ReadCloser, int64, error)
}

// Remote is the history of the twin: a Side. What it returns has the right
// form, and is otherwise not to be believed yet.
type Remote struct{ Caller }

const (
	// answerWait is how long the twin may take for one answer.
	answerWait = 30 * time.Second
	// pageWait is how long it may take to open a page, and to send one; a page
	// comes at slowest at least.
	pageWait = 60 * time.Second
	slowest  = 64 << 10 // bytes a second
)

// maxHeard is how many stretches are believed of what the twin heard: a server
// that is cut off each minute has fewer in two months.
const maxHeard = 100_000

// question asks the twin one thing, and waits no longer than it may take: one
// that is silent for ever must not hold up the fills for ever.
func (r Remote) question(ctx context.Context, verb string, args, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	return r.Call(ctx, verb, args, answer)
}

// Extents implements Side.
func (r Remote) Extents(ctx context.Context) (map[string]history.Extent, error) {
	var answer extentsAnswer
	if err := r.question(ctx, verbExtents, question{}, &answer); err != nil {
		return nil, fmt.Errorf("ask the twin for its extents: %w", err)
	}
	all := make(map[string]history.Extent, len(answer.Feeds))
	for name, told := range answer.Feeds {
		e, err := told.extent()
		if err != nil {
			return nil, fmt.Errorf("feed %q: %w", name, err)
		}
		all[name] = e
	}
	return all, nil
}

// Tallies implements Side.
func (r Remote) Tallies(ctx context.Context, feed string, span record.Span, width time.Duration) ([]history.Slot, error) {
	if span.Empty() {
		return nil, nil
	}
	q := ask(feed, span)
	q.Width = width.Microseconds()
	var answer talliesAnswer
	if err := r.question(ctx, verbTallies, q, &answer); err != nil {
		return nil, fmt.Errorf("ask the twin for tallies of feed %q: %w", feed, err)
	}
	slots, err := unpackSlots(answer.Slots, span, record.Instant(q.Width))
	return slots, untrusted(err, "tallies", feed)
}

// Keys implements Side.
func (r Remote) Keys(ctx context.Context, feed string, span record.Span, limit int) ([]record.Key, error) {
	q := ask(feed, span)
	q.Limit = limit
	var answer keysAnswer
	if err := r.question(ctx, verbKeys, q, &answer); err != nil {
		return nil, fmt.Errorf("ask the twin for keys of feed %q: %w", feed, err)
	}
	keys, err := unpackKeys(answer.Keys)
	return keys, untrusted(err, "keys", feed)
}

// Heard implements Side.
func (r Remote) Heard(ctx context.Context, feed string, span record.Span) ([]record.Span, error) {
	var all []record.Span
	for !span.Empty() {
		var answer heardAnswer
		if err := r.question(ctx, verbHeard, ask(feed, span), &answer); err != nil {
			return nil, fmt.Errorf("ask the twin what it heard of feed %q: %w", feed, err)
		}
		spans, err := unpackSpans(answer.Spans, span)
		if err != nil {
			return nil, untrusted(err, "coverage", feed)
		}
		if all = append(all, spans...); len(all) > maxHeard {
			return nil, fmt.Errorf("%w: it heard feed %q in more than %d pieces", ErrUntrusted, feed, maxHeard)
		}
		if answer.To == 0 {
			return all, nil
		}
		to := record.Instant(answer.To)
		if to <= span.From || to > span.To || len(spans) == 0 {
			return nil, untrusted(errPacked, "coverage", feed)
		}
		span.From = to
	}
	return all, nil
}

// Records implements Side. It holds one page in memory.
func (r Remote) Records(ctx context.Context, feed string, span record.Span, after *record.Key, most int) (Page, error) {
	if span.Empty() {
		return Page{}, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(pageWait, func() { cancel(context.DeadlineExceeded) })
	defer late.Stop()
	file, size, err := r.Open(ctx, place{feed, span, after, most}.path())
	if err != nil {
		return Page{}, fmt.Errorf("ask the twin for records of feed %q: %w", feed, inTime(ctx, err))
	}
	late.Reset(pageWait + time.Duration(min(size, maxPage))*time.Second/slowest)
	b, err := readPage(file, size)
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return Page{}, fmt.Errorf("read records of feed %q from the twin: %w", feed, inTime(ctx, err))
	}
	p, err := parsePage(b)
	return p, untrusted(err, "records", feed)
}

// inTime makes an error tell that the time was up, if that is what ended ctx.
func inTime(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// readPage reads a file of that size, which must be no larger than a page.
func readPage(file io.Reader, size int64) ([]byte, error) {
	if size < 0 || size > maxPage {
		return nil, fmt.Errorf("%w: a page of %d bytes", ErrUntrusted, size)
	}
	b := make([]byte, size)
	n, err := io.ReadFull(file, b)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: a page of %d bytes ended after %d", ErrUntrusted, size, n)
	}
	return b, err
}

func untrusted(err error, what, feed string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s of feed %q: %w", ErrUntrusted, what, feed, err)
}
