package tail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// hanging makes a format that waits at a line which ends so until let is
// closed, and stands for a call into the file system that does not come back.
func hanging(suffix string, let <-chan struct{}) func(feed.Format) feed.Format {
	return func(format feed.Format) feed.Format {
		return func(raw []byte) (record.Instant, error) {
			if strings.HasSuffix(string(raw), suffix) {
				<-let
			}
			return format(raw)
		}
	}
}

// A mount that hangs is told of, and leaves no gap when it comes back.
func TestRunTellsOfAHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		r := start(t, feed.DefaultQueueLimit, hanging("b", let))
		r.write(t, "946684800|a\n")
		r.after(5 * time.Second)
		r.write(t, "946684800|b\n")
		if marks := r.after(feed.Patience / 2); len(marks) > 0 && marks[len(marks)-1].What == feed.EndMark {
			t.Errorf("hangs for %s: the session has ended", feed.Patience/2)
		}
		marks := r.after(feed.Patience)
		if len(marks) == 0 || marks[len(marks)-1].Reason != feed.Mute {
			t.Errorf("hangs for longer than %s: %+v", feed.Patience, marks)
		}
		if h := r.q.Health(); h.State != feed.Down || !errors.Is(h.Err, feed.ErrHung) || h.Address != r.path {
			t.Errorf("hanging: %+v", h)
		}
		close(let)
		marks = r.after(5 * time.Second)
		if len(marks) == 0 || marks[0].Begin == nil || !marks[0].Begin.Continues || proven(marks) == 0 {
			t.Errorf("back again: %+v", marks)
		}
		r.cancel()
		if err := <-r.done; err != nil {
			t.Error(err)
		}
	})
}

// A source whose mount hangs can be stopped all the same, and says nothing
// when the mount comes back later.
func TestRunEndsWhileItHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		r := start(t, feed.DefaultQueueLimit, hanging("b", let))
		r.write(t, "946684800|a\n")
		r.after(5 * time.Second)
		r.write(t, "946684800|b\n946684801|c\n")
		r.after(time.Second)
		r.cancel()
		begun := time.Now()
		if err := <-r.done; !errors.Is(err, feed.ErrHung) || time.Since(begun) > 3*time.Second {
			t.Errorf("ended after %s with %v", time.Since(begun), err)
		}
		r.after(0)
		close(let)
		r.after(time.Minute)
		if records, _ := r.q.Held(); records > 0 || r.q.Health().State == feed.Live {
			t.Errorf("after its end it told %d records; %+v", records, r.q.Health())
		}
	})
}

// To wait for room in the queue is not to hang.
func TestRunWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, 1000, func(format feed.Format) feed.Format { return format })
		r.write(t, strings.Repeat("946684800|a\n", 20))
		<-time.After(time.Minute) // nobody takes what is told
		for range 5 {
			for _, m := range r.after(time.Second) {
				if m.What == feed.EndMark {
					t.Errorf("ended: %+v", m)
				}
			}
		}
		r.cancel()
		if err := <-r.done; err != nil {
			t.Error(err)
		}
	})
}

// What breaks in the follower's goroutine breaks where Run was called: there
// somebody deals with it.
func TestRunBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broke := make(chan any, 1)
		src := &source{path: filepath.Join(t.TempDir(), "a.log"), limit: 256, log: slog.New(slog.DiscardHandler)}
		src.format = func([]byte) (record.Instant, error) { panic("format") }
		(&running{path: src.path}).write(t, "a\n")
		q := feed.NewQueue(feed.Options{QueueLimit: 1 << 20}, Kind(), func() {})
		go func() {
			defer func() { broke <- recover() }()
			_ = src.Run(context.Background(), feed.Start{}, q)
		}()
		if p := <-broke; fmt.Sprint(p) != "format" {
			t.Errorf("got %v", p)
		}
	})
}
