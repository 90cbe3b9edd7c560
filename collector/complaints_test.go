package collector

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// lockedLog is a log that many write and one reads.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// take returns what was written since it was called last.
func (l *lockedLog) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// warnings runs a collector while script speaks into its feed, and returns what
// it warned of at the end, line by line.
func warnings(t *testing.T, k feed.Kind, again bool, script func(m *mike, said func() []string)) (left []string) {
	t.Helper()
	bubble(t, func(t *testing.T, h *history.DB) {
		m := newMike()
		m.begin.Again = again
		var log lockedLog
		c := New(h, Options{
			Log:     slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
			Observe: func(Commit) {}, Room: func() bool { return true },
		})
		f := m.feed("pbx")
		f.Kind = k
		c.Set([]Feed{f})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		defer cancel()
		go func() { ended <- c.Run(ctx) }()
		said := func() []string {
			text := strings.TrimSpace(log.take())
			if text == "" {
				return nil
			}
			return strings.Split(text, "\n")
		}
		synctest.Wait()
		script(m, said)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		left = said()
	})
	return left
}

func checkLine(t *testing.T, lines []string, want ...string) {
	t.Helper()
	if len(lines) != 1 {
		t.Errorf("%d lines: %q", len(lines), lines)
		return
	}
	for _, w := range want {
		if !strings.Contains(lines[0], w) {
			t.Errorf("no %q in %s", w, lines[0])
		}
	}
}

func (m *mike) reject(why feed.Reason, text, raw string) {
	m.said <- func(_ context.Context, q *feed.Queue) error {
		q.Reject(why, text, []byte(raw), nil)
		q.Flush()
		return nil
	}
}

// The first of a kind is logged at once, and then how many in each minute.
func TestRejectionsAreLogged(t *testing.T) {
	left := warnings(t, feed.Kind{Name: "mike"}, false, func(m *mike, said func() []string) {
		m.reject(feed.Rejected, "no time in it", "bad\x1b[2J")
		pass(time.Second)
		checkLine(t, said(), "level=WARN", "feed=pbx", "reason=rejected", `err="no time in it"`, `head=bad\x1b[2J times`, "times=1")
		for range 100 {
			m.reject(feed.Rejected, "no time in it", "worse")
		}
		pass(30 * time.Second)
		if lines := said(); lines != nil {
			t.Errorf("within the minute: %q", lines)
		}
		m.reject(feed.Clock, "cannot be true", "of another kind")
		pass(time.Second)
		checkLine(t, said(), "reason=clock", "times=1")
		pass(29 * time.Second)
		checkLine(t, said(), "reason=rejected", "head=worse", "times=100")
		pass(5 * time.Minute)
		if lines := said(); lines != nil {
			t.Errorf("nothing was rejected: %q", lines)
		}
		m.reject(feed.Rejected, "no time in it", "bad")
		pass(time.Second)
		checkLine(t, said(), "times=1")
		m.reject(feed.Rejected, "no time in it", "last")
		pass(time.Second)
	})
	checkLine(t, left, "head=last", "times=1")
}

func TestDuplicatesAreLogged(t *testing.T) {
	for name, c := range map[string]struct {
		kind  feed.Kind
		again bool
		want  int
	}{
		"of a kind that says nothing twice": {feed.Kind{Name: "mike"}, false, 1},
		"of one that does":                  {feed.Kind{Name: "mike", Repeats: true}, false, 0},
		"of one that reads again":           {feed.Kind{Name: "mike"}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			left := warnings(t, c.kind, c.again, func(m *mike, said func() []string) {
				at := record.At(time.Now())
				for i := range 3 {
					m.said <- func(ctx context.Context, q *feed.Queue) error {
						defer q.Flush()
						return q.Record(ctx, record.New(at, 0, []byte("same")), fmt.Append(nil, i))
					}
					synctest.Wait()
				}
				lines := said()
				if len(lines) != c.want {
					t.Errorf("%q", lines)
				}
				if c.want > 0 {
					checkLine(t, lines, "reason=duplicate", "feed=pbx", "head=same", "times=1")
				}
			})
			if len(left) != c.want {
				t.Errorf("left %q", left)
			}
		})
	}
}
