package replay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// A writer grows a file as Asterisk grows its queue_log: line by line, and now
// and then a new file under the same name. Nobody who reads it is waited for.
type writer struct {
	path   string
	tape   *tape
	stage  *stage
	rotate int

	file  *os.File
	lines int // in it
	next  int // the event that is written next
	buf   []byte
}

func newWriter(d *door) *writer {
	return &writer{path: d.address, tape: d.tape, stage: d.server.stage, file: d.file, rotate: d.server.options.Rotate}
}

// begin makes a file that must not be there: what somebody else wrote is not
// added to. Whoever reads it may be another user.
func begin(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("replay: %s is there already: name a new file, or remove it: %w", path, fs.ErrExist)
	}
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return f, nil
}

// run writes what is due when it is due, until ctx ends. An error means that the
// file cannot be written.
func (w *writer) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, w.file.Close()) }()
	w.stage.enter(time.Now())
	begun := w.stage.begun
	timer := time.NewTimer(never)
	defer timer.Stop()
	for {
		free, more := w.stage.free(len(w.tape.events))
		wait, err := w.say(time.Now(), free)
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-begun:
			begun = nil
		case <-more:
		case <-ctx.Done():
			return nil
		}
	}
}

// say writes what is due of so many events, up to a chunk, and returns how long
// the next line has to wait: 0 if it is due already.
func (w *writer) say(now time.Time, free int) (time.Duration, error) {
	for ; w.next < free; w.next++ {
		e := &w.tape.events[w.next]
		if wait := w.stage.until(e, now); wait > 0 || len(w.buf) >= chunk {
			return wait, w.flush()
		}
		if w.rotate > 0 && w.lines == w.rotate {
			if err := w.turn(); err != nil {
				return 0, err
			}
		}
		w.buf = w.tape.render(w.buf, e, w.stage.plan.stamp(w.stage.start, e.at))
		w.lines++
	}
	return never, w.flush()
}

// flush writes what is in the buffer: whole lines, at once.
func (w *writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.file.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// turn puts the file away under the first number that is free, from 0 up, and
// begins another.
func (w *writer) turn() error {
	if err := errors.Join(w.flush(), w.file.Close()); err != nil {
		return err
	}
	away, err := free(w.path)
	if err != nil {
		return err
	}
	if err := os.Rename(w.path, away); err != nil {
		return err
	}
	next, err := begin(w.path)
	if err != nil {
		return err
	}
	w.file, w.lines = next, 0
	return nil
}

// free returns the path with the first number behind it that is no file's.
func free(path string) (string, error) {
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s.%d", path, n)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", err
		}
	}
}
