package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
)

const (
	retryAfter  = 5 * time.Second // to the next look after one that failed
	refusedWait = time.Minute     // likewise, where we are not let in: asking faster only fills a log
)

// A reader is where a source stands: what it knows of the directory, and what
// it has told the queue.
type reader struct {
	*source
	voice   *feed.Voice
	ledger  *ledger
	library feed.Storage // nil while there is none
	leave   func() bool  // keeps it from being closed when the source ends; false if it is
	last    *delivery    // the file that was read last; nil if it cannot be read on
	pos     position
	code    encoder

	session bool            // told to the queue, and not ended
	resumed bool            // nothing was missed since covered
	covered record.Instant  // proven up to here
	came    time.Time       // when something new was read last, or this began
	away    time.Time       // since when the directory cannot be read; zero while it can
	told    string          // why, as was logged last
	wrong   fault           // what is wrong with a file
	staying map[mark]string // files that are done with and cannot be put away, and why they are wrong; "" if they are not
	skipped []feed.Missing  // calls of which there is no session to tell yet
}

// newReader goes on where the one before it was, if that read the same files.
func newReader(s *source, from feed.Start, v *feed.Voice) (*reader, error) {
	place := markOf(s.place + " " + s.mask)
	r := &reader{source: s, voice: v, covered: from.CoveredUntil, came: time.Now(), pos: position{Place: place, LastAt: -1}, staying: make(map[mark]string)}
	if from.Position != nil {
		pos, err := parsePosition(from.Position)
		if err != nil {
			return nil, fmt.Errorf("directory %s: %w", s.place, err)
		}
		if pos.Place == place {
			r.pos, r.resumed = *pos, from.CoveredUntil != 0 && !pos.Mute
		}
	}
	r.ledger = newLedger(&s.settings, &r.pos)
	return r, nil
}

// close lets go of the storage.
func (r *reader) close() {
	r.last = nil
	if r.library != nil {
		if r.leave() {
			_ = r.library.Close() // it was only read, or what was changed there is done
		}
		r.library = nil
	}
}

