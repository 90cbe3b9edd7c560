package link_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/sync/link"
)

// A giver is a tree that takes nothing.
type giver struct{}

func (giver) Open(ctx context.Context, path string) (link.File, error) { return shop{}.Open(ctx, path) }

// library serves a tree to the library's own client, which is free to ask for
// what ours never would.
func library(t *testing.T, tree link.Tree) *sftp.Client {
	t.Helper()
	near, far := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- link.ServeFiles(context.Background(), far, tree, link.Options{}) }()
	c, err := sftp.NewClientPipe(near, near, sftp.MaxPacketUnchecked(200<<10))
	must(t, err)
	t.Cleanup(func() {
		_ = near.Close()
		_ = c.Close()
		if err := <-ended; err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the session ended by %v", err)
		}
	})
	return c
}

// TestOnlyUploads asks for all else that would change something.
func TestOnlyUploads(t *testing.T) {
	for name, tree := range map[string]link.Tree{"a taker": shop{}, "a giver": giver{}} {
		c := library(t, tree)
		for what, err := range map[string]error{
			"mkdir":        c.Mkdir("count/1"),
			"remove":       c.Remove("count/1"),
			"rmdir":        c.RemoveDirectory("count"),
			"rename":       c.Rename("count/1", "count/2"),
			"posix rename": c.PosixRename("count/1", "count/2"),
			"link":         c.Link("count/1", "count/2"),
			"symlink":      c.Symlink("/etc/passwd", "count/1"),
			"chmod":        c.Chmod("count/1", 0o777),
			"chown":        c.Chown("count/1", 0, 0),
			"chtimes":      c.Chtimes("count/1", time.Time{}, time.Time{}),
			"truncate":     c.Truncate("count/1", 0),
			"list":         second(c.ReadDir("count")),
			"stat":         second(c.Stat("count/1")),
			"read a link":  second(c.ReadLink("count/1")),
		} {
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		if _, err := c.StatVFS("count"); err == nil {
			t.Errorf("%s: tells of its file system", name)
		}
		for _, flags := range []int{
			os.O_WRONLY, os.O_RDWR | os.O_CREATE, os.O_WRONLY | os.O_CREATE | os.O_TRUNC,
			os.O_WRONLY | os.O_CREATE | os.O_APPEND, os.O_WRONLY | os.O_CREATE | os.O_EXCL, os.O_RDONLY | os.O_CREATE,
		} {
			if _, err := c.OpenFile("count/1", flags); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: open with %x: %v", name, flags, err)
			}
		}
	}
	if _, err := library(t, giver{}).OpenFile("count/1", upload); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a giver takes something: %v", err)
	}
}

const upload = os.O_WRONLY | os.O_CREATE

func second[T any](_ T, err error) error { return err }

