package app

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/hooks"
	"github.com/twinctl/twin/collector/node"
)

const (
	publishLook  = 200 * time.Millisecond // how soon a change of role is made known
	publishAgain = 10 * time.Minute       // and how often what did not change
	publishRetry = 10 * time.Second       // what failed is tried again, at first; the hook later and later
)

// A publisher makes known as what this server acts, whatever was made known
// before: by a file, and by the hook on_role_change. Both are told at the start,
// at each change, and again and again, so that what was missed is made good.
type publisher struct {
	acting func(context.Context) (acting, error)
	node   *node.DB
	config func() *config.Config
	log    *slog.Logger

	mu       sync.Mutex
	now      notice
	changed  chan struct{} // closed when now is another one
	unfiled  error         // why the file does not say it
	uncalled error         // why the hook was not told it
}

// A notice is what is to be made known, and how.
type notice struct {
	acting

	file string
	hook []string
}

// same tells whether nothing has to be made known anew.
func (n notice) same(old notice) bool {
	return n.line() == old.line() && n.file == old.file && slices.Equal(n.hook, old.hook)
}

func newPublisher(s *server) *publisher {
	return &publisher{acting: s.acting, node: s.data.Node, config: s.config, log: s.log, changed: make(chan struct{})}
}

// run makes it known until ctx ends. What the file said last stays.
func (p *publisher) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.file(ctx) })
	group.Go(func() error { return p.call(ctx) })
	return group.Wait()
}

// file keeps the file, and tells the other half what there is to tell.
func (p *publisher) file(ctx context.Context) error {
	var due time.Time
	tick := time.NewTicker(publishLook)
	defer tick.Stop()
	for {
		changed, err := p.look(ctx)
		if final(err) != nil {
			return err
		}
		if now := time.Now(); err == nil && (changed || !now.Before(due)) {
			due = now.Add(p.write())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// look sees what is to be made known, and whether that is new.
func (p *publisher) look(ctx context.Context) (changed bool, err error) {
	a, err := p.acting(ctx)
	if err != nil {
		return false, err
	}
	cfg := p.config()
	n := notice{a, cfg.Role.File, cfg.Hooks.Runnable().Programs[hooks.OnRoleChange]}
	old := p.exchange(n)
	if n.line() != old.line() {
		p.log.Info("the role is made known", "role", n.word(), "epoch", n.epoch, "why", n.why)
	}
	if old.file != "" && old.file != n.file {
		if err := removeRoleFile(old.file); err != nil {
			p.log.Warn("a file that does not say the role any more is not removed", "file", old.file, "err", err)
		}
	}
	return !n.same(old), nil
}

// exchange takes what is to be made known now, and returns what was before.
func (p *publisher) exchange(n notice) (old notice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old, p.now = p.now, n
	if !n.same(old) {
		close(p.changed)
		p.changed = make(chan struct{})
	}
	return old
}

// write writes the file, and returns when to do so again.
func (p *publisher) write() time.Duration {
	n, _ := p.latest()
	err := writeRoleFile(n.file, n.line())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unfiled = err
	if err != nil {
		return publishRetry
	}
	return publishAgain
}

// latest returns what is to be made known, and what is closed when that is
// another thing.
func (p *publisher) latest() (notice, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now, p.changed
}

// roleIs is 1 of the word that is true.
var roleIs = prometheus.NewDesc("twin_role", "1 for that as which this server acts: primary, secondary, or held, which is neither.", []string{"role"}, nil)

// collect tells what was made known last.
func (p *publisher) collect(out chan<- prometheus.Metric) {
	n, _ := p.latest()
	for _, word := range []string{string(node.Primary), string(node.Secondary), heldWord} {
		out <- prometheus.MustNewConstMetric(roleIs, prometheus.GaugeValue, bit(n.role != "" && n.word() == word), word)
	}
	out <- single("epoch", "By which this server has, or had, its role.", float64(n.epoch))
	out <- single("epoch_seen", "The highest epoch that this server has heard of.", float64(n.seen))
}

// alarms says what could not be told.
func (p *publisher) alarms(all *concerns) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unfiled != nil {
		all.add(concern{code: "role_unpublished", of: "file", severity: "warning"}, "the file that tells of the role is not written: %v", p.unfiled)
	}
	if p.uncalled != nil {
		all.add(concern{code: "role_unpublished", of: "hook", severity: "warning"}, "the role is not made known by %v", p.uncalled)
	}
}
