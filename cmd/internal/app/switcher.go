package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/switchover/preflight"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

// The verbs about the role that a person may ask of the running server.
const (
	SwitchRole   = "switchover"
	ResumeSwitch = "switchover.resume"
	AbortSwitch  = "switchover.abort"
)

// SwitchArgs are the arguments of SwitchRole.
type SwitchArgs struct {
	ID      string             `json:"id"` // of the move, for its journal; random
	Intent  node.Intent        `json:"intent"`
	To      string             `json:"to"` // "": whoever has the role not
	Reason  string             `json:"reason"`
	Options switchover.Options `json:"options"`
}

// A switcher moves the role, one move at a time.
type switcher struct {
	data   *Data
	config func() *config.Config
	hands  roleHands
	said   func(context.Context) (exchange.Word, error)
	log    *slog.Logger

	mu    sync.Mutex
	going *going
}

// A going is a move that the switcher goes through.
type going struct {
	abort context.CancelCauseFunc
	ended chan struct{} // closed when it is over
	done  switchover.Result
	err   error
}

// askSwitch answers the request to move the role. It returns when that is over.
func (s *switcher) askSwitch(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args SwitchArgs) (any, error) {
		w := switchover.Wish{ID: args.ID, Intent: args.Intent, To: args.To, Actor: r.Actor, Reason: args.Reason, Options: args.Options}
		return s.goThrough(ctx, r, func(ctx context.Context, run switchover.Runner) (switchover.Result, error) { return run.Switch(ctx, w) })
	})
}

// askResume answers the request to go on with a move that has halted.
func (s *switcher) askResume(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(struct{}) (any, error) {
		return s.goThrough(ctx, r, func(ctx context.Context, run switchover.Runner) (switchover.Result, error) {
			return run.Resume(ctx, r.Actor)
		})
	})
}

// goThrough has a runner do something, unless one is at it.
func (s *switcher) goThrough(ctx context.Context, r node.Request, do func(context.Context, switchover.Runner) (switchover.Result, error)) (switchover.Result, error) {
	done, err := s.alone(ctx, func(ctx context.Context) (switchover.Result, error) {
		done, err := s.with(ctx, r, do)
		s.log.Info("switch-over", "outcome", done.Outcome, "primary", done.Primary, "epoch", done.Epoch, "err", err)
		return done, err
	})
	return done, moved(err)
}

// alone does something about the role that somebody may abort: node.ErrRunbook
// while this twind is at such a thing.
func (s *switcher) alone(ctx context.Context, do func(context.Context) (switchover.Result, error)) (switchover.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	is := &going{abort: cancel, ended: make(chan struct{})}
	if !s.take(is) {
		return switchover.Result{}, fmt.Errorf("%w: this twind is at it", node.ErrRunbook)
	}
	defer s.release()
	defer close(is.ended)
	is.done, is.err = do(ctx)
	return is.done, is.err
}

func (s *switcher) take(is *going) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.going != nil {
		return false
	}
	s.going = is
	return true
}

func (s *switcher) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.going = nil
}

// with does something with a runner that has a link to the twin.
func (s *switcher) with(ctx context.Context, r node.Request, do func(context.Context, switchover.Runner) (switchover.Result, error)) (switchover.Result, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return switchover.Result{}, err
	}
	n := Notary{s.config(), s.data.Node}
	l, err := n.Dial(ctx, link.Options{})
	if err != nil {
		return switchover.Result{}, err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	side := roleSide{Notary: n, hands: s.hands}
	return do(ctx, switchover.Runner{
		Here: side.side(self), There: switchover.Side{Name: l.Pair.Name, Caller: twinSide{lasting{l, n}}},
		Limits: preflight.Usual(), Now: time.Now,
		Facts: func(ctx context.Context) (here, there preflight.Facts, ways []preflight.Path, err error) {
			return Both(ctx, Witness{Config: n.Config, Data: s.data, Say: s.said})
		},
		Say: s.progress(ctx, r.ID),
	})
}

// progress returns what tells the person who waits for a request how far it is.
func (s *switcher) progress(ctx context.Context, request int64) func(step, text string) {
	ctx = context.WithoutCancel(ctx)
	return func(step, text string) {
		if err := s.data.Node.SetProgress(ctx, request, step+": "+strings.ReplaceAll(text, "\n", "; ")); err != nil {
			s.log.Debug("how far a move of the role is cannot be told", "err", err)
		}
	}
}

// moved gives what became of a move its exit status.
func moved(err error) error {
	return meant(err,
		meaning{switchover.ErrHalted, cli.Halted, "twinctl switchover --resume, or --abort"},
		meaning{switchover.ErrBlocked, cli.Refused, "twinctl switchover --dry-run"},
		meaning{switchover.ErrRolledBack, cli.Failed, "twinctl switchover history"},
		meaning{switchover.ErrOvertaken, cli.Failed, "twinctl status"},
		meaning{switchover.ErrQuestion, cli.Usage, "twinctl help switchover"},
		meaning{node.ErrNoRunbook, cli.Refused, "twinctl switchover status"}, // there is none to go on with
	)
}
