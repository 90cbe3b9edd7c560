package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
)

// requestInterval is how soon a request is seen.
const requestInterval = 100 * time.Millisecond

const maxLogged = 200 // bytes of a request's arguments

// The verbs that a person may ask of the running server.
const (
	PauseFeed     = "feed.pause"
	ResumeFeed    = "feed.resume"
	ReconnectFeed = "feed.reconnect"
)

// FeedArgs are the arguments of the verbs about one feed.
type FeedArgs struct {
	Feed string `json:"feed"`
}

// The verbs about timetables that a person may ask of the running server.
const (
	RunTimetable      = "timetable.run"
	BackfillTimetable = "timetable.backfill"
	CancelRun         = "run.cancel"
)

// RunArgs are the arguments of RunTimetable.
type RunArgs struct {
	ID string `json:"id"` // key of the timetable
}

// RunAnswer is its answer: it does not wait for the run, which the ledger tells of.
type RunAnswer struct {
	Run int64 `json:"run"`
}

// BackfillArgs are the arguments of BackfillTimetable.
type BackfillArgs struct {
	ID     string      `json:"id"`   // key of the timetable
	From   node.Moment `json:"from"` // slots from then on,
	To     node.Moment `json:"to"`   // and before that
	Failed bool        `json:"failed,omitempty"`
	All    bool        `json:"all,omitempty"`
}

// BackfillAnswer is its answer, in the order of the slots.
type BackfillAnswer struct {
	Runs []int64 `json:"runs"`
}

// CancelArgs are the arguments of CancelRun.
type CancelArgs struct {
	Run int64 `json:"run"`
}

// A clerk answers what people ask of the running server.
type clerk struct {
	node       *node.DB
	users      *admin.DB
	collector  *collector.Collector
	filler     *filler
	recounter  *recounter
	importer   *importer
	timekeeper *timekeeper
	switcher   *switcher
	log        *slog.Logger
	name       string // of this run

	long sync.WaitGroup // requests that take their time
}

// run answers requests until ctx ends. What an earlier run left unfinished is
// answered first: nobody knows what came of it.
func (c *clerk) run(ctx context.Context) error {
	defer c.long.Wait()
	lost := unable(cli.Fail(cli.Unknown, errors.New("twind ended before it had answered"), "twinctl status"))
	if err := patiently(ctx, func() error { return c.node.GiveUp(ctx, c.name, lost) }); err != nil || ctx.Err() != nil {
		return final(err)
	}
	return c.node.Watch(ctx, requestInterval, c.answerAll)
}

func (c *clerk) answerAll(ctx context.Context) error {
	for ctx.Err() == nil {
		r, err := c.node.Claim(ctx, c.name)
		if err != nil || r == nil {
			return final(err)
		}
		if err := c.entitled(ctx, *r); err != nil {
			c.finish(ctx, *r, unable(err))
			continue
		}
		if work := c.slow(r.Verb); work != nil {
			c.long.Go(func() { c.finish(ctx, *r, work(ctx, *r)) })
			continue
		}
		c.finish(ctx, *r, c.answer(ctx, *r))
	}
	return nil
}

// slow returns what does a verb that takes its time, nil for the others.
func (c *clerk) slow(verb string) func(context.Context, node.Request) node.Answer {
	switch verb {
	case Fill:
		return c.filler.ask
	case Mend:
		return c.filler.askMend
	case Drop:
		return c.filler.askDrop
	case Rebuild:
		return c.recounter.ask
	case Import:
		return c.importer.ask
	case RunTimetable: // the one who decides may wait for what an earlier twind left running
		return c.timekeeper.askRun
	case BackfillTimetable:
		return c.timekeeper.askBackfill
	case CancelRun:
		return c.timekeeper.askCancel
	case DemoteRole:
		return c.timekeeper.askDemote
	case CancelRole:
		return c.timekeeper.askCancelRole
	case ProbeRole:
		return c.timekeeper.askProbe
	case SwitchRole:
		return c.switcher.askSwitch
	case PromoteRole:
		return c.switcher.askPromote
	case ResumeSwitch:
		return c.switcher.askResume
	case AbortSwitch:
		return c.switcher.askAbort
	}
	return nil
}

