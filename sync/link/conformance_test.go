package link_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/sync/link"
)

func TestEmbedded(t *testing.T) { conform(t, embedded) }

// conform holds that whatever serves the link does so in the same way.
func conform(t *testing.T, start func(*testing.T) host) {
	h := start(t)
	t.Run("answers", func(t *testing.T) { answers(t, dial(t, h.target, link.Options{})) })
	t.Run("files", func(t *testing.T) { files(t, dial(t, h.target, link.Options{})) })
	t.Run("uploads", func(t *testing.T) { uploads(t, dial(t, h.target, link.Options{})) })
	t.Run("resumes", func(t *testing.T) { resumes(t, h) })
	t.Run("deadline", func(t *testing.T) { deadline(t, dial(t, h.target, link.Options{})) })
	t.Run("wrong key", func(t *testing.T) { wrongKey(t, h) })
	t.Run("host keys", func(t *testing.T) { hostKeys(t, h) })
	t.Run("versions", func(t *testing.T) { versions(t, h) })
	t.Run("nothing else", func(t *testing.T) { nothingElse(t, h) })
	t.Run("cuts", func(t *testing.T) { cuts(t, h) })
	t.Run("holds", func(t *testing.T) { holds(t, h) })
	if h.freeze != nil {
		t.Run("frozen", func(t *testing.T) { frozen(t, h) })
	}
}

func answers(t *testing.T, c *link.Client) {
	type words struct{ A, B string }
	var got words
	must(t, c.Call(t.Context(), "echo", words{"x", "ü\n"}, &got))
	if got != (words{"x", "ü\n"}) {
		t.Errorf("echo gave %+v", got)
	}
	var remote *link.RemoteError
	if err := c.Call(t.Context(), "fail", nil, nil); !errors.As(err, &remote) || remote.Code != 4 ||
		strings.Contains(err.Error(), "\x1b") {
		t.Errorf("fail: %v", err)
	}
	if err := c.Call(t.Context(), "plain", nil, nil); !errors.As(err, &remote) || remote.Code != 1 {
		t.Errorf("plain: %v", err)
	}
	if err := c.Call(t.Context(), "big", nil, nil); !errors.As(err, &remote) {
		t.Errorf("an answer that no frame holds: %v", err)
	}
	if err := c.Call(t.Context(), "echo", strings.Repeat("x", 2<<20), nil); err == nil {
		t.Error("arguments that no frame holds went through")
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			var got int
			if err := c.Call(t.Context(), "echo", i, &got); err != nil || got != i {
				t.Errorf("call %d: %d, %v", i, got, err)
			}
		})
	}
	all.Wait()
}

func files(t *testing.T, c *link.Client) {
	for _, size := range []int64{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 2 << 20, 5<<20 + 7} {
		read(t, c, size)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { read(t, c, 1<<20) })
	}
	all.Wait()
	if _, _, err := c.Open(t.Context(), "nothing/../../etc/passwd"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	var remote *link.RemoteError
	if _, _, err := c.Open(t.Context(), "refused"); !errors.As(err, &remote) || remote.Code != 4 || remote.Text != "not for you" {
		t.Errorf("a file that is refused: %v", err)
	}
	for range 20 { // an early close gives the place back
		f, _, err := c.Open(t.Context(), "count/9000000")
		must(t, err)
		must(t, f.Close())
	}
}

func read(t *testing.T, c *link.Client, size int64) {
	f, said, err := c.Open(t.Context(), fmt.Sprintf("count/%d", size))
	if err != nil {
		t.Errorf("open %d: %v", size, err)
		return
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil || said != size || int64(len(data)) != size {
		t.Errorf("file of %d bytes: said %d, read %d, %v", size, said, len(data), err)
	}
	for i, b := range data {
		if b != byteAt(int64(i)) {
			t.Errorf("file of %d bytes: byte %d is wrong", size, i)
			return
		}
	}
}

func deadline(t *testing.T, c *link.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Call(ctx, "hang", nil, nil); !errors.Is(err, link.ErrFrozen) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call that is not answered: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if err := c.Call(ctx, "hang", nil, nil); !errors.Is(err, context.Canceled) || errors.Is(err, link.ErrFrozen) {
		t.Errorf("a call that was given up: %v", err)
	}
	must(t, c.Call(t.Context(), "echo", 1, nil)) // the link is none the worse for it
}
