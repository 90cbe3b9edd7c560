package tail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A follower is where a source stands: which file it reads, and what it has
// told the queue.
type follower struct {
	*source
	voice *feed.Voice
	file  *file     // nil while there is none to read
	pos   *position // of the last file, to find the place again; nil if there never was one

	session bool           // told to q, and not ended
	changed time.Time      // when the file that was let go last was changed last, as far as is known
	covered record.Instant // proven up to here
	proven  time.Time      // when proof was told last
	away    time.Time      // since when there is no file at the path; zero while there is
	told    string         // why there is none, as was logged last
	doubt   bool           // the place was not found when it was looked for last
	encoded []byte         // a position, kept for its memory
}

func newFollower(s *source, from feed.Start, v *feed.Voice) (*follower, error) {
	f := &follower{source: s, voice: v, covered: from.CoveredUntil}
	if from.Position == nil {
		return f, nil
	}
	pos, err := parsePosition(from.Position)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", s.path, err)
	}
	f.pos = pos
	return f, nil
}

func (f *follower) close() {
	if f.file != nil {
		f.pos = &f.file.pos
		if f.file.seen != nil {
			f.changed = f.file.seen.ModTime()
		}
		f.file.close()
		f.file = nil
	}
}

// run polls until ctx ends.
func (f *follower) run(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for f.poll(ctx) == nil {
		select {
		case <-ctx.Done():
			return // what was not told yet is read again
		case <-tick.C:
		}
	}
}

// poll reads all that there is to read, through as many files as there are. It
// blocks while q is full. Its error is ctx's; what is wrong with a file is told
// to q.
func (f *follower) poll(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := f.turn(ctx)
		if ctx.Err() != nil {
			break
		}
		if errors.Is(err, errCut) {
			f.log.Info("looking for a copy of what the file held", "path", f.file.Name(), "err", err)
			f.close()
			continue
		}
		if err != nil {
			f.close()
			f.missing(err)
		}
		if err != nil || !more {
			f.voice.Back()
			f.voice.Flush()
			return nil //nolint:nilerr // missing has told q
		}
	}
	return ctx.Err()
}

// turn takes one step; more says that there is another to take at once.
func (f *follower) turn(ctx context.Context) (more bool, err error) {
	asked := time.Now()
	f.voice.Leave(asked)
	if f.file == nil {
		return f.find()
	}
	what, err := f.file.look()
	switch {
	case err != nil:
		return false, err
	case what == cut:
		return false, errCut
	case what == still:
		f.file.readAt = asked
	default:
		if err := f.read(ctx); err != nil {
			return false, err
		}
	}
	return f.ended(ctx)
}

// find opens the file to go on with, or waits for one.
func (f *follower) find() (more bool, err error) {
	if f.pos != nil {
		found, err := f.locate(f.pos)
		if err != nil {
			return false, err
		}
		if found != nil {
			return true, f.resume(found)
		}
	}
	if _, err := os.Stat(f.path); err != nil {
		return false, err
	}
	if f.pos == nil {
		return true, f.next(time.Time{})
	}
	if f.doubt = !f.doubt; f.doubt {
		return false, nil // names may just be shifting: look once more
	}
	f.lost(fmt.Errorf("%s: the place up to which it was read is gone: the file was cut, replaced or removed", f.path))
	return true, f.next(f.after())
}

// after returns since when a file must have been changed to be read after the
// one that is gone: none that was read before it was.
func (f *follower) after() time.Time {
	after := f.covered.Add(behind).Time() // the end of the file was seen
	for _, t := range []time.Time{f.changed, time.Unix(0, f.pos.DoneAt)} {
		if t.After(after) {
			after = t
		}
	}
	return after
}

