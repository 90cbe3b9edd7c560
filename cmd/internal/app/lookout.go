package app

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/watch"
)

const (
	lookInterval   = time.Second     // how often thresholds are held against what is seen,
	limitsInterval = 5 * time.Second // and how often is looked which there are
)

// A present is what stands at the upstream of one feed now.
type present struct {
	lines  []watch.Line
	agents []watch.Agent
	twice  []loggedInTwice
}

// loggedInTwice is an agent who has more than one phone in the queues.
type loggedInTwice struct{ feed, agent, phones string }

// A lookout holds thresholds against what is seen of the feeds, and keeps what
// is crossed. Both twins do.
type lookout struct {
	data *Data
	log  *slog.Logger
	// feeds tells what the feeds are doing, live what stands at the upstream of
	// one; nil while nobody knows.
	feeds func() []collector.Status
	live  func(feed string) *present
	// keep stores facts, and returns those that were new.
	keep func(context.Context, []history.Exception) ([]history.Exception, error)

	watch  watch.Watch // run's own, as are
	limits limits
	read   time.Time           // when the limits were; zero: never
	unkept []history.Exception // that could not be stored yet

	mu     sync.Mutex
	logins []loggedInTwice
	more   []time.Time // crossings that were left out, by when
}

// run looks until ctx ends.
func (l *lookout) run(ctx context.Context) error {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		if err := final(l.look(ctx)); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (l *lookout) look(ctx context.Context) error {
	now := time.Now()
	if age := now.Sub(l.read); age < 0 || age >= limitsInterval {
		limits, err := readLimits(ctx, l.data.Admin, now)
		if err != nil {
			return err
		}
		l.limits, l.read = limits, now
	}
	counted := slices.ContainsFunc(l.limits.thresholds, func(t watch.Threshold) bool { return t.Measure.Counted() })
	seen, err := l.sights(ctx, now, counted)
	if err != nil || len(l.limits.thresholds)+len(l.unkept) == 0 {
		return err
	}
	crossed, more := l.watch.Look(record.At(now), l.limits.levels, l.limits.thresholds, seen)
	l.leaveOut(now, more)
	for _, c := range crossed {
		l.unkept = append(l.unkept, exceptionOf(c))
	}
	return l.store(ctx, now)
}

// store keeps what was crossed. What cannot be kept now waits: it is not
// crossed again.
func (l *lookout) store(ctx context.Context, now time.Time) error {
	if over := len(l.unkept) - mostUnkept; over > 0 {
		l.unkept = l.unkept[:mostUnkept]
		l.leaveOut(now, over)
	}
	if len(l.unkept) == 0 {
		return nil
	}
	added, err := l.keep(ctx, l.unkept)
	if err != nil {
		return err
	}
	l.unkept = nil
	for _, e := range added {
		l.log.Info("a threshold was crossed", "threshold", e.Threshold, "exception", e.ID, "what", e.Text)
	}
	return nil
}

func exceptionOf(c watch.Crossing) history.Exception {
	t := c.Threshold
	return history.Exception{
		At: c.At, Start: c.Start, Since: c.Since, Threshold: t.Key, Name: t.Name, Measure: string(t.Measure), Severity: t.Severity,
		Feed: c.Feed, Object: c.Object, Limit: t.Limit, Count: t.Count, Percent: t.Percent, Value: c.Value, Text: c.String(),
	}
}

// sights returns what is seen of each feed; also what was counted of them, if
// that is asked for.
func (l *lookout) sights(ctx context.Context, now time.Time, counted bool) ([]watch.Sight, error) {
	held, err := l.data.History.Summaries(ctx)
	if err != nil {
		return nil, err
	}
	var all []watch.Sight
	var logins []loggedInTwice
	for _, f := range l.feeds() {
		if f.State == feed.Held {
			continue // a person wants nothing of it
		}
		s := watch.Sight{Feed: f.Name, Heard: f.State == feed.Live, Last: held[f.Name].LastAt}
		if p := l.live(f.Name); p != nil && s.Heard {
			s.Lines, s.Agents = p.lines, p.agents
			logins = append(logins, p.twice...)
		}
		if _, known := held[f.Name]; counted && known {
			if err := l.addCounts(ctx, &s, now); err != nil {
				return nil, err
			}
		}
		all = append(all, s)
	}
	l.mu.Lock()
	l.logins = logins
	l.mu.Unlock()
	return all, nil
}

// addCounts reads what was counted of the interval that goes on, and of the
// one before, of which the last may be counted only now.
func (l *lookout) addCounts(ctx context.Context, s *watch.Sight, now time.Time) error {
	at := acd.Interval(record.At(now))
	of := history.Intervals{Feed: s.Feed, Span: record.Span{From: at - acd.IntervalWidth, To: at + acd.IntervalWidth}}
	for row, err := range l.data.History.QueueIntervals(ctx, of) {
		if err != nil {
			return err
		}
		s.Queues = append(s.Queues, row)
	}
	for row, err := range l.data.History.AgentIntervals(ctx, of) {
		if err != nil {
			return err
		}
		s.Counts = append(s.Counts, row)
	}
	return nil
}

// twice returns the agents who are logged in more than once.
func (l *lookout) twice() []loggedInTwice {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.logins
}

const (
	mostLeftOut = 1000
	mostUnkept  = 1000 // facts: after that the disk is full, or somebody holds the file
	leftOutFor  = 15 * time.Minute
)

// leaveOut notes crossings that were left out.
func (l *lookout) leaveOut(now time.Time, more int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range min(more, mostLeftOut-len(l.more)) {
		l.more = append(l.more, now)
	}
}

// leftOut returns how many crossings were left out lately.
func (l *lookout) leftOut() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.more) > 0 && time.Since(l.more[0]) > leftOutFor {
		l.more = l.more[1:]
	}
	return len(l.more)
}
