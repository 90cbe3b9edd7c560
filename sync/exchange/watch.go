package exchange

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/link"
)

const (
	interval = 5 * time.Second
	soon     = time.Second / 4 // when the twin has more to tell of its runs
	alone    = time.Second     // how often is looked whether there is a twin now
	patience = 4 * time.Second // for an answer: with the interval below ten seconds
)

// A Link is a standing link to the twin; *link.Client is one.
type Link interface {
	Call(ctx context.Context, verb string, args, answer any) error
	Open(ctx context.Context, path string) (io.ReadCloser, int64, error)
	Done() <-chan struct{}
	Close() error
}

// A Twin is whom to ask.
type Twin struct {
	link.Target
	Server, Pair string // whoever says otherwise is another
}

// Options are what a Watcher is made of.
type Options struct {
	Node *node.DB
	// Twin says whom to ask; nil means that this server is alone.
	Twin func(context.Context) (*Twin, error)
	Dial func(context.Context, link.Target) (Link, error)
	// Say returns what this server says of itself.
	Say func(context.Context) (Word, error)
	Log *slog.Logger
}

// A Watcher asks the twin how it is, as long as there is one.
type Watcher struct {
	Options
	hurry chan struct{} // the next question is wanted now

	mu       sync.Mutex
	standing Standing
	link     Link // nil while there is none
	with     Twin // the one at the other end of link
}

// NewWatcher returns a Watcher, which Run runs.
func NewWatcher(o Options) *Watcher { return &Watcher{Options: o, hurry: make(chan struct{}, 1)} }

// Hurry has the twin asked, and told, at once: what both are to each other has
// changed. It never blocks; any goroutine may call it.
func (w *Watcher) Hurry() {
	select {
	case w.hurry <- struct{}{}:
	default:
	}
}

// Standing returns what is known of the twin now.
func (w *Watcher) Standing() Standing {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.standing
}

// Link returns the link to a twin that is OK, nil if there is none. It may end
// at any time; whoever uses it gets errors then.
func (w *Watcher) Link() Link {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.standing.State != OK {
		return nil
	}
	return w.link
}

// Run asks every five seconds, until ctx ends. An error is one of this
// server's own files.
func (w *Watcher) Run(ctx context.Context) error {
	defer w.hangUp()
	for {
		begun := time.Now()
		wait, err := w.turn(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-time.After(wait - time.Since(begun)):
		case <-w.hurry:
		case <-ctx.Done():
			return nil
		}
	}
}

// turn asks once, if there is anybody, and returns how long after its begin the
// next one is due.
func (w *Watcher) turn(ctx context.Context) (time.Duration, error) {
	twin, err := w.Twin(ctx)
	if err != nil {
		return interval, passing(err)
	}
	if twin == nil {
		w.hangUp()
		w.set(Standing{})
		return alone, nil
	}
	if !w.Standing().Paired() {
		w.set(Standing{State: Unknown, Since: time.Now()})
	}
	say, err := w.Say(ctx)
	if err != nil {
		return interval, passing(err)
	}
	if say.Runs, err = tellRuns(ctx, w.Node, w.Standing().Word.got()); err != nil {
		return interval, passing(err)
	}
	if a := w.ask(ctx, *twin, say); ctx.Err() == nil {
		err := w.heard(ctx, *twin, a)
		if err == nil && a.follows() {
			return soon, nil
		}
		return interval, passing(err)
	}
	return interval, nil
}

// heard takes note of what came of asking.
func (w *Watcher) heard(ctx context.Context, twin Twin, a attempt) error {
	was := w.Standing()
	is := was.next(a)
	w.set(is)
	if is.State != was.State {
		w.tell(twin.Name, is)
	}
	if a.word == nil {
		w.hangUp()
		return nil
	}
	return keep(ctx, w.Node, node.Out, a)
}

// passing returns err unless it passes by itself: a full disk, or a file that
// others hold. What the twin said is then not written down, and told all the same.
func passing(err error) error {
	if errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrBusy) {
		return nil
	}
	return err
}

func (w *Watcher) tell(name string, is Standing) {
	if is.State == OK {
		w.Log.Info("the twin answers", "twin", name)
		return
	}
	w.Log.Warn("the twin does not do well", "twin", name, "state", string(is.State), "err", is.Err)
}

// ask dials if need be, and asks.
func (w *Watcher) ask(ctx context.Context, twin Twin, say Word) attempt {
	l, err := w.reach(ctx, twin)
	if err != nil {
		return attempt{at: time.Now(), err: err}
	}
	return askOver(ctx, l, w.Node, twin, say)
}

// reach returns the link that stands, or dials: also when the twin is another
// one now, or is reached otherwise.
func (w *Watcher) reach(ctx context.Context, twin Twin) (Link, error) {
	w.mu.Lock()
	l, with := w.link, w.with
	w.mu.Unlock()
	if l != nil && with == twin {
		select {
		case <-l.Done():
		default:
			return l, nil
		}
	}
	w.hangUp()
	l, err := w.Dial(ctx, twin.Target)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.link, w.with = l, twin
	return l, nil
}

func (w *Watcher) set(is Standing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.standing = is
}

// hangUp closes the link, if one stands.
func (w *Watcher) hangUp() {
	w.mu.Lock()
	l := w.link
	w.link = nil
	w.mu.Unlock()
	if l == nil {
		return
	}
	if err := l.Close(); err != nil && !errors.Is(err, link.ErrLost) {
		w.Log.Debug("closing the link", "err", err)
	}
}
