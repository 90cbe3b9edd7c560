package link_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/twinctl/twin/sync/link"
)

// Create takes count/N, which must be as it would be read, and what a spool
// takes; the others fail as they are called.
func (shop) Create(_ context.Context, path string) (link.Upload, error) {
	var n int64
	if _, err := fmt.Sscanf(path, "count/%d", &n); err == nil {
		return &counting{size: n}, nil
	}
	switch path {
	case "refused":
		return nil, &link.RemoteError{Code: 4, Text: "not for you"}
	case "full":
		return &counting{failure: &link.RemoteError{Code: 1, Text: "no space left"}}, nil
	case "wrong":
		return &counting{size: -1}, nil
	}
	return spoolUpload(path)
}

// A counting upload wants as many bytes, each once and right.
type counting struct {
	size    int64
	failure error // of each write

	mu  sync.Mutex
	got int64
	bad error
}

func (c *counting) WriteAt(p []byte, at int64) (int, error) {
	if c.failure != nil {
		return 0, c.failure
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, b := range p {
		if b != byteAt(at+int64(i)) && c.bad == nil {
			c.bad = fmt.Errorf("byte %d is wrong", at+int64(i))
		}
	}
	c.got += int64(len(p))
	return len(p), nil
}

func (c *counting) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bad == nil && c.got != c.size {
		c.bad = fmt.Errorf("%d bytes came, not %d", c.got, c.size)
	}
	return c.bad
}

// uploads sends files of many sizes, one by one and side by side, and what the
// tree does not take.
func uploads(t *testing.T, c *link.Client) {
	for _, size := range []int64{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 2 << 20, 5<<20 + 7} {
		before := c.BytesOut()
		if err := c.Put(t.Context(), fmt.Sprintf("count/%d", size), counted(size), size); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if sent := c.BytesOut() - before; sent < size {
			t.Errorf("%d bytes: %d went out", size, sent)
		}
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := c.Put(t.Context(), "count/1000000", counted(1_000_000), 1_000_000); err != nil {
				t.Errorf("side by side: %v", err)
			}
			read(t, c, 1<<20)
		})
	}
	all.Wait()
	for path, want := range map[string]link.RemoteError{
		"refused":    {Code: 4, Text: "not for you"},
		"full":       {Code: 1, Text: "no space left"},
		"wrong":      {Code: 1, Text: "100000 bytes came, not -1"},
		"count/1000": {Code: 1, Text: "100000 bytes came, not 1000"},
	} {
		var remote *link.RemoteError
		if err := c.Put(t.Context(), path, counted(100_000), 100_000); !errors.As(err, &remote) || *remote != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"", "nothing", "/etc/passwd", "count/../../x"} {
		if err := c.Put(t.Context(), path, counted(1), 1); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", path, err)
		}
	}
	ownFaults(t, c)
	must(t, c.Put(t.Context(), "count/1", counted(1), 1)) // none of it was in the way
}

// ownFaults are uploads that fail on this side.
func ownFaults(t *testing.T, c *link.Client) {
	short := bytes.NewReader(make([]byte, 100_000))
	if err := c.Put(t.Context(), "count/200000", short, 200_000); !errors.Is(err, io.EOF) || errors.Is(err, link.ErrLost) {
		t.Errorf("less than was said: %v", err)
	}
	if err := c.Put(t.Context(), "count/1", short, -1); err == nil {
		t.Error("a negative size was sent")
	}
	var remote *link.RemoteError
	if err := c.Put(t.Context(), strings.Repeat("x", 5<<10), short, 1); !errors.As(err, &remote) {
		t.Errorf("a path without end: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stuck := readerAt(func([]byte, int64) (int, error) { cancel(); <-ctx.Done(); return 0, errors.New("ended") })
	if err := c.Put(ctx, "count/1", stuck, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("an upload that was given up: %v", err)
	}
	if err := c.Put(ctx, "count/1", counted(1), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("an upload that was given up before: %v", err)
	}
}

type readerAt func(p []byte, at int64) (int, error)

func (r readerAt) ReadAt(p []byte, at int64) (int, error) { return r(p, at) }
