package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// claim moves a file out of the reach of who wrote it, if that is asked for. It
// returns false if the file has to wait, or is gone. The error is the
// directory's.
func (r *reader) claim(ctx context.Context, w *waiting) (bool, error) {
	e := &w.entry
	if r.stage == "" || e.dir == r.stage {
		return true, nil
	}
	r.voice.Leave(time.Now())
	err := r.library.Rename(ctx, e.path(), in(r.stage, e.name))
	switch {
	case errors.Is(err, fs.ErrExist):
		r.log.Info("file waits: one of its name is not done with", "path", e.String(), "stage", r.stage)
		return false, nil
	case errors.Is(err, fs.ErrNotExist): // the stage was there just now
		r.lose(fmt.Errorf("%s: went away before it was read", e))
		r.ledger.forget(e)
		return false, nil
	case err != nil:
		return false, fmt.Errorf("move %s to the stage: %w", e, err)
	}
	e.dir = r.stage
	return true, nil
}

// settle does with a file that is done with what is to be done, once all that
// was told of it is stored. A file that was changed meanwhile is let be: the
// next look reads it on. The error is the directory's, or ctx's.
func (r *reader) settle(ctx context.Context, e *entry) error {
	if !r.ledger.moves {
		return nil
	}
	if err := r.voice.Drain(ctx); err != nil {
		return err
	}
	r.voice.Leave(time.Now())
	same, err := r.unchanged(ctx, e)
	switch {
	case err != nil:
		return err
	case !same:
	case r.reason(e) != "":
		err = r.put(ctx, e, r.refused)
	case r.after == remove:
		err = r.library.Remove(ctx, e.path())
	default:
		err = r.put(ctx, e, r.archived)
	}
	if err != nil {
		return fmt.Errorf("%s, which was read: %w", e, err)
	}
	r.ledger.forget(e)
	return nil
}

// unchanged tells whether a file is what it was when it was listed. One that
// we may not open is.
func (r *reader) unchanged(ctx context.Context, e *entry) (bool, error) {
	f, err := r.library.Open(ctx, e.path())
	switch {
	case isLost(err), ctx.Err() != nil:
		return false, err
	case err != nil:
		return !errors.Is(err, fs.ErrNotExist), nil
	}
	defer f.Close() //nolint:errcheck // it was not even read
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	now := newEntry(e.dir, e.name, info)
	return now.state == e.state, nil
}

// reason returns why a file goes to the directory of those that are wrong; ""
// if it does not.
func (r *reader) reason(e *entry) string {
	switch {
	case r.pos.State != e.state:
		return ""
	case r.pos.Why != "":
		return r.pos.Why
	case r.pos.Bad > 0:
		return fmt.Sprintf("%d pieces of it were rejected, the others are stored: see the log", r.pos.Bad)
	}
	return ""
}

// longest is how long a name may be, with what is put behind it.
const longest = 240

// put moves a file into a directory of ours, under a name that nobody has there,
// and why beside it where there is a reason.
func (r *reader) put(ctx context.Context, e *entry, dir string) error {
	why := r.reason(e)
	for n := range 100 {
		name := e.name[:min(len(e.name), longest)]
		if n > 0 {
			name += fmt.Sprintf(".%d", n)
		}
		err := r.putAs(ctx, e, in(dir, name), why)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return fmt.Errorf("%s: 100 files of that name lie there: take them away", dir)
}

// putAs does it under one name.
func (r *reader) putAs(ctx context.Context, e *entry, to, why string) error {
	note := to + ".reason"
	if why != "" {
		if err := r.library.Create(ctx, note, []byte(why+"\n")); err != nil {
			return err
		}
	}
	err := r.library.Rename(ctx, e.path(), to)
	if err != nil && why != "" {
		err = errors.Join(err, r.library.Remove(ctx, note))
	}
	return err
}
