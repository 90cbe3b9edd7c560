package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/fill"
	"github.com/twinctl/twin/sync/link"
)

const (
	gapInterval     = 5 * time.Second  // how often is looked for gaps that can be filled
	lastingInterval = 10 * time.Second // and is copied what the twin hears while a gap lasts
	compareInterval = 5 * time.Minute  // and for differences that no gap announced,
	compareReach    = 24 * time.Hour   // so far back; and once in so long, all of it
)

// maxWaiting is how many fills may be asked for at a time.
const maxWaiting = 4

// Fill is the verb that a person, or the twin, asks of the running server.
const Fill = "fill"

// FillArgs are its arguments.
type FillArgs struct {
	Feeds []string `json:"feeds,omitempty"` // none: all
	All   bool     `json:"all,omitempty"`   // rebuild
	Both  bool     `json:"both,omitempty"`  // the twin fills from here too
}

// FillAnswer is the answer.
type FillAnswer struct {
	fill.Result
	Twin *fill.Result `json:"twin,omitempty"` // what the twin filled, where both did
}

// byItself is who fills when nobody asked.
const byItself = "twind"

// errNoLink is returned for a fill while the twin does not answer.
var errNoLink = cli.Fail(cli.Unreachable, errors.New("there is no link to the twin"), "twinctl pair check")

// A filler fills this history from the twin's: by itself when a gap is over and
// every five minutes, and when it is asked to.
type filler struct {
	history *history.DB
	node    *node.DB
	watcher *exchange.Watcher
	log     *slog.Logger

	courtesy courtesy
	turn     chan struct{} // holds one token: only one fill may run
	waiting  atomic.Int64  // fills that somebody asked for

	mu      sync.Mutex
	running *node.FillDocument // nil while none runs
	differs map[string]int64   // by feed: records that were missing here and no gap announced
	damaged map[rotten]bool    // records to take from the twin again; true: it was asked
}

func newFiller(data *Data, w *exchange.Watcher, log *slog.Logger) *filler {
	f := &filler{history: data.History, node: data.Node, watcher: w, log: log, turn: make(chan struct{}, 1), differs: map[string]int64{}, damaged: map[rotten]bool{}}
	f.turn <- struct{}{}
	return f
}

// run fills whatever can be filled, until ctx ends. What fails is tried again.
func (f *filler) run(ctx context.Context) error {
	tick := time.NewTicker(gapInterval)
	defer tick.Stop()
	var did rounds
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			err := f.look(ctx, &did, now)
			if errors.Is(err, store.ErrFailed) {
				return err // nothing may be acknowledged any more
			}
			if err != nil && ctx.Err() == nil && !errors.Is(err, link.ErrLost) { // that is told already
				f.log.Warn("filling from the twin failed, it goes on where it stopped", "err", err)
			}
		}
	}
}

// rounds remember when was last compared, and looked at gaps that last.
type rounds struct{ recent, whole, lasting time.Time }

// due returns what to look at now, apart from the gaps; nil for nothing.
func (r rounds) due(now time.Time) *fill.Options {
	switch {
	case now.Sub(r.whole) >= compareReach:
		return &fill.Options{Closed: true}
	case now.Sub(r.recent) >= compareInterval:
		return &fill.Options{Closed: true, Since: record.At(now.Add(-compareReach))}
	}
	return nil
}

func (r *rounds) did(opt fill.Options, now time.Time) {
	r.recent = now
	if opt.Since == 0 {
		r.whole = now
	}
}

// look fills what can be filled now, if there is anybody to fill from.
func (f *filler) look(ctx context.Context, did *rounds, now time.Time) error {
	if f.watcher.Link() == nil {
		return nil
	}
	if err := f.mendRotten(ctx); err != nil {
		return err
	}
	opt := did.due(now)
	if opt == nil {
		lasting := now.Sub(did.lasting) >= lastingInterval
		if lasting {
			did.lasting = now
		}
		feeds, err := f.gaping(ctx, lasting)
		if err != nil || len(feeds) == 0 {
			return err
		}
		_, err = f.fill(ctx, fill.Options{Feeds: feeds, GapsOnly: true}, byItself)
		return err
	}
	if _, err := f.fill(ctx, *opt, byItself); err != nil {
		return err
	}
	did.did(*opt, now)
	return f.agree(ctx, opt.Since)
}

// agree notes which days both hold alike: those may be dropped one day.
func (f *filler) agree(ctx context.Context, since record.Instant) error {
	twin := f.watcher.Link()
	if twin == nil {
		return nil
	}
	_, err := fill.Agree(ctx, fill.Local{DB: f.history}, fill.Remote{Caller: twin}, since)
	return err
}

