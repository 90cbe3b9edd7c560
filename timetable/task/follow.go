package task

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

const followInterval = 200 * time.Millisecond

// Follow writes the output of a run that may still be running: what is there,
// then what comes, until ended says that no more will. Where so much comes that
// the middle is left out meanwhile, it is missing here too. A file that is not
// there yet is waited for. It ends with the error of out, of ended or of ctx.
func Follow(ctx context.Context, path string, out io.Writer, ended func(context.Context) (bool, error)) error {
	f := follower{path: path, out: out}
	defer f.close()
	tick := time.NewTicker(followInterval)
	defer tick.Stop()
	for {
		done, err := ended(ctx) // asked before the last look
		if err != nil {
			return err
		}
		if err := f.copy(); err != nil || done {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// A follower reads the file that has a name, and then the one that took its
// place.
type follower struct {
	path string
	out  io.Writer
	file *os.File // nil: none yet
}

// copy writes what came since the last time.
func (f *follower) copy() error {
	for {
		if f.file != nil {
			if _, err := io.Copy(f.out, f.file); err != nil {
				return err
			}
		}
		more, err := f.next()
		if err != nil || !more {
			return err
		}
	}
}

// next opens the file if it is another one than before. All that was said
// until its middle was left out was read from the file before.
func (f *follower) next() (more bool, err error) {
	file, err := os.Open(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	same := false
	if f.file != nil {
		same, err = sameFile(file, f.file)
	}
	if err != nil || same {
		return false, errors.Join(err, file.Close())
	}
	if f.file != nil {
		if _, err := file.Seek(cutSize(), io.SeekStart); err != nil {
			return false, errors.Join(err, file.Close())
		}
		// What came into the file before after it was read, and before this one
		// took its place, is read still.
		if _, err := io.Copy(f.out, f.file); err != nil {
			return false, errors.Join(err, file.Close())
		}
	}
	f.close()
	f.file = file
	return true, nil
}

func sameFile(a, b *os.File) (bool, error) {
	one, err := a.Stat()
	if err != nil {
		return false, err
	}
	other, err := b.Stat()
	return err == nil && os.SameFile(one, other), err
}

func (f *follower) close() {
	if f.file != nil {
		_ = f.file.Close() // it was only read
	}
}
