package files

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/feed"
)

// sparse makes a file of terabytes that takes up no room.
func (s *site) sparse(name string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	s.must(os.WriteFile(path, nil, 0o600))
	if err := os.Truncate(path, 4<<40); err != nil {
		s.t.Skip(err)
	}
	s.tick(name)
}

// A file that goes on without a line end is given up at once, and the others are
// read.
func TestLineWithoutEnd(t *testing.T) {
	for name, edit := range map[string]func(*options, string){"put away": archiving, "left": nil} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, edit)
			s.sparse("a")
			s.write("b", line(1, "good"))
			s.sweep()
			s.want("1 good#0")
			if len(s.rejected) != 1 || !strings.HasSuffix(s.rejected[0], "bytes behind byte 0") {
				t.Errorf("rejected %q", s.rejected)
			}
			if h := s.q.Health(); h.Err == nil || !strings.Contains(h.Err.Error(), "/a: not a file of queue_log: there is no line end in ") {
				t.Errorf("health: %+v", h)
			}
			if edit == nil {
				s.wantNames(s.dir, "a", "b")
				return
			}
			s.wantNames(s.options.Error, "a", "a.reason")
			if why := s.content(s.options.Error + "/a.reason"); !strings.HasPrefix(why, "not a file of queue_log: there is no line end in ") {
				t.Error(why)
			}
		})
	}
}

// A called is a storage whose files call back at each read.
type called struct {
	feed.Storage
	read func()
}

type calledFile struct {
	feed.File
	read func()
}

func (c called) Open(ctx context.Context, file string) (feed.File, error) {
	f, err := c.Storage.Open(ctx, file)
	return calledFile{f, c.read}, err
}

func (f calledFile) ReadAt(p []byte, at int64) (int, error) {
	f.read()
	return f.File.ReadAt(p, at)
}

// Who is to end does not read on, wherever in a file he is.
func TestReadingEndsWithinALine(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := newSite(t, nil)
	reads := 0
	s.storage = called{local{}, func() {
		if reads++; reads == 3 {
			cancel()
		}
	}}
	s.restart()
	s.sparse("a")
	if _, err := s.r.sweep(ctx); !errors.Is(err, context.Canceled) || reads != 3 {
		t.Errorf("%d reads, then %v", reads, err)
	}
	s.drain()
	s.wantRejected()
}
