package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A weather is what the storage does to who asks it.
type weather struct {
	feed.Storage
	wrong atomic.Pointer[error] // what each listing returns; nil: what is there
	hang  atomic.Pointer[chan struct{}]
	looks atomic.Int64
}

func (w *weather) List(ctx context.Context, dir string, each func(fs.FileInfo) error) error {
	w.looks.Add(1)
	if hang := w.hang.Load(); hang != nil {
		<-*hang
	}
	if wrong := w.wrong.Load(); wrong != nil {
		return *wrong
	}
	return w.Storage.List(ctx, dir, each)
}

// running is a source that runs, and what it told.
type running struct {
	*site
	weather *weather
	cancel  context.CancelFunc
	done    chan error
}

func run(t *testing.T) *running {
	w := &weather{Storage: local{}}
	s := newSite(t, nil)
	s.cancel()
	s.r.close()
	s.r.source.storage = func(context.Context) (feed.Storage, error) { return w, nil }
	q := feed.NewQueue(feed.Options{QueueLimit: feed.DefaultQueueLimit}, Kind(), func() {})
	s.q, s.life = q, &life{q: q}
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{site: s, weather: w, cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- s.r.source.Run(ctx, feed.Start{}, q) }()
	return r
}

// after lets a time pass, and returns what was marked meanwhile.
func (r *running) after(d time.Duration) []feed.Mark {
	<-time.After(d)
	synctest.Wait()
	seen := len(r.marks)
	r.site.store(r.life)
	return r.marks[seen:]
}

// A directory that cannot be read, or hangs, ends the session within ten
// seconds, with the reason; when it is back, nothing was missed.
func TestRunWithoutItsDirectory(t *testing.T) {
	refused := error(&feed.Lost{Reason: feed.Refused, Err: errors.New("another host key")})
	gone := error(&fs.PathError{Op: "open", Path: "/in", Err: fs.ErrNotExist})
	for name, c := range map[string]struct {
		wrong  error
		reason feed.Reason
	}{"away": {gone, feed.Unreachable}, "refused": {refused, feed.Refused}, "hangs": {nil, feed.Mute}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t)
				r.write("a", line(1, "a"))
				if marks := r.after(2 * time.Minute); len(marks) == 0 || marks[0].Begin == nil || marks[0].Begin.Continues {
					t.Fatalf("at first: %+v", marks)
				}
				let := make(chan struct{})
				if c.wrong != nil {
					r.weather.wrong.Store(&c.wrong)
				} else {
					r.weather.hang.Store(&let)
				}
				marks := r.after(3 * time.Minute)
				if len(marks) == 0 || marks[len(marks)-1].Reason != c.reason {
					t.Errorf("away: %+v", marks)
				}
				if h := r.q.Health(); h.State != feed.Down || h.Err == nil {
					t.Errorf("health while it is away: %+v", h)
				}
				looks := r.weather.looks.Load()
				r.after(10 * time.Minute)
				if n := r.weather.looks.Load() - looks; n > 130 || c.reason == feed.Refused && n > 11 {
					t.Errorf("%d looks in ten minutes", n)
				}
				r.weather.wrong.Store(nil)
				r.weather.hang.Store(nil)
				close(let)
				marks = r.after(3 * time.Minute)
				if len(marks) == 0 || marks[0].Begin == nil || !marks[0].Begin.Continues || r.q.Health().State != feed.Live {
					t.Errorf("back again: %+v", marks)
				}
				r.cancel()
				if err := <-r.done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Coverage is proven up to when a look began, less late; a directory that is
// quiet, or empty, is covered too.
func TestRunProves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t)
		begun := time.Now()
		r.after(5*time.Minute + time.Second)
		want := record.At(begun.Add(5*time.Minute - time.Minute - behind))
		if r.start.CoveredUntil != want {
			t.Errorf("covered until %s, want %s", r.start.CoveredUntil, want)
		}
		if n := r.weather.looks.Load(); n != 6 {
			t.Errorf("%d looks in five minutes", n)
		}
		r.cancel()
		<-r.done
	})
}

// A source whose mount hangs can be stopped all the same.
func TestRunEndsWhileItHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t)
		r.after(time.Second)
		let := make(chan struct{})
		r.weather.hang.Store(&let)
		r.after(time.Minute)
		r.cancel()
		if err := <-r.done; !errors.Is(err, feed.ErrHung) {
			t.Error(err)
		}
		close(let)
		synctest.Wait()
	})
}

// A panic over one file is that file's.
func TestBrokenFile(t *testing.T) {
	s := newSite(t, archiving)
	s.format = func(f feed.Format) feed.Format {
		return func(raw []byte) (record.Instant, error) {
			if strings.HasSuffix(string(raw), "|evil") {
				panic("evil")
			}
			return f(raw)
		}
	}
	s.restart()
	s.write("a", line(1, "a")+line(1, "evil"))
	s.write("b", line(2, "b"))
	s.sweep()
	s.sweep()
	s.twice = 0 // a was read at each try
	s.want("1 a#0", "2 b#0")
	s.wantNames(s.options.Error, "a", "a.reason")
	if why := s.content(filepath.Join(s.options.Error, "a.reason")); why != "its reader broke on it: evil\n" {
		t.Error(why)
	}
}

// Whatever lies in the directory, only files of it are read, and nothing waits.
func TestHostileDirectory(t *testing.T) {
	s := newSite(t, archiving)
	outside := filepath.Join(filepath.Dir(s.dir), "outside")
	s.must(os.WriteFile(outside, []byte(line(9, "outside")), 0o600))
	s.must(os.Symlink(outside, filepath.Join(s.dir, "link")))
	s.must(os.Symlink("a\x1b[31m\n", filepath.Join(s.dir, "inside")))
	s.must(os.Symlink(filepath.Dir(s.dir), filepath.Join(s.dir, "up")))
	s.must(os.Mkdir(filepath.Join(s.dir, "dir"), 0o700))
	fifo(t, filepath.Join(s.dir, "fifo"))
	s.write("a\x1b[31m\n", line(1, "a")+"what\n")
	s.write("b\xff", line(2, "b"))
	s.write(strings.Repeat("c", 255), line(3, "c")+"x\n")
	s.write("long", strings.Repeat("x", 300<<10)+"\n"+line(4, "d"))
	s.write("nul", "\x00\x00"+line(5, "e"))
	s.write("empty", "")
	s.sweep()
	s.want("1 a#0", "2 b#0", "3 c#0", "4 d#0", "5 e#0")
	s.wantNames(s.dir, "dir", "fifo", "inside", "link", "up")
	if text := s.rejected[0]; text != `stage/a\x1b[31m\n, byte 13: no "|": not a line of queue_log` {
		t.Errorf("rejected: %q", text)
	}
	s.wantNames(s.options.Error, "a\x1b[31m\n", "a\x1b[31m\n.reason", strings.Repeat("c", 240), strings.Repeat("c", 240)+".reason", "long", "long.reason")
	s.wantNames(s.options.Archive, "b\xff", "empty", "nul")
}

// A file that was swapped for a link between look and reading is not followed.
func TestSwappedForALink(t *testing.T) {
	s := newSite(t, nil)
	outside := filepath.Join(filepath.Dir(s.dir), "outside")
	s.must(os.WriteFile(outside, []byte(line(9, "outside")), 0o600))
	s.write("a", line(1, "a"))
	s.storage = swapping{local{}, func(file string) {
		s.must(os.Remove(file))
		s.must(os.Symlink(outside, file))
	}}
	s.restart()
	s.sweep()
	s.sweep()
	s.want()
}