// gaping returns the feeds that have open gaps: those that are over, and on
// request also those that last.
func (f *filler) gaping(ctx context.Context, lasting bool) ([]string, error) {
	all, err := f.history.Summaries(ctx)
	if err != nil {
		return nil, err
	}
	var feeds []string
	for name, s := range all {
		if s.GapsOpen == 0 {
			continue
		}
		gaps, err := f.history.OpenGaps(ctx, name, false)
		if err != nil {
			return nil, err
		}
		if len(gaps) > 0 || lasting {
			feeds = append(feeds, name)
		}
	}
	return feeds, nil
}

// fill waits for its turn and fills.
func (f *filler) fill(ctx context.Context, opt fill.Options, actor string) (fill.Result, error) {
	select {
	case <-f.turn:
	case <-ctx.Done():
		return fill.Result{}, ctx.Err()
	}
	defer func() { f.turn <- struct{}{} }()
	twin := f.watcher.Link()
	if twin == nil {
		return fill.Result{}, errNoLink
	}
	report := opt.Report
	opt.Report = func(p fill.Progress) {
		f.progress(&node.FillDocument{
			Feed: p.Feed, Done: p.Done, Total: p.Total,
			Rate: p.Rate, RemainingS: int64(p.Remaining / time.Second),
		})
		if report != nil {
			report(p)
		}
	}
	opt.Room, opt.Along = f.courtesy.room(byTheWay), true
	if opt.All {
		opt.Room, opt.Along = f.courtesy.room(rebuild), false
	}
	defer f.progress(nil)
	done, err := fill.Fill(ctx, fill.Local{DB: f.history}, fill.Remote{Caller: twin}, opt)
	return done, errors.Join(err, f.note(context.WithoutCancel(ctx), done, opt, actor))
}

func (f *filler) progress(p *node.FillDocument) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = p
}

// note writes down what a fill did, if it did anything. What comes by itself
// while a gap lasts would be a line every ten seconds: its end is written down.
func (f *filler) note(ctx context.Context, done fill.Result, opt fill.Options, actor string) error {
	did, goesOn := false, opt.GapsOnly && actor == byItself
	for _, r := range done.Feeds {
		did = did || r.Filled > 0 || r.Lost > 0 || r.Added > 0 && !goesOn
		if r.Unannounced > 0 {
			f.log.Warn("the twins differed, and no gap had announced it", "feed", r.Feed, "records", r.Unannounced)
			f.mu.Lock()
			f.differs[r.Feed] += r.Unannounced
			f.mu.Unlock()
		}
	}
	if !did {
		return nil
	}
	f.log.Info("filled from the twin", "feeds", done.Feeds)
	have, err := f.node.Pair(ctx)
	if err != nil || have == nil {
		return err
	}
	return f.node.Audit(ctx, node.Act{Actor: actor, Verb: Fill, Target: have.Name, Detail: done})
}

// state returns what a fill is doing, nil if none runs, and by feed how many
// records were missing that no gap had announced, since this twind started.
func (f *filler) state() (*node.FillDocument, map[string]int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running, maps.Clone(f.differs)
}

// ask answers the request to fill.
func (f *filler) ask(ctx context.Context, r node.Request) node.Answer {
	defer f.waiting.Add(-1)
	if f.waiting.Add(1) > maxWaiting {
		return unable(cli.Fail(cli.Busy, errors.New("fills enough are waiting already"), ""))
	}
	return answered(r, func(args FillArgs) (any, error) {
		tell := func(p fill.Progress) {
			text := fmt.Sprintf("%s: %d of %d records, %.0f a second, %s left", p.Feed, p.Done, p.Total, p.Rate, p.Remaining.Round(time.Second))
			if err := f.node.SetProgress(ctx, r.ID, text); err != nil {
				f.log.Debug("progress of a fill cannot be told", "err", err)
			}
		}
		done, err := f.fill(ctx, fill.Options{Feeds: args.Feeds, All: args.All, Report: seldom(tell)}, r.Actor)
		answer := FillAnswer{Result: done}
		if err == nil && args.Both {
			answer.Twin, err = f.askTwin(ctx, args)
		}
		return answer, err
	})
}

// askTwin has the twin fill from here.
func (f *filler) askTwin(ctx context.Context, args FillArgs) (*fill.Result, error) {
	twin := f.watcher.Link()
	if twin == nil {
		return nil, errNoLink
	}
	ctx, cancel := context.WithTimeout(ctx, 24*time.Hour)
	defer cancel()
	var done fill.Result
	return &done, twin.Call(ctx, Fill, args, &done)
}

// seldom passes on at most one progress a second, so that telling costs nothing.
func seldom(tell func(fill.Progress)) func(fill.Progress) {
	var last time.Time
	return func(p fill.Progress) {
		if now := time.Now(); now.Sub(last) >= time.Second {
			last = now
			tell(p)
		}
	}
}