// run looks until ctx ends.
func (r *reader) run(ctx context.Context) {
	for {
		more, err := r.sweep(ctx)
		if ctx.Err() != nil {
			return // what was not told yet is read again
		}
		wait := r.poll
		switch {
		case err != nil:
			r.close()
			wait = r.missing(err)
		case more:
			wait = min(wait, nextRound)
		}
		r.voice.Back()
		r.voice.Flush()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// sweep looks once, and reads what there is to read. It blocks while the queue
// is full. more says that there were too many files to remember. An error means
// that the directory cannot be read, or is ctx's.
func (r *reader) sweep(ctx context.Context) (more bool, err error) {
	began := time.Now()
	r.voice.Leave(began)
	k, err := r.list(ctx, began)
	if err != nil {
		return false, err
	}
	ready, gone := k.end()
	r.mourn(gone)
	r.advance()
	r.miss(k.moved)
	for i := range k.moved {
		if err := r.settle(ctx, &k.moved[i]); err != nil {
			return false, err
		}
	}
	if r.readLimit > 0 {
		ready = ready[:min(len(ready), r.readLimit)]
	}
	if err := r.takeAll(ctx, ready); err != nil {
		return false, err
	}
	r.prove(began)
	return k.cut && (r.readLimit == 0 || len(ready) < r.readLimit), nil
}

// list looks at the directories. Those of ours come first.
func (r *reader) list(ctx context.Context, began time.Time) (*look, error) {
	if r.library == nil {
		opened, err := r.storage(ctx)
		if err != nil {
			return nil, err
		}
		r.library = opened
		r.leave = context.AfterFunc(ctx, func() { _ = opened.Close() }) // whatever waits for a server returns
	}
	k := r.ledger.look(began, r.stage)
	for _, dir := range []string{r.stage, r.dir} {
		if dir == "" {
			continue
		}
		err := r.library.List(ctx, dir, func(info fs.FileInfo) error {
			r.voice.Leave(time.Now())
			if wanted(info, r.mask) {
				k.see(newEntry(dir, info.Name(), info))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("directory %s: %w", dir, err)
		}
	}
	return k, nil
}

// mourn tells of files that went away before they were read to their end.
func (r *reader) mourn(gone []entry) {
	half := len(r.pos.Name) > 0 && !r.pos.Whole && r.pos.Offset > 0
	for i := range gone {
		if !half || gone[i].file != r.pos.File {
			r.lose(fmt.Errorf("%s: went away before it was read", &gone[i]))
		}
	}
	there := r.ledger.wait[r.pos.File] != nil || r.ledger.done[r.pos.State] || !r.ledger.rest.IsZero()
	if half && !there {
		r.pos.Whole = true
		r.lose(fmt.Errorf("%s: went away when it was read up to byte %d", r.half(), r.pos.Offset))
	}
}

// half returns the name of the file that was read last.
func (r *reader) half() string { return inert.Text(in(r.dir, string(r.pos.Name))) }

// takeAll reads files. One that cannot be claimed stops no other; if none can, it
// is the directory's error.
func (r *reader) takeAll(ctx context.Context, ready []*waiting) error {
	var unclaimed error
	taken := 0
	for _, w := range ready {
		err := r.take(ctx, w)
		switch {
		case err == nil:
			taken++
		case isLost(err), ctx.Err() != nil, !errors.Is(err, errUnclaimed):
			return err
		default:
			unclaimed = err
		}
	}
	if unclaimed == nil || taken == 0 {
		return unclaimed
	}
	text := inert.Text(unclaimed.Error())
	if text != r.wrong.text {
		r.log.Warn("cannot claim a file: it is tried again at each look", "err", text)
	}
	r.blame(text, 0)
	return nil
}

// take reads one file, and does with it what is to be done. What is wrong with
// the file is told; the error is the directory's.
func (r *reader) take(ctx context.Context, w *waiting) error {
	if ok, err := r.claim(ctx, w); err != nil || !ok {
		return err
	}
	whole, err := r.read(ctx, w)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isLost(err):
		return err
	case errors.Is(err, fs.ErrNotExist):
		r.lose(fmt.Errorf("%s: went away before it was read", &w.entry))
		r.ledger.forget(&w.entry)
		return nil
	case errors.Is(err, errChanged):
		return nil // the next look sees what it is now
	case err != nil:
		return r.failed(ctx, w, err)
	case !whole:
		return nil
	}
	r.pos.Whole = true
	r.ledger.finish(&w.entry)
	r.advance()
	return r.settle(ctx, &w.entry)
}

// failed tells of a file that could not be read, and gives it up when it was
// tried often enough.
func (r *reader) failed(ctx context.Context, w *waiting, why error) error {
	w.tries++
	if _, never := errors.AsType[*feed.ShapeError](why); never {
		w.tries = max(w.tries, r.retries+1) // to read it again would not help
	}
	d := r.last
	r.last = nil
	why = errors.New(inert.Text(why.Error())) // it may hold the file's name as it is
	text := fmt.Sprintf("%s: %v", &w.entry, why)
	r.blame(text, w.entry.state)
	if w.tries <= r.retries {
		r.log.Warn("cannot read a file: it will be tried again", "path", w.entry.String(), "err", why)
		return nil
	}
	r.log.Warn("cannot read a file: it is given up", "path", w.entry.String(), "err", why, "tries", w.tries)
	if d != nil && r.pos.File == w.entry.file {
		r.skip(d) // what was read of it came
	}
	if r.pos.State != w.entry.state {
		r.pos.begin(&w.entry)
	}
	r.pos.giveUp(why)
	r.ledger.finish(&w.entry)
	r.goOn()
	r.voice.Reject(feed.Rejected, text, nil, r.encoded())
	return r.settle(ctx, &w.entry)
}

// encoded returns the position.
func (r *reader) encoded() []byte {
	r.ledger.store(&r.pos)
	r.code.settle(&r.pos)
	return r.code.encode(&r.pos)
}

// advance tells the queue the position without a record.
func (r *reader) advance() { r.voice.Advance(r.encoded()) }

func isLost(err error) bool {
	_, ok := errors.AsType[*feed.Lost](err)
	return ok
}
