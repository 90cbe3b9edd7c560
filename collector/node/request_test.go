package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/store"
)

// within runs a test in a bubble of time with a database of its own.
func within(t *testing.T, test func(t *testing.T, n *DB)) {
	path := filepath.Join(t.TempDir(), File)
	synctest.Test(t, func(t *testing.T) {
		n, err := Open(t.Context(), path, store.Create)
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		test(t, n)
	})
}

var pause = Request{Verb: "feed.pause", Args: []byte(`{"feed":"pbx"}`), Actor: "ann"}

// asked is what became of an Ask.
type asked struct {
	answer Answer
	err    error
	took   time.Duration
}

// ask asks beside the test.
func ask(ctx context.Context, n *DB, r Request) <-chan asked {
	done := make(chan asked, 1)
	go func() {
		begun := time.Now()
		answer, err := n.Ask(ctx, r, nil)
		done <- asked{answer, err, time.Since(begun)}
	}()
	return done
}

// claim takes the next request, looking as often as twind does.
func claim(t *testing.T, n *DB, claimer string) *Request {
	t.Helper()
	for range 100 {
		r, err := n.Claim(t.Context(), claimer)
		if err != nil {
			t.Fatal(err)
		}
		if r != nil {
			return r
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatal("nothing to claim")
	return nil
}

func TestAskIsAnswered(t *testing.T) {
	within(t, func(t *testing.T, n *DB) {
		done := ask(t.Context(), n, pause)
		r := claim(t, n, "run 1")
		if r.Verb != pause.Verb || string(r.Args) != string(pause.Args) || r.Actor != pause.Actor {
			t.Errorf("claimed %+v", r)
		}
		if again, err := n.Claim(t.Context(), "run 1"); again != nil || err != nil {
			t.Errorf("claimed twice: %+v, %v", again, err)
		}
		<-time.After(time.Minute) // once claimed it may take its time
		want := Answer{Exit: 9, Text: "busy"}
		if err := n.Finish(t.Context(), r.ID, want); err != nil {
			t.Fatal(err)
		}
		if got := <-done; got.err != nil || got.answer != want {
			t.Errorf("%+v", got)
		}
	})
}

func TestAskTellsHowFarItIs(t *testing.T) {
	within(t, func(t *testing.T, n *DB) {
		var told []string
		done := make(chan error, 1)
		go func() {
			_, err := n.Ask(t.Context(), pause, func(text string) { told = append(told, text) })
			done <- err
		}()
		r := claim(t, n, "run 1")
		for _, text := range []string{"a third", "half", "half", "all"} {
			if err := n.SetProgress(t.Context(), r.ID, text); err != nil {
				t.Fatal(err)
			}
			<-time.After(2 * askInterval)
		}
		if err := n.Finish(t.Context(), r.ID, Answer{}); err != nil {
			t.Fatal(err)
		}
		if err := n.SetProgress(t.Context(), r.ID, "too late"); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a third", "half", "all"}, told); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAskWithoutAServer(t *testing.T) {
	within(t, func(t *testing.T, n *DB) {
		got := <-ask(t.Context(), n, pause)
		if !errors.Is(got.err, ErrNotClaimed) || got.took < claimWithin || got.took > claimWithin+2*askInterval {
			t.Errorf("%+v", got)
		}
		if left := count(t, n, `SELECT count(*) FROM request`); left != 0 {
			t.Errorf("%d requests are left", left)
		}
	})
}

func TestExpiredRequestsAreNotClaimed(t *testing.T) {
	within(t, func(t *testing.T, n *DB) {
		if _, err := n.put(t.Context(), pause); err != nil { // the asker died
			t.Fatal(err)
		}
		<-time.After(claimWithin)
		if r, err := n.Claim(t.Context(), "run 1"); r != nil || err != nil {
			t.Errorf("claimed %+v, %v", r, err)
		}
	})
}

func TestAbandonedAsk(t *testing.T) {
	impatient := errors.New("has other things to do")
	for name, c := range map[string]struct {
		claimed bool
		left    int
	}{
		"not claimed: withdrawn":          {false, 0},
		"claimed: the outcome is unknown": {true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, n *DB) {
				ctx, cancel := context.WithCancelCause(t.Context())
				done := ask(ctx, n, pause)
				if c.claimed {
					claim(t, n, "run 1")
				}
				<-time.After(time.Second)
				cancel(impatient)
				got := <-done
				if !errors.Is(got.err, context.Canceled) || errors.Is(got.err, ErrNoAnswer) != c.claimed || errors.Is(got.err, ErrNotClaimed) {
					t.Errorf("%+v", got)
				}
				if left := count(t, n, `SELECT count(*) FROM request`); left != c.left {
					t.Errorf("%d requests are left, want %d", left, c.left)
				}
			})
		})
	}
}

// Whenever the asker goes, either the request is gone too or its outcome is
// said to be unknown.
func TestAskEndedBeforeItBegan(t *testing.T) {
	within(t, func(t *testing.T, n *DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := <-ask(ctx, n, pause); !errors.Is(got.err, context.Canceled) {
			t.Errorf("%+v", got)
		}
		if left := count(t, n, `SELECT count(*) FROM request`); left != 0 {
			t.Errorf("%d requests are left", left)
		}
	})
}

func TestRequestsAreClaimedInOrder(t *testing.T) {
	within(t, func(t *testing.T, n *DB) {
		for i := range 3 {
			if _, err := n.put(t.Context(), Request{Verb: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 3 {
			if r := claim(t, n, "run 1"); r.Verb != fmt.Sprint(i) {
				t.Errorf("claim %d got request %s", i, r.Verb)
			}
		}
	})
}

func TestGiveUpAnswersWhatAnEarlierRunLeft(t *testing.T) {
	within(t, func(t *testing.T, n *DB) {
		first := ask(t.Context(), n, pause)
		claim(t, n, "run 1")
		second := ask(t.Context(), n, pause)
		r := claim(t, n, "run 2")
		third := ask(t.Context(), n, pause)
		<-time.After(100 * time.Millisecond)

		lost := Answer{Exit: 10, Text: "lost"}
		if err := n.GiveUp(t.Context(), "run 2", lost); err != nil {
			t.Fatal(err)
		}
		if got := <-first; got.err != nil || got.answer != lost {
			t.Errorf("of the earlier run %+v", got)
		}
		if err := n.Finish(t.Context(), r.ID, Answer{Text: "done"}); err != nil {
			t.Fatal(err)
		}
		if got := <-second; got.err != nil || got.answer.Text != "done" {
			t.Errorf("of this run %+v", got)
		}
		if got := <-third; !errors.Is(got.err, ErrNotClaimed) {
			t.Errorf("of none %+v", got)
		}
	})
}

func TestFinishForgetsTheOldest(t *testing.T) {
	n := open(t)
	old, err := n.put(t.Context(), pause)
	if err != nil {
		t.Fatal(err)
	}
	err = n.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE sqlite_sequence SET seq = ? WHERE name = 'request'`, old+keptRequests-1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	finish := func() {
		t.Helper()
		id, err := n.put(t.Context(), pause)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Finish(t.Context(), id, Answer{}); err != nil {
			t.Fatal(err)
		}
	}
	finish()
	if got := count(t, n, `SELECT count(*) FROM request WHERE id = ?`, old); got != 1 {
		t.Error("a request without an answer was forgotten")
	}
	if err := n.Finish(t.Context(), old, Answer{}); err != nil {
		t.Fatal(err)
	}
	finish()
	if got := count(t, n, `SELECT count(*) FROM request WHERE id = ?`, old); got != 0 {
		t.Error("the oldest is still there")
	}
}

// TestDoing holds that what twind is at is told as long as it is, and of the
// verbs that are asked for alone.
func TestDoing(t *testing.T) {
	within(t, func(t *testing.T, n *DB) {
		done := ask(t.Context(), n, pause)
		doing := func(want string, verbs ...string) {
			t.Helper()
			if got, err := n.Doing(t.Context(), verbs...); err != nil || got != want {
				t.Errorf("%v: twind is at %q, want %q (%v)", verbs, got, want, err)
			}
		}
		doing("", pause.Verb)
		r := claim(t, n, "1")
		if err := n.SetProgress(t.Context(), r.ID, "it waits"); err != nil {
			t.Fatal(err)
		}
		doing("it waits", "other", pause.Verb)
		doing("", "other")
		doing("")
		if err := n.Finish(t.Context(), r.ID, Answer{}); err != nil {
			t.Fatal(err)
		}
		<-done
		doing("", pause.Verb)
	})
}
