package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/inert"
)

// errUnclaimed tells that a file cannot be moved to the stage: it waits there, and
// is tried again at each look.
var errUnclaimed = errors.New("move to the stage")

// claim moves a file out of the reach of who wrote it, if that is asked for. It
// returns false if the file has to wait, or is gone. The error is the
// directory's, or wraps errUnclaimed.
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
		return false, fmt.Errorf("%s: %w %s: %w", e, errUnclaimed, inert.Text(r.stage), err)
	}
	e.dir = r.stage
	return true, nil
}

// settle does with a file that is done with what is to be done, once all that
// was told of it is stored. A file that was changed meanwhile is let be: the
// next look reads it on. One that cannot be put away stays. The error is the
// directory's, or ctx's.
func (r *reader) settle(ctx context.Context, e *entry) error {
	if !r.ledger.moves {
		return nil
	}
	if err := r.voice.Drain(ctx); err != nil {
		return err
	}
	r.voice.Leave(time.Now())
	err := r.putAway(ctx, e)
	switch {
	case err == nil:
		r.ledger.forget(e)
		r.left(e.state)
		return nil
	case isLost(err), ctx.Err() != nil:
		return fmt.Errorf("%s, which was read: %w", e, err)
	}
	return r.stay(e, err)
}

// putAway moves or removes a file that is done with, if it was not changed.
func (r *reader) putAway(ctx context.Context, e *entry) error {
	same, err := r.unchanged(ctx, e)
	switch {
	case err != nil || !same:
		return err
	case r.reason(e) != "":
		return r.put(ctx, e, r.refused)
	case r.after == remove:
		return r.library.Remove(ctx, e.path())
	}
	return r.put(ctx, e, r.archived)
}

// stay notes that a file which is done with cannot be put away. That is tried
// again at each look, and others are read meanwhile; its reason is kept, for the
// position will be of another. Where there are many it is the directory's error.
func (r *reader) stay(e *entry, err error) error {
	err = fmt.Errorf("%s: was read, and cannot be put away: %s", e, inert.Text(err.Error()))
	if _, known := r.staying[e.state]; !known {
		if len(r.staying) >= maxStaying {
			return err
		}
		r.log.Warn("cannot put away a file that was read: it is tried again at each look", "path", e.String(), "err", err)
		r.staying[e.state] = r.reason(e)
	}
	r.blame(err.Error(), e.state)
	return nil
}

// left notes that a file which may have stayed does not any more.
func (r *reader) left(state mark) {
	if _, stayed := r.staying[state]; stayed && r.wrong.state == state {
		r.wrong = fault{}
	}
	delete(r.staying, state)
}

// miss drops of the files that stayed those that somebody else took away.
func (r *reader) miss(there []entry) {
	for state := range r.staying {
		if !slices.ContainsFunc(there, func(e entry) bool { return e.state == state }) {
			delete(r.ledger.done, state)
			r.left(state)
		}
	}
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
	why, stays := r.staying[e.state]
	switch {
	case stays:
		return why
	case r.pos.State != e.state:
		return ""
	case r.pos.Why != "":
		return r.pos.Why
	case r.pos.Bad > 0:
		return fmt.Sprintf("%d pieces of it were rejected, the others are stored: see the log", r.pos.Bad)
	}
	return ""
}

// How long a name may be, for what is put behind it: a number, or a time, and what
// tells the reason.
const (
	longest       = 240
	longestBefore = 220
)

// put moves a file into a directory of ours, under a name that nobody has there,
// and why beside it where there is a reason.
func (r *reader) put(ctx context.Context, e *entry, dir string) error {
	why := r.reason(e)
	for n := range 100 {
		name := e.name[:min(len(e.name), longest)]
		if n > 0 {
			name += fmt.Sprintf(".%d", n)
		}
		r.voice.Leave(time.Now())
		err := r.putAs(ctx, e, in(dir, name), why)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	name := e.name[:min(len(e.name), longestBefore)] + time.Now().UTC().Format(".20060102T150405.000000000")
	return r.putAs(ctx, e, in(dir, name), why)
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