// finish writes the answer down. Somebody waits for it, so a file that is busy,
// or a disk that is full, is waited for; at the end it is tried once more.
func (c *clerk) finish(ctx context.Context, r node.Request, a node.Answer) {
	c.log.Info("request", "verb", r.Verb, "args", string(r.Args[:min(len(r.Args), maxLogged)]), "actor", r.Actor, "exit", a.Exit)
	write := func() error { return c.node.Finish(context.WithoutCancel(ctx), r.ID, a) }
	err := patiently(ctx, write)
	if err != nil {
		err = write()
	}
	if err != nil {
		c.log.Error("an answer could not be written down", "verb", r.Verb, "err", err)
	}
}

// patiently tries until it is done or an error will not pass by itself, each
// second, while ctx goes on.
func patiently(ctx context.Context, try func() error) error {
	err := try()
	for err != nil && final(err) == nil && pause(ctx, time.Second) {
		err = try()
	}
	return err
}

// pause waits, and tells whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (c *clerk) answer(ctx context.Context, r node.Request) node.Answer {
	var args FeedArgs
	if err := json.Unmarshal(r.Args, &args); err != nil {
		return node.Answer{Exit: int(cli.Usage), Text: fmt.Sprintf("request %s: %v", r.Verb, err)}
	}
	switch r.Verb {
	case PauseFeed, ResumeFeed:
		return c.pause(ctx, args.Feed, r.Actor, r.Verb == PauseFeed)
	case ReconnectFeed:
		return c.reconnect(ctx, args.Feed)
	}
	return node.Answer{Exit: int(cli.Usage), Text: fmt.Sprintf("this twind does not know the request %q", r.Verb)}
}

func (c *clerk) reconnect(ctx context.Context, feed string) node.Answer {
	held, err := c.held(ctx, feed)
	switch {
	case err != nil:
		return unable(err)
	case held:
		err := fmt.Errorf("feed %q is paused: resume it first; nothing was changed", feed)
		return unable(cli.Fail(cli.Refused, err, "twinctl feed resume "+Quoted(feed)))
	case !c.collector.Reconnect(feed):
		return unknownFeed(feed)
	}
	return node.Answer{Text: fmt.Sprintf("feed %q connects anew", feed)}
}

// held tells whether a person paused the feed.
func (c *clerk) held(ctx context.Context, feed string) (bool, error) {
	paused, err := c.node.Paused(ctx)
	_, ok := paused[feed]
	return ok, err
}

// pause also writes down what is wanted, so that a restart does not undo it.
func (c *clerk) pause(ctx context.Context, feed, actor string, paused bool) node.Answer {
	held, err := c.held(ctx, feed)
	if err != nil {
		return unable(err)
	}
	if !c.collector.Pause(feed, paused) { // once more does no harm
		return unknownFeed(feed)
	}
	if held == paused {
		state := map[bool]string{true: "paused", false: "collected"}[paused]
		return node.Answer{Text: fmt.Sprintf("feed %q is %s already; nothing was changed", feed, state)}
	}
	if err := c.node.SetPaused(ctx, feed, actor, paused); err != nil {
		return node.Answer{Exit: int(cli.Failed), Text: fmt.Sprintf("done, but a restart will forget it: %v", err)}
	}
	if paused {
		return node.Answer{Text: fmt.Sprintf("feed %q is paused: what its upstream says now is not collected here", feed)}
	}
	return node.Answer{Text: fmt.Sprintf("feed %q is collected again", feed)}
}

func unknownFeed(name string) node.Answer {
	err := fmt.Errorf("unknown feed %q: it was not in the configuration, or not right there, when twind read it last", name)
	return unable(cli.Fail(cli.Usage, err, cli.ReloadTwind))
}