// TestAnOpenUploadIsLeftAlone changes what is being sent, by its handle.
func TestAnOpenUploadIsLeftAlone(t *testing.T) {
	c := library(t, shop{})
	f, err := c.OpenFile("count/1", upload)
	must(t, err)
	for what, err := range map[string]error{
		"truncate": f.Truncate(0), "chmod": f.Chmod(0o777), "stat": second(f.Stat()), "chown": f.Chown(1, 1),
	} {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for range 100 {
		if _, err := c.OpenFile("count/1", upload); err == nil {
			t.Fatal("a second upload is under way")
		}
	}
	_, err = f.WriteAt([]byte{byteAt(0)}, 0)
	must(t, err)
	must(t, f.Close())
	// The library takes a read of it for a write of zeros: no byte goes out,
	// and what was sent is not as it should be.
	f, err = c.OpenFile("count/1", upload)
	must(t, err)
	if n, _ := f.Read(make([]byte, 1)); n != 0 {
		t.Error("it can be read")
	}
	_, err = f.WriteAt([]byte{byteAt(0)}, 0)
	must(t, err)
	if err := f.Close(); err == nil {
		t.Error("what was read too is taken")
	}
}

// TestBeyondAllBounds writes where nothing is, and more than is taken at once.
// What failed once has failed.
func TestBeyondAllBounds(t *testing.T) {
	for what, write := range map[string]func(*sftp.File) (int, error){
		"a negative offset":  func(f *sftp.File) (int, error) { return f.WriteAt([]byte{1}, -1) },
		"the least offset":   func(f *sftp.File) (int, error) { return f.WriteAt([]byte{1}, -1<<63) },
		"an enormous offset": func(f *sftp.File) (int, error) { return f.WriteAt([]byte{1}, 1<<63-1) },
		"beyond the reach":   func(f *sftp.File) (int, error) { return f.WriteAt([]byte{1}, 1<<30) },
		"too much at once":   func(f *sftp.File) (int, error) { return f.WriteAt(make([]byte, 64<<10+1), 0) },
	} {
		f, err := library(t, shop{}).OpenFile("count/1", upload)
		must(t, err)
		if _, err := write(f); err == nil {
			t.Errorf("%s: written", what)
		}
		if _, err := f.WriteAt([]byte{byteAt(0)}, 0); err == nil {
			t.Errorf("%s: written after it", what)
		}
		if err := f.Close(); err == nil {
			t.Errorf("%s: all is well in the end", what)
		}
	}
}

// TestAnUploadThatLiesEndsItsSession lets one lie, and sends to another so
// slowly that it would never end.
func TestAnUploadThatLiesEndsItsSession(t *testing.T) {
	for what, c := range map[string]struct{ every, atMost time.Duration }{
		"lies":  {24 * time.Hour, 31 * time.Second},
		"drips": {20 * time.Second, time.Hour + 31*time.Second},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				ended := make(chan error, 1)
				go func() { ended <- link.ServeFiles(t.Context(), far, shop{}, link.Options{}) }()
				client, err := sftp.NewClientPipe(near, near)
				must(t, err)
				began := time.Now()
				f, err := client.OpenFile("count/1", upload)
				must(t, err)
				over := make(chan struct{})
				defer close(over)
				tick := time.NewTicker(c.every)
				go func() {
					for {
						select {
						case <-tick.C:
						case <-over:
							return
						}
						if _, err := f.WriteAt([]byte{byteAt(0)}, 0); err != nil {
							return
						}
					}
				}()
				if err := <-ended; !errors.Is(err, link.ErrFrozen) {
					t.Errorf("ended by %v", err)
				}
				if took := time.Since(began); took > c.atMost {
					t.Errorf("ended after %s", took)
				}
				_ = near.Close()
				_ = client.Close()
			})
		})
	}
}

// TestHostileTakers sends to what takes it otherwise than a twin would.
func TestHostileTakers(t *testing.T) {
	for name, c := range map[string]struct {
		take taker
		want error
	}{
		"never answers a write": {taker{write: func() error { select {} }}, link.ErrFrozen},
		"never ends it":         {taker{end: func() error { select {} }}, link.ErrFrozen},
		"says end of file":      {taker{write: func() error { return io.EOF }}, link.ErrLost},
		"fails at the end":      {taker{end: func() error { return errors.New("late \x1b[31mword") }}, &link.RemoteError{}},
		"takes it":              {taker{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var o link.Options
			if c.want == link.ErrFrozen { // the others need not be in haste
				o.Answer = 500 * time.Millisecond
			}
			client := dial(t, strange(t, nil, speaking(func(command string, ch ssh.Channel) {
				if command == string(link.Control) {
					_, _ = readAny(ch)
					_ = writeAny(ch, `{"link":{"oldest":1,"newest":1}}`)
					_, _ = io.Copy(io.Discard, ch)
					return
				}
				_ = sftp.NewRequestServer(ch, sftp.Handlers{FilePut: c.take}).Serve()
			})).target, o)
			err := client.Put(t.Context(), "x", counted(5<<20), 5<<20)
			if remote, ok := c.want.(*link.RemoteError); ok {
				if !errors.As(err, &remote) {
					t.Errorf("got %v", err)
				}
			} else if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			must(t, client.Err()) // the link is none the worse for it
		})
	}
}

type taker struct{ write, end func() error }

func (t taker) Filewrite(*sftp.Request) (io.WriterAt, error) { return t, nil }

func (t taker) WriteAt(p []byte, _ int64) (int, error) {
	if t.write != nil {
		return 0, t.write()
	}
	return len(p), nil
}

func (t taker) Close() error {
	if t.end != nil {
		return t.end()
	}
	return nil
}
