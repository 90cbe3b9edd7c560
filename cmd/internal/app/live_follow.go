package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

const (
	liveBack    = 12 * record.Hour // at the start so much is looked back,
	liveBackMax = 200_000          // and so many records at the most
	liveTurn    = 20_000           // records of a feed that are looked at a second: a busy site says a tenth
)

// A follower follows one feed, in order of arrival.
type follower struct {
	name, format string
	decode       acd.Decoder
	live         *acd.Live
	begun        bool
	turn         int                 // records to look at before another has its turn
	seq          int64               // the last record that was looked at
	pending      *collector.Snapshot // that was not reached yet
	broke        error               // it gave up: what the feed says breaks it
	events       []acd.Event         // memory to be used again

	state acd.LiveState
	known bool   // state holds
	said  []byte // what was published last
}

func newFollower(name, format string) *follower {
	decode, _ := acd.NewDecoder(format)
	return &follower{name: name, format: format, decode: decode, live: acd.NewLive(), turn: liveBackMax}
}

// catchUp looks at what was stored since it was called last. When that is more
// than it may look at in a turn it goes on in the next, or gives up what it
// knew; until it is through, the state is not known.
func (f *follower) catchUp(ctx context.Context, h *history.DB) (err error) {
	if f.broke != nil {
		return nil
	}
	// What an upstream says must not end the collecting of the others.
	defer func() {
		if p := recover(); p != nil {
			f.broke, f.known = fmt.Errorf("broke on what it read: %v", p), false
			err = f.broke
		}
	}()
	if !f.begun {
		if err := f.begin(ctx, h); err != nil {
			return err
		}
	}
	corrected := f.reach(f.seq)
	looked, all, err := f.read(ctx, h)
	if f.turn = liveTurn; err != nil {
		return err
	}
	if all && f.pending != nil {
		f.correct()
		corrected = true
	}
	if !all {
		if skips, err := f.skip(ctx, h); skips || err != nil || !f.known {
			return err
		}
	}
	if !f.known || corrected || looked > 0 {
		f.state, f.known = f.live.State(), true
	}
	return nil
}

// begin finds the record from which on what stands now was said.
func (f *follower) begin(ctx context.Context, h *history.DB) error {
	held, err := h.Summaries(ctx)
	if err != nil {
		return err
	}
	if last, known := held[f.name]; known {
		early, err := h.SeqBefore(ctx, f.name, last.LastAt-liveBack)
		if err != nil {
			return err
		}
		if f.seq, err = h.SeqOfLastOwn(ctx, f.name, early, liveBackMax); err != nil {
			return err
		}
	}
	f.begun = true
	return nil
}

// read looks at what was heard until there is no more, or it is another's turn.
// What the twin or a file brought is of earlier.
func (f *follower) read(ctx context.Context, h *history.DB) (looked int, all bool, err error) {
	end, err := h.SeqOfAll(ctx)
	if err != nil || end <= f.seq {
		return 0, err == nil, err
	}
	for row, err := range h.OwnArrivals(ctx, f.name, f.seq, end) {
		switch {
		case errors.Is(err, history.ErrUnknownFeed): // not heard yet
			return 0, true, nil
		case errors.Is(err, history.ErrDamaged):
			return looked, false, errors.Join(err, f.jump(ctx, h, 0))
		case err != nil:
			return looked, false, err
		}
		f.reach(row.Seq - 1)
		f.seq = row.Seq
		f.events = f.decode(f.events[:0], row.Raw, row.At)
		for _, e := range f.events {
			f.live.Add(e)
		}
		if looked++; looked >= f.turn {
			return looked, false, nil
		}
	}
	f.seq = max(f.seq, end)
	return looked, true, nil
}

// reach takes the pending snapshot if it belongs before what was stored behind
// seq. Where later records were looked at already, they are once more: to be
// told twice does no harm, an older state put over a newer one would.
func (f *follower) reach(seq int64) (corrected bool) {
	if f.pending == nil || f.pending.Seq > seq {
		return false
	}
	f.correct()
	return true
}

func (f *follower) correct() {
	f.seq = min(f.seq, f.pending.Seq)
	f.live.Correct(f.pending.At, f.pending.Answers, f.pending.Cut)
	f.pending = nil
}

// skip gives up following each record of a feed that says more than can be
// followed: a little of the latest is known soon, all of it never. It reports
// whether that is so.
func (f *follower) skip(ctx context.Context, h *history.DB) (bool, error) {
	before := f.seq
	if err := f.jump(ctx, h, liveTurn/2); err != nil || f.seq == before {
		return false, err
	}
	f.live, f.known = acd.NewLive(), false
	return true, nil
}

// jump goes on with the last n records that were heard.
func (f *follower) jump(ctx context.Context, h *history.DB, n int) (err error) {
	last, err := h.SeqOfLastOwn(ctx, f.name, f.seq, n)
	f.seq = max(f.seq, last)
	return err
}
