package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

const (
	loadBytes = 4 << 20 // of raw
	loads     = 3       // in memory at once
)

// A load is records on their way from a file to the history.
type load struct {
	records []record.Record
	raw     []byte // of all of them
}

// A reader makes records of a file, ahead of who stores them.
type reader struct {
	cutter   feed.Cutter
	format   feed.Format
	numbers  *feed.Numbers
	ordinals record.Ordinals
	repeats  bool

	full, empty chan load
	ended       chan struct{}

	// What it found; to be looked at once it has ended.
	err      error
	pieces   int64
	rejected int64
	refusals []Refusal
}

func newReader(s *source, format feed.Format, opt Options) *reader {
	r := &reader{
		cutter:   feed.NewCutter(opt.Feed, s),
		format:   format,
		numbers:  feed.NewNumbers(opt.Feed.Format),
		ordinals: feed.FileOrdinals(),
		repeats:  opt.Kind.Repeats,
		full:     make(chan load, loads),
		empty:    make(chan load, loads),
		ended:    make(chan struct{}),
	}
	for range loads {
		r.empty <- load{}
	}
	return r
}

// run reads until the end of the file, or of ctx.
func (r *reader) run(ctx context.Context) {
	defer close(r.ended)
	defer close(r.full)
	for {
		var l load
		select {
		case l = <-r.empty:
		case <-ctx.Done():
			return
		}
		more := r.fill(&l)
		select {
		case r.full <- l:
		case <-ctx.Done():
			return
		}
		if !more {
			return
		}
	}
}

// fill reads as many records as a load takes; more says that the file goes on.
func (r *reader) fill(l *load) (more bool) {
	l.records, l.raw = l.records[:0], l.raw[:0]
	if cap(l.raw) == 0 {
		l.raw = make([]byte, 0, loadBytes)
	}
	now := time.Now()
	for len(l.records) < Rows && len(l.raw) < loadBytes {
		piece, err := r.cutter.Next()
		var long *feed.LongLineError
		switch {
		case errors.As(err, &long):
			r.pieces++
			r.refuse(err.Error(), long.Head)
			continue
		case errors.Is(err, io.EOF):
			if size, head := r.cutter.Unfinished(); size > 0 {
				r.pieces++
				r.refuse(fmt.Sprintf("the file ends within it, after %d bytes: if it is whole, end it with a line feed", size), head)
			}
			return false
		case err != nil:
			r.err = fmt.Errorf("behind line %d: %w", r.pieces, err)
			if errors.As(err, new(*feed.ShapeError)) {
				r.err = err
			}
			return false
		}
		r.pieces++
		if len(piece) > 0 {
			r.take(l, piece, now)
		}
	}
	return true
}

// take makes a record of a piece, if it is one.
func (r *reader) take(l *load, piece []byte, now time.Time) {
	at, err := r.format(piece)
	if err == nil && !feed.Credible(at, now) {
		err = fmt.Errorf("its time %s cannot be true", at)
	}
	if err != nil {
		r.refuse(err.Error(), piece)
		return
	}
	from := len(l.raw)
	l.raw = append(l.raw, piece...) // may move: the records before keep what they have
	rec := record.New(at, 0, l.raw[from:len(l.raw):len(l.raw)])
	if !r.repeats {
		rec.N = r.ordinals.Next(at, rec.Digest)
	}
	r.numbers.Note(piece, at)
	l.records = append(l.records, rec)
}

func (r *reader) refuse(reason string, head []byte) {
	r.rejected++
	if len(r.refusals) < manyTold {
		const shown = 80
		text := strings.ToValidUTF8(string(head[:min(len(head), shown)]), "\uFFFD")
		r.refusals = append(r.refusals, Refusal{Line: r.pieces, Reason: reason, Head: text})
	}
}
