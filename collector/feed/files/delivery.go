package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A delivery is a file that is being read, or was read last: its pieces are
// numbered together.
type delivery struct {
	name     string // for people
	content  *content
	cutter   feed.Cutter
	ordinals record.Ordinals
	numbers  *feed.Numbers // that its calls have
}

// newDelivery begins a file.
func (s *source) newDelivery(e *entry, file *section) (*delivery, error) {
	c, err := newContent(e.name, file, s.remote != nil)
	if err != nil {
		return nil, err
	}
	// Pieces need not be in the order of their times.
	return &delivery{
		name: e.String(), content: c, cutter: s.cut(c),
		ordinals: feed.FileOrdinals(), numbers: feed.NewNumbers(s.options.Format),
	}, nil
}

// offset returns how far the file was read.
func (d *delivery) offset() int64 { return min(d.cutter.Consumed(), d.content.known.End) }

// recount reads again what was read, and numbers it. It returns false if the
// file does not hold that any more.
func (d *delivery) recount(ctx context.Context, p *position, format feed.Format) (bool, error) {
	met := p.LastAt < 0
	for d.offset() < p.Offset {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		at := d.offset()
		piece, err := d.cutter.Next()
		switch {
		case errors.Is(err, io.EOF) && d.content.known.End == p.Offset && !d.content.closed:
			d.content.close = true // the last piece was taken without its line end
			continue
		case errors.Is(err, io.EOF), errors.Is(err, errShrunk):
			return false, nil
		case isLong(err) || err == nil && len(piece) == 0:
			continue
		case err != nil:
			return false, fmt.Errorf("read again up to byte %d: %w", p.Offset, err)
		}
		digest := record.DigestOf(piece)
		if at == p.LastAt {
			met = bytes.Equal(digest[:], p.Last)
		}
		if t, err := format(piece); err == nil && feed.Credible(t, time.Now()) {
			d.ordinals.Next(t, digest)
			d.numbers.Note(piece, t)
		}
	}
	return met && d.offset() == p.Offset && d.begins(p), nil
}

// begins tells whether the file begins as it did.
func (d *delivery) begins(p *position) bool {
	head := d.content.known.Head
	digest := record.DigestOf(head[:min(p.Offset, int64(len(head)))])
	return p.Offset == 0 || bytes.Equal(digest[:], p.Head)
}

func isLong(err error) bool {
	_, ok := errors.AsType[*feed.LongLineError](err)
	return ok
}