// resume goes on in a file that was found again. One that was empty is known by
// its inode alone: whatever was rotated since comes before it.
func (f *follower) resume(found *file) error {
	f.doubt = false
	if found.pos.Offset == 0 && found.Name() == f.path {
		older, missed, err := f.since(f.after(), found)
		if err != nil {
			found.close()
			return err
		}
		if older.path != "" || missed.path != "" {
			found.close()
			return f.next(f.after())
		}
	}
	f.file, f.pos = found, &found.pos
	f.goOn()
	return nil
}

// read tells q the lines that the file holds. It returns nil at end of file.
func (f *follower) read(ctx context.Context) error {
	for ctx.Err() == nil {
		if !f.file.lines.Buffered() {
			f.voice.Leave(time.Now())
		}
		at := f.file.offset()
		line, err := f.file.lines.Next()
		switch {
		case errors.Is(err, io.EOF):
			f.unfinished()
			return nil
		case isLong(err):
			f.reject(at, nil, err)
			err = nil
		case err == nil:
			err = f.tell(ctx, at, line)
		default:
			err = fmt.Errorf("read %s: %w", f.file.Name(), err)
		}
		if err != nil {
			return err
		}
		f.file.opened = time.Time{}
	}
	return ctx.Err()
}

// tell makes a record of a line that began at that place.
func (f *follower) tell(ctx context.Context, at int64, line []byte) error {
	if len(line) == 0 {
		return nil
	}
	when, err := f.format(line)
	if err != nil {
		f.reject(at, line, err)
		return nil
	}
	f.hear(when)
	r := record.New(when, 0, line)
	f.file.number(at, &r)
	f.encoded = f.file.pos.appendTo(f.encoded[:0])
	return f.voice.Record(ctx, r, f.encoded)
}

// reject tells q of a line that cannot be a record, and why.
func (f *follower) reject(at int64, line []byte, why error) {
	f.goOn()
	f.file.advance()
	if long, ok := errors.AsType[*feed.LongLineError](why); ok {
		line = long.Head
	}
	f.encoded = f.file.pos.appendTo(f.encoded[:0])
	f.voice.Reject(feed.Rejected, fmt.Sprintf("%s, byte %d: %v", f.file.Name(), at, why), line, f.encoded)
}

// unfinished notes since when a line waits for its end.
func (f *follower) unfinished() {
	size, _ := f.file.lines.Unfinished()
	switch {
	case size == 0:
		f.file.opened = time.Time{}
	case f.file.opened.IsZero():
		f.file.opened = f.file.readAt
	}
}

// ended is called at the end of the file. It decides whether the file is
// finished, proves coverage if it is not, and goes on to the next if it is.
func (f *follower) ended(ctx context.Context) (more bool, err error) {
	info, err := os.Stat(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err == nil && inode(info) == f.file.pos.Inode {
		f.prove()
		return false, nil
	}
	left, errLeft := f.left(info)
	switch {
	case errLeft != nil:
		return false, errLeft
	case left:
		return true, f.finish(ctx)
	case err != nil:
		f.missing(err)
		return false, nil
	}
	f.prove()
	return false, nil
}

// left tells whether the writer has begun another file: the one at the path, or
// one that was rotated since.
func (f *follower) left(now fs.FileInfo) (bool, error) {
	if now != nil && now.Size() > 0 {
		return true, nil
	}
	info, err := f.file.Stat()
	if err != nil {
		return false, err
	}
	rotated, missed, err := f.since(info.ModTime(), nil)
	return rotated.path != "" || missed.path != "" && now != nil, err
}

// finish reads what the writer wrote before it left the file, and opens the next.
func (f *follower) finish(ctx context.Context) error {
	if err := f.read(ctx); err != nil {
		return err
	}
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	name := f.file.Name()
	size, half := f.file.lines.Unfinished()
	if err := f.next(info.ModTime()); err != nil {
		return err
	}
	if size > 0 {
		f.encoded = f.pos.appendTo(f.encoded[:0])
		f.voice.Reject(feed.Rejected, name+": was left in the middle of its last line", half, f.encoded)
	}
	return nil
}
