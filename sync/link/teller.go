package link

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A teller says what others did that was not let in, to the log and to
// ServerOptions.Refused: so much in a while and no more, over all connections
// together. What is more is counted, and said as a number when the while is over.
type teller struct {
	most    int
	refused func(ctx context.Context, who, what string) // may be nil

	mu     sync.Mutex
	said   int
	more   int // that were not said since
	unsaid int // of them, that are for refused too
}

// may tells whether one thing more may be logged. It must be, then.
func (t *teller) may() bool { return t.take(false) }

// refuse logs what was asked for and not let in, and tells it.
func (t *teller) refuse(ctx context.Context, log *slog.Logger, who, what string) {
	if !t.take(true) {
		return
	}
	log.Warn("ssh: refused", "what", what)
	if t.refused != nil {
		t.refused(ctx, who, what)
	}
}

func (t *teller) take(refusal bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.said < t.most {
		t.said++
		return true
	}
	t.more++
	if refusal {
		t.unsaid++
	}
	return false
}

// turn ends a while and begins another.
func (t *teller) turn(ctx context.Context, log *slog.Logger) {
	t.mu.Lock()
	more, unsaid := t.more, t.unsaid
	t.said, t.more, t.unsaid = 0, 0, 0
	t.mu.Unlock()
	if more > 0 {
		log.Warn("ssh: and more that was not let in", "times", more)
	}
	if unsaid > 0 && t.refused != nil {
		t.refused(ctx, "", fmt.Sprintf("and %d more", unsaid))
	}
}

// reckon turns the tellers of a server once in a while, until ctx ends.
func (s *Server) reckon(ctx context.Context) {
	tick := time.NewTicker(s.limits().TellEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.turn(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// turn tells what went unsaid. What ends is no reason to keep it back.
func (s *Server) turn(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	s.outside.turn(ctx, s.log)
	s.inside.turn(ctx, s.log)
}
