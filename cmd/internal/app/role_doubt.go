package app

import (
	"context"
	"sync"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
)

// whyAlone is why the timetables of a primary wait that starts and cannot ask
// its twin: that one may be primary by now.
const whyAlone = "the twin was not asked yet who is primary"

// A bootAlone holds what only the primary runs, from twind's start on, until the
// twin has told which epoch it has seen, or for as long as twin.boot_alone says.
// Once that is over it never holds anything again.
type bootAlone struct {
	node    *node.DB
	config  func() *config.Config
	twin    func() exchange.Standing
	started time.Time

	mu   sync.Mutex
	over bool
}

// holds tells whether it does, and until when at the latest: the zero time is
// until the twin answers.
func (b *bootAlone) holds(ctx context.Context, self node.Self) (held bool, until time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return false, time.Time{}, nil
	}
	until = b.ends(b.config().Twin.BootAlone)
	held = self.Role == node.Primary && !self.Superseded() && (until.IsZero() || time.Now().Before(until))
	if held {
		asked, err := b.asked(ctx, self)
		if err != nil {
			return false, time.Time{}, err
		}
		held = !asked
	}
	b.over = !held
	return held, until, nil
}

// ends returns when the longest wait is over, zero for never.
func (b *bootAlone) ends(most string) time.Time {
	switch most {
	case "hold":
		return time.Time{}
	case "run":
		return b.started
	}
	d, err := time.ParseDuration(most)
	if err != nil {
		return b.started // a configuration that nobody read
	}
	return b.started.Add(d)
}

// asked tells whether there is no twin, or it has told since twind's start which
// epoch it has seen, and that is noted here: a higher one than ours ends the
// role by itself.
func (b *bootAlone) asked(ctx context.Context, self node.Self) (bool, error) {
	pair, err := b.node.Pair(ctx)
	if err != nil || pair == nil {
		return pair == nil, err
	}
	if word := b.twin().Word; word != nil && word.Doc.Epoch <= self.EpochSeen {
		return true, nil
	}
	heard, word, err := lastWord(ctx, b.node, node.In)
	return err == nil && heard != nil && heard.At > record.At(b.started) && word.Doc.Epoch <= self.EpochSeen, err
}
