package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/link"
)

// A wire is a link to a Listener, without a network.
type wire struct {
	answer func(context.Context, Word) (Word, error)
	frozen *atomic.Bool // gives no answers any more
	done   chan struct{}
}

func (w *wire) Call(ctx context.Context, verb string, args, answer any) error {
	if verb != Verb {
		return errors.New("another verb: " + verb)
	}
	if w.frozen.Load() {
		<-ctx.Done()
		return link.ErrFrozen
	}
	word, err := w.answer(ctx, args.(Word))
	if err == nil {
		*answer.(*Word) = word
	}
	return err
}

func (w *wire) Open(context.Context, string) (io.ReadCloser, int64, error) {
	panic("no file is asked for")
}
func (w *wire) Done() <-chan struct{} { return w.done }

func (w *wire) Close() error {
	select {
	case <-w.done:
	default:
		close(w.done)
	}
	return nil
}

func openNode(t *testing.T, name string, role node.Role) *node.DB {
	t.Helper()
	n, err := node.Open(t.Context(), filepath.Join(t.TempDir(), node.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := n.Init(t.Context(), name, role); err != nil {
		t.Fatal(err)
	}
	return n
}

// marry makes the twin of n the one of that server id.
func marry(t *testing.T, n *node.DB, server string) {
	t.Helper()
	err := n.SetPair(t.Context(), func(self node.Self, _ *node.Pair) (node.Pairing, error) {
		p := node.Pair{Pair: "P", Server: server, Name: "twin", Address: "twin@b:22", PublicKey: "k", HostKey: "h"}
		return node.Pairing{Pair: p, Epoch: self.Epoch, Seen: self.EpochSeen, Act: node.Act{Actor: "ann", Verb: "pair.accept"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func idOf(t *testing.T, n *node.DB) string {
	t.Helper()
	self, err := n.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return self.Server
}

func saying(server string, epoch int64) func(context.Context) (Word, error) {
	return func(context.Context) (Word, error) {
		return Word{Server: server, Pair: "P", Doc: node.Document{Running: true, Epoch: epoch}}, nil
	}
}

// A rig is a watcher of a and a listener of b.
type rig struct {
	a, b   *node.DB
	answer func(context.Context, Word) (Word, error)
	alone  atomic.Bool
	frozen atomic.Bool
	fails  atomic.Pointer[error] // of dialling
	dials  atomic.Int64
	*Watcher
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{a: openNode(t, "a", node.Primary), b: openNode(t, "b", node.Secondary)}
	idA, idB := idOf(t, r.a), idOf(t, r.b)
	marry(t, r.a, idB)
	marry(t, r.b, idA)
	listener := Listener{Node: r.b, Say: saying(idB, 8)}
	r.answer = func(ctx context.Context, w Word) (Word, error) {
		text, err := json.Marshal(w)
		if err != nil {
			return Word{}, err
		}
		answer, err := listener.Answer(ctx, text)
		if err != nil {
			return Word{}, err
		}
		return answer.(Word), nil
	}
	r.Watcher = NewWatcher(Options{
		Node: r.a, Say: saying(idA, 5), Log: slog.New(slog.DiscardHandler),
		Twin: func(context.Context) (*Twin, error) {
			if r.alone.Load() {
				return nil, nil
			}
			return &Twin{Target: link.Target{Name: "b"}, Server: idB, Pair: "P"}, nil
		},
		Dial: func(context.Context, link.Target) (Link, error) {
			r.dials.Add(1)
			if err := r.fails.Load(); err != nil {
				return nil, *err
			}
			return &wire{answer: r.answer, frozen: &r.frozen, done: make(chan struct{})}, nil
		},
	})
	return r
}

// run runs the watcher while the test looks at it.
func (r *rig) run(t *testing.T, look func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	synctest.Wait()
	look()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if r.Link() != nil {
		t.Error("a link is left behind")
	}
}

func (r *rig) must(t *testing.T, want State) {
	t.Helper()
	if got := r.Standing(); got.State != want {
		t.Errorf("the twin is %q (%v), want %q", got.State, got.Err, want)
	}
}

func TestTwinsTellEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t, func() {
			r.must(t, OK)
			if r.Link() == nil {
				t.Error("no link to use")
			}
			for way, n := range map[node.Direction]*node.DB{node.Out: r.a, node.In: r.b} {
				h, err := n.Heard(t.Context(), way)
				if err != nil || h == nil || h.At != record.At(time.Now()) || h.Ahead != 0 {
					t.Errorf("%s: %+v, %v", way, h, err)
				}
			}
			for n, want := range map[*node.DB]int64{r.a: 8, r.b: 5} {
				if self, err := n.Self(t.Context()); err != nil || self.EpochSeen != want {
					t.Errorf("%s has seen epoch %d, want %d", self.Name, self.EpochSeen, want)
				}
			}
			time.Sleep(time.Minute)
			if n := r.dials.Load(); n != 1 {
				t.Errorf("dialled %d times", n)
			}
		})
	})
}

func TestTroubleShowsWithinTenSeconds(t *testing.T) {
	for want, c := range map[State]struct {
		fails  error // of dialling
		frozen bool  // the link stands, else it is cut
	}{
		Unreachable: {fails: link.ErrUnreachable},
		Mute:        {fails: link.ErrMute},
		Refused:     {fails: link.ErrRefused},
		Frozen:      {fails: link.ErrMute, frozen: true}, // its kernel accepts still
	} {
		t.Run(string(want), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.run(t, func() {
					r.must(t, OK)
					r.fails.Store(&c.fails)
					if r.frozen.Store(c.frozen); !c.frozen {
						r.Link().Close()
					}
					time.Sleep(10 * time.Second)
					synctest.Wait()
					r.must(t, want)
					r.fails.Store(nil)
					r.frozen.Store(false)
					time.Sleep(10 * time.Second)
					synctest.Wait()
					r.must(t, OK)
				})
			})
		})
	}
}

func TestAnotherServerIsNotTheTwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		marry(t, r.b, "somebody else")
		r.run(t, func() { r.must(t, Refused) })
		if h, err := r.b.Heard(t.Context(), node.In); err != nil || h != nil {
			t.Errorf("its word was kept: %+v, %v", h, err)
		}
	})
}

func TestImpossibleEpochIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for _, epoch := range []int64{node.MaxEpoch + 1, node.MaxEpoch, 5000} {
			lies := saying(idOf(t, r.b), epoch)
			r.answer = func(ctx context.Context, _ Word) (Word, error) { return lies(ctx) }
			r.run(t, func() { r.must(t, Refused) })
		}
		if self, err := r.a.Self(t.Context()); err != nil || self.EpochSeen > 5 {
			t.Errorf("%+v, %v", self, err)
		}
	})
}

func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.alone.Store(true)
		r.run(t, func() {
			if n := r.dials.Load(); n != 0 || r.Standing().Paired() {
				t.Errorf("%+v after %d dials", r.Standing(), n)
			}
			r.alone.Store(false)
			time.Sleep(2 * alone)
			synctest.Wait()
			r.must(t, OK)
			r.alone.Store(true)
			time.Sleep(2 * interval)
			synctest.Wait()
			if r.Standing().Paired() || r.Link() != nil {
				t.Errorf("after it was removed: %+v", r.Standing())
			}
		})
	})
}

func TestAHurryIsAQuestionNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var asked atomic.Int64
		answer := r.answer
		r.answer = func(ctx context.Context, w Word) (Word, error) {
			asked.Add(1)
			return answer(ctx, w)
		}
		r.run(t, func() {
			r.Hurry()
			synctest.Wait()
			if n := asked.Load(); n != 2 {
				t.Errorf("%d questions", n)
			}
			time.Sleep(interval)
			synctest.Wait()
			if n := asked.Load(); n != 3 {
				t.Errorf("%d questions", n)
			}
		})
	})
}
