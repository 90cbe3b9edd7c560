package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// errChanged tells that a file is not what it was when it was listed.
var errChanged = errors.New("it was changed when it was to be read")

// errBroke is what a panic over a file becomes: the others are read all the same.
var errBroke = errors.New("its reader broke on it")

// read tells the queue what is new in a file. It returns true if that was all.
func (r *reader) read(ctx context.Context, w *waiting) (whole bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			whole, err = false, fmt.Errorf("%w: %v", errBroke, p)
			r.log.Error("reader of a file broke", "path", w.entry.String(), "err", err, "stack", string(debug.Stack()))
		}
	}()
	e := &w.entry
	r.voice.Leave(time.Now())
	opened, err := r.library.Open(ctx, e.path())
	if err != nil {
		return false, err
	}
	defer opened.Close() //nolint:errcheck // it was only read
	info, err := opened.Stat()
	if err != nil {
		return false, err
	}
	if now := newEntry(e.dir, e.name, info); !info.Mode().IsRegular() || now.file != e.file || now.size < e.size {
		return false, errChanged
	}
	d, err := r.begin(ctx, w, &section{File: opened, voice: r.voice, over: ctx.Err, size: e.size})
	if err != nil {
		return false, err
	}
	r.last = d
	return r.pieces(ctx, w, d)
}

// begin finds the place from which on the file is to be read.
func (r *reader) begin(ctx context.Context, w *waiting, file *section) (*delivery, error) {
	e := &w.entry
	if r.pos.File == e.file && r.pos.Offset > 0 {
		d, err := r.resume(ctx, e, file)
		if d != nil || err != nil {
			return d, err
		}
		if !r.pos.Whole {
			r.lose(fmt.Errorf("%s: was replaced when it was read up to byte %d", e, r.pos.Offset))
		}
		file.at = 0
	}
	if w.again {
		r.log.Info("file was changed since it was read: it is read anew", "path", e.String())
	}
	r.last = nil
	r.pos.begin(e)
	return r.newDelivery(e, file)
}

// resume goes on in the file that was read last; nil if it is another by now.
func (r *reader) resume(ctx context.Context, e *entry, file *section) (*delivery, error) {
	d := r.last
	ok := false
	var err error
	if d != nil {
		ok, err = d.content.growsTo(file)
	}
	if !ok && err == nil {
		if d, err = r.newDelivery(e, file); err == nil {
			ok, err = d.recount(ctx, &r.pos, r.format)
		}
	}
	if err != nil || !ok {
		return nil, err
	}
	if r.pos.State != e.state {
		r.log.Info("file has grown: it is read on", "path", e.String(), "from", r.pos.Offset)
	}
	r.pos.State, r.pos.Name, r.pos.Whole = e.state, append(r.pos.Name[:0], e.name...), false
	return d, nil
}

// pieces tells the queue the pieces of a file, up to its end.
func (r *reader) pieces(ctx context.Context, w *waiting, d *delivery) (whole bool, err error) {
	r.ledger.store(&r.pos)
	r.code.settle(&r.pos)
	for ctx.Err() == nil {
		at := d.offset()
		piece, err := d.cutter.Next()
		switch {
		case errors.Is(err, io.EOF):
			if whole, more := r.ended(w, d); !more {
				return whole, nil
			}
		case isLong(err):
			long, _ := errors.AsType[*feed.LongLineError](err)
			r.reject(d, refusal{at, long.Head, feed.Rejected}, err)
		case err != nil:
			return false, err
		default:
			if err := r.tell(ctx, d, at, piece); err != nil {
				return false, err
			}
		}
	}
	return false, ctx.Err()
}

// tell makes a record of a piece that began at that place. An empty one is
// nothing.
func (r *reader) tell(ctx context.Context, d *delivery, at int64, piece []byte) error {
	if len(piece) == 0 {
		return nil
	}
	when, err := r.format(piece)
	reason := feed.Rejected
	if err == nil && !feed.Credible(when, time.Now()) { // the queue would not keep it either: the file is the only copy
		reason, err = feed.Clock, fmt.Errorf("its time %s cannot be true", when)
	}
	if err != nil {
		r.reject(d, refusal{at, piece, reason}, err)
		return nil
	}
	r.hear(when)
	r.came, r.pos.Mute = time.Now(), false
	rec := record.New(when, 0, piece)
	rec.N = d.ordinals.Next(when, rec.Digest)
	d.numbers.Note(piece, when)
	r.pos.move(d.offset(), &d.content.known)
	r.pos.record(at, rec.Digest)
	for _, late := range r.pos.Absent.Note(piece) {
		r.voice.Found(late) // before the position that does not wait for it any more
	}
	return r.voice.Record(ctx, rec, r.code.encode(&r.pos))
}

// A refusal is a piece that cannot be a record.
type refusal struct {
	at     int64  // where it begins
	head   []byte // how
	reason feed.Reason
}

// reject tells the queue of a piece that cannot be a record, and why.
func (r *reader) reject(d *delivery, p refusal, why error) {
	r.goOn()
	r.pos.move(d.offset(), &d.content.known)
	r.pos.Bad++
	text := fmt.Sprintf("%s, byte %d: %v", d.name, p.at, why)
	r.voice.RejectOf(r.format.Told(p.head), feed.Rejection{Reason: p.reason, Text: text, Head: p.head}, r.code.encode(&r.pos))
}

// ended is called at the end of a file. It tells whether that was all of it, or
// whether there is more to take: a last line that has no end.
func (r *reader) ended(w *waiting, d *delivery) (whole, more bool) {
	size, head := d.cutter.Unfinished()
	switch {
	case size == 0:
		r.skip(d)
		return true, false
	case d.content.closed:
		r.reject(d, refusal{d.offset(), head, feed.Rejected}, errHalf)
		r.pos.Offset = d.content.known.End
		r.skip(d)
		return true, false
	case !r.ledger.still(w):
		return false, false
	}
	d.content.close = true
	return false, true
}

// skip takes note of the numbers that a file skips between its calls, before the
// position says that all of it was read.
func (r *reader) skip(d *delivery) {
	within, between := r.pos.Series.Follow(d.numbers, record.At(time.Now()))
	r.skips(d.name, within)
	r.skips(betweenFiles, between)
	r.tellSkipped()
}

const betweenFiles = "between files"

// skips notes calls that are to be told as missing.
func (r *reader) skips(where string, missing []feed.Missing) {
	for _, m := range missing {
		r.log.Warn("calls are missing", "where", where, "first", m.First, "last", m.Last)
	}
	r.skipped = append(r.skipped, missing...)
}

var errHalf = errors.New("the file ends in the middle of a record")
