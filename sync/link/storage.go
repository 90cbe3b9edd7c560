package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/pkg/sftp"

	"github.com/twinctl/twin/collector/inert"
)

// maxListing is how many bytes a server may send for one listing: more than
// 100,000 names.
const maxListing = 24 << 20

// A Storage is the SFTP service of an ordinary SSH server, which is no twin: its
// key is pinned and ours is shown by the same rules. Its methods may be called
// by one goroutine at a time, return the errors of this package when the link is
// lost, and fs.ErrNotExist, fs.ErrExist and fs.ErrPermission as the server
// does. Whoever ends a ctx while the server owes an answer ends the link.
type Storage struct {
	client *Client
	sftp   *sftp.Client
}

// DialStorage connects to t, whose Name is not heeded, within Options.Login and
// ctx. It retries nothing. ctx is for dialling alone.
func DialStorage(ctx context.Context, t Target, o Options) (*Storage, error) {
	o = o.settled()
	within, cancel := context.WithTimeout(ctx, o.Login)
	defer cancel()
	c, _, err := enter(within, t, o)
	if err != nil {
		return nil, worded(ctx, ofServer(t, err))
	}
	s := &Storage{client: c}
	if err := s.begin(within); err != nil {
		_ = c.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w: it let us in, and did not begin SFTP", ErrMute)
		}
		return nil, worded(ctx, ofServer(t, err))
	}
	return s, nil
}

func ofServer(t Target, err error) error {
	if a, wrong := ParseAddress(t.Address); wrong == nil && errors.Is(err, ErrHostKey) && t.KnownHosts != "" {
		err = fmt.Errorf("%w: compare what ssh-keyscan -p %s %s prints with what its administrator says, and put it into %s", err, a.Port, a.Host, t.KnownHosts)
	}
	return fmt.Errorf("SFTP server %s: %w", inert.Text(t.Address), err)
}

func (s *Storage) begin(ctx context.Context) error {
	p, err := s.client.begin(ctx, "subsystem", "sftp")
	if err != nil {
		return err
	}
	return s.client.within(ctx, func() error {
		begun, err := sftp.NewClientPipe(p, p, sftp.UseFstat(true))
		if err != nil {
			return p.gone(err, false)
		}
		s.sftp = begun
		s.client.start(func() { _ = begun.Wait(); _ = p.Close() })
		return nil
	})
}

// Close ends the link.
func (s *Storage) Close() error { return s.client.Close() }

// ask does what waits for an answer of the server.
func (s *Storage) ask(ctx context.Context, what string, f func(context.Context) error) error {
	bounded, cancel := s.client.bounded(ctx)
	defer cancel()
	err := s.client.within(bounded, func() error { return f(bounded) })
	switch {
	case s.client.over():
		err = s.client.cause
	case bounded.Err() != nil: // the answer may come yet, and nobody waits for it
		err = fmt.Errorf("%w: no answer to %s in time", ErrFrozen, what)
		s.client.end(err)
	case errors.Is(err, sftp.ErrSSHFxConnectionLost):
		err = fmt.Errorf("%w: it ended SFTP", ErrLost)
		s.client.end(err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return ofServer(s.client.target, fmt.Errorf("%s: %w", what, foreign(err)))
	}
	return nil
}

// foreign makes the text of a server harmless.
func foreign(err error) error {
	if status, ok := errors.AsType[*sftp.StatusError](err); ok {
		return errors.New(shorten(statusText(status)))
	}
	return err
}

// List calls each with whatever is in a directory. What each returns ends it.
func (s *Storage) List(ctx context.Context, dir string, each func(fs.FileInfo) error) error {
	var found []os.FileInfo
	meter := s.client.meter
	most := meter.in.Load() + maxListing
	meter.limit.Store(most)
	err := s.ask(ctx, "list "+shorten(dir), func(ctx context.Context) (err error) {
		found, err = s.sftp.ReadDirContext(ctx, dir)
		return err
	})
	meter.limit.Store(0)
	if err != nil && meter.in.Load() > most {
		return ofServer(s.client.target, fmt.Errorf("%w: list %s: more than %d MiB of names", ErrProtocol, shorten(dir), maxListing>>20))
	}
	if err != nil {
		return err // an answer may come yet
	}
	for _, info := range found {
		if err := each(info); err != nil {
			return err
		}
	}
	return nil
}

// Open opens a file for reading. It must be closed.
func (s *Storage) Open(ctx context.Context, path string) (*StoredFile, error) {
	f := &StoredFile{storage: s, path: path}
	err := s.ask(ctx, "open "+shorten(path), func(context.Context) error {
		info, err := s.sftp.Lstat(path)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("not a regular file: %w", fs.ErrInvalid)
		}
		f.sftp, err = s.sftp.Open(path)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename moves a file. One that has the new name already is fs.ErrExist: SFTP
// overwrites nothing, and says no more than that it failed.
func (s *Storage) Rename(ctx context.Context, from, to string) error {
	return s.ask(ctx, "move "+shorten(from)+" to "+shorten(to), func(context.Context) error {
		if err := s.absent(to); err != nil {
			return err
		}
		return s.sftp.Rename(from, to)
	})
}

// absent returns fs.ErrExist if there is a file.
func (s *Storage) absent(path string) error {
	switch _, err := s.sftp.Lstat(path); {
	case err == nil:
		return fs.ErrExist
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

// Remove removes a file.
func (s *Storage) Remove(ctx context.Context, path string) error {
	return s.ask(ctx, "remove "+shorten(path), func(context.Context) error { return s.sftp.Remove(path) })
}

// Create writes a new file; one that is there already is fs.ErrExist.
func (s *Storage) Create(ctx context.Context, path string, text []byte) error {
	return s.ask(ctx, "write "+shorten(path), func(context.Context) error {
		if err := s.absent(path); err != nil {
			return err
		}
		f, err := s.sftp.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		return errors.Join(err, f.Close())
	})
}

// A StoredFile is a file of a Storage, open for reading.
type StoredFile struct {
	storage *Storage
	sftp    *sftp.File
	path    string
}

// ReadAt implements io.ReaderAt. It holds no more than p in memory.
func (f *StoredFile) ReadAt(p []byte, at int64) (int, error) {
	var read int
	var ended error
	err := f.ask("read", func() (err error) {
		read, err = f.sftp.ReadAt(p, at)
		if errors.Is(err, io.EOF) {
			ended, err = io.EOF, nil
		}
		return err
	})
	if err != nil {
		return 0, err // an answer may come yet
	}
	return read, ended
}

// Stat asks for the attributes of the open file.
func (f *StoredFile) Stat() (fs.FileInfo, error) {
	var info fs.FileInfo
	err := f.ask("look at", func() (err error) { info, err = f.sftp.Stat(); return err })
	if err != nil {
		return nil, err
	}
	return info, nil
}

// Close gives the file back.
func (f *StoredFile) Close() error { return f.ask("close", f.sftp.Close) }

func (f *StoredFile) ask(what string, do func() error) error {
	return f.storage.ask(context.Background(), what+" "+shorten(f.path), func(context.Context) error { return do() })
}
