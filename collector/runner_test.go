package collector

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

func checkStarts(t *testing.T, m *mike, want int) {
	t.Helper()
	if len(m.starts) != want {
		t.Errorf("%d starts, want %d", len(m.starts), want)
	}
}

func TestSetDisturbsOnlyWhatChanged(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		same, changed, gone, added := newMike(), newMike(), newMike(), newMike()
		c := run(t, h, same.feed("same"), changed.feed("changed"), gone.feed("gone"))
		pass(time.Second)
		for _, m := range []*mike{same, changed, gone} {
			m.say("before")
		}
		other := changed.feed("changed")
		other.Fingerprint = "2"
		c.Set([]Feed{added.feed("added"), other, same.feed("same")})
		pass(time.Second)

		for m, want := range map[*mike]int{same: 1, changed: 2, gone: 1, added: 1} {
			checkStarts(t, m, want)
		}
		if got := string(changed.starts[1].Position); got != "after before" {
			t.Errorf("starts anew from %q", got)
		}
		var names []string
		for _, s := range c.Status() {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != "added changed same" {
			t.Errorf("status of %s", got)
		}
		checkStored(t, h, "gone", "before")
		checkGaps(t, h, "same")
		checkGaps(t, h, "gone", "stopped")
		if c.Pause("gone", true) || !c.Pause("same", false) {
			t.Error("there is no gone, and there is a same")
		}
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}

// A feed that is taken out and put back at once has one runner all the time.
func TestSetPutsBackWhatItTookOut(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		m := newMike()
		c := run(t, h, m.feed("pbx"))
		pass(time.Second)
		for _, text := range []string{"a", "b", "c"} {
			m.say(text)
			c.Set(nil)
			c.Set([]Feed{m.feed("pbx")})
			if n := len(c.Status()); n != 1 {
				t.Errorf("%d feeds", n)
			}
			synctest.Wait()
		}
		checkStored(t, h, "pbx", "a", "b", "c")
		checkStarts(t, m, 4)
		if got := string(m.starts[3].Position); got != "after c" {
			t.Errorf("went on from %q", got)
		}
		c.Set(nil)
		pass(time.Second)
		c.Set([]Feed{m.feed("pbx")})
		pass(time.Second)
		checkStarts(t, m, 5)
		checkState(t, c, feed.Live)
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestPauseAndResume(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		m := newMike()
		c := run(t, h, m.feed("pbx"))
		pass(time.Second)
		m.said <- func(_ context.Context, q *feed.Queue) error { q.Proof(record.At(time.Now())); return nil }
		c.Pause("pbx", true)
		synctest.Wait()
		checkState(t, c, feed.Held)
		checkGaps(t, h, "pbx", "paused")

		pass(time.Hour)
		c.Pause("pbx", true) // it is
		synctest.Wait()
		checkStarts(t, m, 1)
		c.Pause("pbx", false)
		synctest.Wait()
		checkState(t, c, feed.Live)
		checkGaps(t, h, "pbx", "paused for 1h0m0s")
		if err := c.stop(); err != nil {
			t.Error(err)
		}
		checkGaps(t, h, "pbx", "paused for 1h0m0s", "stopped")
	})
}

func TestPausedFromTheStart(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		m := newMike()
		c := New(h, Options{Log: slog.New(slog.DiscardHandler), Observe: func(Commit) {}})
		c.Set([]Feed{m.feed("pbx")})
		c.Pause("pbx", true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
		checkStarts(t, m, 0)
	})
}

func TestReconnect(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		m, resumes := newMike(), newMike()
		resumes.begin.Continues = true
		c := run(t, h, m.feed("pbx"), resumes.feed("log"))
		pass(time.Second)
		for name, m := range map[string]*mike{"pbx": m, "log": resumes} {
			m.say("before")
			pass(time.Second) // without proof
			if !c.Reconnect(name) {
				t.Error("no such feed")
			}
			synctest.Wait()
			checkStarts(t, m, 2)
		}
		checkState(t, c, feed.Live, feed.Live)
		if c.Reconnect("nobody") {
			t.Error("there is no such feed")
		}
		gaps, err := h.Gaps(t.Context(), "")
		if err != nil || len(gaps) != 1 || gaps[0].Feed != "pbx" || gaps[0].Reason != feed.Reconnect || gaps[0].To == nil {
			t.Errorf("gaps %+v, %v", gaps, err)
		}
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestABrokenFeedDoesNotDisturbAnother(t *testing.T) {
	for name, c := range map[string]struct {
		breakIt func(context.Context, *feed.Queue) error
		gap     string
		text    string
	}{
		"panics":         {func(context.Context, *feed.Queue) error { panic("index out of range") }, "crashed for 5s", "index out of range"},
		"gives up":       {func(context.Context, *feed.Queue) error { return errors.New("cannot go on") }, "unreachable for 5s", "cannot go on"},
		"blames another": {func(context.Context, *feed.Queue) error { return context.Canceled }, "unreachable for 5s", "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *history.DB) {
				good, bad := newMike(), newMike()
				rig := run(t, h, bad.feed("bad"), good.feed("good"))
				pass(time.Second)
				bad.said <- func(ctx context.Context, q *feed.Queue) error {
					q.Proof(record.At(time.Now()))
					if err := q.Record(ctx, record.New(record.At(time.Now()), 0, []byte("before")), nil); err != nil {
						return err
					}
					return c.breakIt(ctx, q)
				}
				pass(time.Second)
				checkState(t, rig, feed.Down, feed.Live)
				if err := rig.Status()[0].Err; err == nil || !strings.Contains(err.Error(), c.text) {
					t.Errorf("status tells %v", err)
				}
				good.say("undisturbed")
				pass(5 * time.Second)
				checkState(t, rig, feed.Live, feed.Live)
				bad.say("later")
				if err := rig.stop(); err != nil {
					t.Error(err)
				}
				checkStored(t, h, "bad", "before", "later")
				checkStored(t, h, "good", "undisturbed")
				checkGaps(t, h, "bad", c.gap, "stopped")
				checkGaps(t, h, "good", "stopped")
				checkStarts(t, good, 1)
			})
		})
	}
}

// quitter is a source that ends though nobody asked it to.
type quitter struct{ runs int }

func (s *quitter) Run(context.Context, feed.Start, *feed.Queue) error { s.runs++; return nil }

func TestASourceThatEndsByItselfIsTriedAgainInTime(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		var s quitter
		c := run(t, h, feedOf("pbx", func(*slog.Logger) (feed.Source, error) { return &s, nil }))
		pass(4 * retryPause)
		if s.runs != 5 {
			t.Errorf("it ran %d times", s.runs)
		}
		checkState(t, c, feed.Down)
		if err := c.stop(); err != nil {
			t.Error(err)
		}
		checkGaps(t, h, "pbx", "unreachable")
	})
}

func TestAFeedThatCannotBeOpened(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		m := newMike()
		broken := errors.New("secret_file: no such file")
		tries := 0
		c := run(t, h, feedOf("pbx", func(*slog.Logger) (feed.Source, error) {
			if tries++; tries == 1 {
				return nil, broken
			}
			return m, nil
		}))
		pass(time.Second)
		if got := c.Status()[0]; got.State != feed.Down || !errors.Is(got.Err, broken) {
			t.Errorf("status %+v", got)
		}
		checkGaps(t, h, "pbx", "config")
		pass(retryPause)
		checkState(t, c, feed.Live)
		checkGaps(t, h, "pbx", "config for 5s")
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}
