package tail

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// running follows a file in a synctest bubble, where it is the year 2000.
type running struct {
	path   string
	q      *feed.Queue
	cancel context.CancelFunc
	done   chan error
}

func run(t *testing.T) *running {
	r := start(t, feed.DefaultQueueLimit, func(format feed.Format) feed.Format { return format })
	t.Cleanup(func() {
		r.cancel()
		if err := <-r.done; err != nil {
			t.Error(err)
		}
	})
	return r
}

// start runs a source whose format is made into another.
func start(t *testing.T, queue int, made func(feed.Format) feed.Format) *running {
	r := &running{path: filepath.Join(t.TempDir(), "a.log")}
	format, err := feed.NewFormat(feed.Options{Format: "queue_log"})
	if err != nil {
		t.Fatal(err)
	}
	all := feed.Options{FrameLimit: 256, QueueLimit: queue}
	own := &options{Path: r.path}
	src, err := Kind().Open(feed.Config{Options: all, Own: own, Format: made(format), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r.q = feed.NewQueue(all, Kind(), func() {})
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan error, 1)
	go func() { r.done <- src.Run(ctx, feed.Start{}, r.q) }()
	return r
}

// after lets time pass and returns the marks told meanwhile.
func (r *running) after(d time.Duration) []feed.Mark {
	<-time.After(d) // the bubble's time
	synctest.Wait()
	b, ok := r.q.Take()
	if ok {
		r.q.Done()
	}
	return b.Marks
}

func (r *running) write(t *testing.T, text string) {
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func proven(marks []feed.Mark) record.Instant {
	var until record.Instant
	for _, m := range marks {
		if m.What == feed.ProofMark {
			until = max(until, m.Until)
		}
	}
	return until
}

func TestRunWaitsForTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t)
		r.after(time.Minute)
		h := r.q.Health()
		if h.State != feed.Connecting || h.Address != r.path || !errors.Is(h.Err, os.ErrNotExist) {
			t.Errorf("without the file: %+v", h)
		}
		r.write(t, "")
		marks := r.after(time.Second)
		if len(marks) == 0 || marks[0].What != feed.BeginMark || r.q.Health().State != feed.Live {
			t.Fatalf("with an empty file: %+v, %+v", marks, r.q.Health())
		}
		if ago := record.At(time.Now()).Sub(marks[0].From); ago < behind || ago > behind+time.Second {
			t.Errorf("heard since %s ago, want about %s", ago, behind)
		}
	})
}

func TestRunProves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t)
		r.write(t, "946684800|a\n")
		r.after(time.Minute)
		until := proven(r.after(10 * time.Second))
		if ago := record.At(time.Now()).Sub(until); ago < behind || ago > behind+2*time.Second {
			t.Errorf("in a quiet minute proven up to %s ago", ago)
		}
		r.write(t, "9466")
		half := record.At(time.Now())
		if until := proven(r.after(time.Minute)); until > half.Add(pollEvery-behind) {
			t.Errorf("half a line since %s, but proven up to %s", half, until)
		}
		r.write(t, "84800|b\n")
		until = proven(r.after(10 * time.Second))
		if ago := record.At(time.Now()).Sub(until); ago > behind+2*time.Second {
			t.Errorf("after its end proven up to %s ago", ago)
		}
	})
}

func TestRunOutlivesTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t)
		r.write(t, "946684800|a\n")
		r.after(time.Second)
		if err := os.Rename(r.path, r.path+".1"); err != nil {
			t.Fatal(err)
		}
		if marks := r.after(feed.Patience / 2); len(marks) > 0 && marks[len(marks)-1].What == feed.EndMark {
			t.Errorf("away for %s: the session has ended", feed.Patience/2)
		}
		marks := r.after(feed.Patience)
		if len(marks) == 0 || marks[len(marks)-1].What != feed.EndMark || marks[len(marks)-1].Reason != feed.Unreachable {
			t.Errorf("away for longer than %s: %+v", feed.Patience, marks)
		}
		if h := r.q.Health(); h.State != feed.Down {
			t.Errorf("away: %+v", h)
		}
		r.write(t, "946684801|b\n")
		marks = r.after(5 * time.Second)
		if len(marks) == 0 || marks[0].Begin == nil || !marks[0].Begin.Continues {
			t.Errorf("back again: %+v", marks)
		}
	})
}

func TestOpen(t *testing.T) {
	for path, says := range map[string]string{"": "missing", "queue_log": "not absolute"} {
		_, err := Kind().Open(feed.Config{Own: &options{Path: path}})
		key, ok := errors.AsType[*feed.KeyError](err)
		if !ok || key.Key != "path" || !strings.Contains(err.Error(), says) {
			t.Errorf("path %q: got %v, want path: ... %s", path, err, says)
		}
	}
}

func TestStoredPositionIsBroken(t *testing.T) {
	src := &source{path: "/log"}
	q := feed.NewQueue(feed.Options{QueueLimit: 1 << 20}, Kind(), func() {})
	err := src.Run(t.Context(), feed.Start{Position: []byte(`{"offset":-4}`)}, q)
	if err == nil || !strings.Contains(err.Error(), "/log") || !strings.Contains(err.Error(), "stored position") {
		t.Errorf("got %v", err)
	}
}

func TestProbe(t *testing.T) {
	format, err := feed.NewFormat(feed.Options{Format: "queue_log"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		content string
		want    []feed.Verdict
	}{
		"good":       {"1767225600|a\n\n", []feed.Verdict{feed.Pass, feed.Pass}},
		"in part":    {"1767225600|a\nwhat?\n", []feed.Verdict{feed.Pass, feed.Warn}},
		"not at all": {"what?\n", []feed.Verdict{feed.Pass, feed.Fail}},
		"unfinished": {"1767225600|a", []feed.Verdict{feed.Pass, feed.Warn}},
		"the end of much": {
			strings.Repeat("what?\n", sampleSize) + strings.Repeat("1767225600|a\n", sampleSize/10),
			[]feed.Verdict{feed.Pass, feed.Pass},
		},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		checkVerdicts(t, &source{path: path, limit: 256, format: format}, c.want)
	}
	checkVerdicts(t, &source{path: filepath.Join(dir, "later")}, []feed.Verdict{feed.Warn})
	checkVerdicts(t, &source{path: "/nowhere/to/be/found"}, []feed.Verdict{feed.Fail})
	checkVerdicts(t, &source{path: dir}, []feed.Verdict{feed.Fail})
}

func checkVerdicts(t *testing.T, s *source, want []feed.Verdict) {
	t.Helper()
	checks := s.Test(t.Context(), false)
	for i, c := range checks {
		if len(checks) != len(want) || c.Result != want[i] || c.Text == "" {
			t.Errorf("%s: got %+v, want %v", s.path, checks, want)
			return
		}
	}
}

func TestNumbered(t *testing.T) {
	for _, c := range []struct {
		name, base string
		want       bool
	}{
		{"queue_log.1", "queue_log", true},
		{"queue_log-20261121", "queue_log", true},
		{"queue_log.old", "queue_log", true},
		{"app-2026-11-21T10:00:00Z.log", "app.log", true},
		{"app.log.1", "app.log", true},
		{"app.1.log", "app.log", true},
		{"queue_log.", "queue_log", false},
		{"queue_log.lock", "queue_log", false},
		{"queue_log_errors", "queue_log", false},
		{"app-error.log", "app.log", false},
		{"app.err", "app.log", false},
		{"other.1", "app.log", false},
	} {
		if got := numbered(c.name, c.base); got != c.want {
			t.Errorf("%s beside %s: got %v", c.name, c.base, got)
		}
	}
}
