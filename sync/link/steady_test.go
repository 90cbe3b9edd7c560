package link_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/sync/link"
)

// hushed can be read and written, and not closed, as standard input and output.
type hushed struct {
	io.Reader
	io.Writer
}

// stuck is a writer that nobody reads from any more.
type stuck struct{ never chan struct{} }

func (s stuck) Write([]byte) (int, error) { <-s.never; return 0, io.ErrClosedPipe }

// A twin whose machine is gone, or that is frozen, is not waited for: sshd
// answers for it, or has not noticed yet.
func TestAMuteSideEndsItsSession(t *testing.T) {
	for name, c := range map[string]struct {
		takes bool // what we write
		serve func(ctx context.Context, rw io.ReadWriter) error
	}{
		"control": {true, func(ctx context.Context, rw io.ReadWriter) error {
			return link.ServeControl(ctx, rw, echo{}, link.Options{})
		}},
		"files": {true, func(ctx context.Context, rw io.ReadWriter) error {
			return link.ServeFiles(ctx, rw, shop{}, link.Options{})
		}},
		"files, and takes nothing": {false, func(ctx context.Context, rw io.ReadWriter) error {
			return link.ServeFiles(ctx, rw, shop{}, link.Options{})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				never := make(chan struct{})
				rw := hushed{ours, stuck{never}}
				if c.takes {
					rw.Writer = ours
				}
				go io.Copy(io.Discard, theirs)
				began := time.Now()
				ended := make(chan error, 1)
				go func() { ended <- c.serve(t.Context(), rw) }()
				if name == "control" {
					_, err := theirs.Write(frame(`{"link":{"oldest":1,"newest":1}}`))
					must(t, err)
				} else {
					_, err := theirs.Write([]byte{0, 0, 0, 5, 1, 0, 0, 0, 3}) // SSH_FXP_INIT, version 3
					must(t, err)
				}
				err := <-ended
				if took := time.Since(began); !errors.Is(err, link.ErrMute) || took < time.Minute || took > 2*time.Minute {
					t.Errorf("after %s: %v", took, err)
				}
				close(never)
				must(t, theirs.Close())
				must(t, ours.Close())
			})
		})
	}
}

func frame(body string) []byte { return append([]byte{0, 0, 0, byte(len(body))}, body...) }

// A link that nobody uses stands, and so does one whose questions take long.
func TestAQuietTwinKeepsItsSessions(t *testing.T) {
	const idle = 800 * time.Millisecond
	ends := make(chan error, 10)
	var line string
	address, hostKey := listen(t, link.ServerOptions{
		Authorize: func(_ context.Context, key string) (string, bool) { return "cms-a", key == line },
		Serve: func(ctx context.Context, _ string, s link.Session, rw io.ReadWriter) error {
			o := link.Options{Idle: idle}
			if s == link.Files {
				ends <- link.ServeFiles(ctx, rw, shop{}, o)
			} else {
				ends <- link.ServeControl(ctx, rw, echo{}, o)
			}
			return nil
		},
	})
	target, key := newKeys(t, "twin@"+address, hostKey)
	line = key

	quiet := dial(t, target, link.Options{Ping: idle / 8})
	defer quiet.Close()
	hangs, stop := context.WithCancel(t.Context())
	defer stop()
	for range 20 { // more than are answered at a time: then not even a ping is read
		go quiet.Call(hangs, "hang", nil, nil)
	}
	other := dial(t, target, link.Options{Ping: idle / 8})
	defer other.Close()
	file, _, err := other.Open(t.Context(), "count/100")
	must(t, err)
	must(t, file.Close())
	select {
	case err := <-ends:
		t.Errorf("a session ended: %v", err)
	case <-time.After(3 * idle):
	}
	must(t, other.Call(t.Context(), "echo", 1, nil))

	mute := dial(t, target, link.Options{Ping: time.Hour})
	defer mute.Close()
	select {
	case err := <-ends:
		if !errors.Is(err, link.ErrMute) {
			t.Error(err)
		}
	case <-time.After(20 * idle):
		t.Error("a mute session stands")
	}
	if err := mute.Wait(); !errors.Is(err, link.ErrLost) {
		t.Error(err)
	}
}
