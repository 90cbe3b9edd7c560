package fill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twinctl/twin/collector/record"
)

const (
	// smallRange is how many records may be copied where perhaps only one of
	// them is missing: fewer bytes than asking which one.
	smallRange = 256
	// largeRange is how many records are held against the tally that was told
	// before any of them is stored, and heldBytes how many bytes at the most: a
	// stretch that has more is taken in parts, unless all of it is of one instant.
	largeRange = 32_000
	heldBytes  = 8 << 20
	// mergeRows is what one transaction merges at the most: more gains nothing.
	mergeRows = 2000
	// maxWithheld is how many stretches are remembered that did not come whole.
	maxWithheld = 10_000
	// plannedRanges is how many stretches are found before they are copied.
	plannedRanges = 4096
)

// A copier copies the stretches in which the sides differ.
type copier struct {
	*filler
	gaps     []record.Span // of the target, in order
	ranges   []stretch     // found, and not copied yet
	withheld []record.Span // claimed and not given
	begun    time.Time
	took     time.Duration // of the last merge
	came     int64
	total    int64
}

// copy copies what the spans lack.
func (c *copier) copy(ctx context.Context, spans []record.Span) error {
	c.begun = time.Now()
	w := walk{here: c.into, there: c.from, feed: c.name, small: smallRange, large: largeRange, leaf: c.found}
	for _, s := range spans {
		if _, err := w.span(ctx, s); err != nil {
			return err
		}
	}
	return c.flush(ctx)
}

// found takes note of a stretch that differs. Neighbours become one, to be read
// in full pages.
func (c *copier) found(ctx context.Context, s stretch) error {
	if s.there.Count == 0 {
		return nil
	}
	c.total += s.there.Count
	if n := len(c.ranges); n > 0 && c.ranges[n-1].To == s.From && c.ranges[n-1].there.Count+s.there.Count <= largeRange {
		c.ranges[n-1].To = s.To
		c.ranges[n-1].there = c.ranges[n-1].there.Plus(s.there)
		return nil
	}
	if len(c.ranges) == plannedRanges {
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	c.ranges = append(c.ranges, s)
	return nil
}

// flush copies what was found. While one is merged, the next one comes.
func (c *copier) flush(ctx context.Context) error {
	pages := make(chan []Page)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(pages)
		for _, r := range c.ranges {
			if err := c.read(ctx, r, pages); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		for held := range pages {
			for _, p := range held {
				if err := c.merge(ctx, p); err != nil {
					return err
				}
			}
		}
		return nil
	})
	err := g.Wait()
	c.done.Ranges += len(c.ranges)
	c.ranges = c.ranges[:0]
	return err
}

// read reads the pages of one stretch and believes nothing that cannot be. It
// keeps them back until all that came is what the twin claims to have, or until
// they are too large.
func (c *copier) read(ctx context.Context, r stretch, pages chan<- []Page) error {
	var came record.Tally
	var after *record.Key
	var held []Page
	size := 0
	for came != r.there {
		begun := time.Now()
		p, err := c.from.Records(ctx, c.name, r.Span, after, c.opt.pageBytes())
		if err != nil {
			return err
		}
		if p.empty() {
			break
		}
		c.room(ctx, time.Since(begun)) // a stretch is not read in one go either
		if err := checkPage(p, r.Span, after); err != nil {
			return err
		}
		came = came.Plus(p.tally())
		if came.Count > r.there.Count {
			if r.there, err = c.recount(ctx, r, came); err != nil {
				return err
			}
		}
		last := p.last()
		held, after = append(held, p), &last
		if size += p.size(); size <= heldBytes {
			continue
		}
		if last.At > r.From {
			return c.part(ctx, r, last.At, held, pages)
		}
		if err := c.send(ctx, pages, held); err != nil { // so much at one instant
			return err
		}
		held, size = nil, 0
	}
	return c.conclude(ctx, r, came, held, pages)
}

// part concludes the part of a stretch before a border, of which the pages are
// held, and reads the rest: what is too large to be held is held against the
// twin's tallies piece by piece, and none is stored before.
func (c *copier) part(ctx context.Context, r stretch, border record.Instant, held []Page, pages chan<- []Page) error {
	first := stretch{Span: record.Span{From: r.From, To: border}}
	rest := stretch{Span: record.Span{From: border, To: r.To}}
	var err error
	if first.there, err = total(ctx, c.from, c.name, first.Span); err != nil {
		return err
	}
	if rest.there, err = total(ctx, c.from, c.name, rest.Span); err != nil {
		return err
	}
	var came record.Tally
	var beyond int64
	for i, p := range held {
		held[i] = p.before(border)
		came = came.Plus(held[i].tally())
		beyond += p.tally().Count - held[i].tally().Count
	}
	if beyond > rest.there.Count {
		if rest.there, err = c.recount(ctx, rest, record.Tally{Count: beyond}); err != nil {
			return err
		}
	}
	if err := c.conclude(ctx, first, came, held, pages); err != nil {
		return err
	}
	return c.read(ctx, rest, pages)
}

// conclude holds what came of a stretch against what the twin claims to have.
func (c *copier) conclude(ctx context.Context, r stretch, came record.Tally, held []Page, pages chan<- []Page) error {
	if came != r.there {
		now, err := c.recount(ctx, r, came)
		if err != nil {
			return err
		}
		if short := now.Count - came.Count; short > 0 {
			c.withhold(r.Span)
			c.done.Withheld += short
		}
	}
	return c.send(ctx, pages, held)
}

// withhold notes a stretch that did not come whole. Neighbours become one; when
// there are too many, so does what lies between: that is judged later.
func (c *copier) withhold(s record.Span) {
	n := len(c.withheld)
	if n == 0 || n < maxWithheld && (s.From > c.withheld[n-1].To || s.To < c.withheld[n-1].From) {
		c.withheld = append(c.withheld, s)
		return
	}
	last := &c.withheld[n-1]
	last.From, last.To = min(last.From, s.From), max(last.To, s.To)
}

// damaged notes what the twin could not give.
func (c *copier) damaged(p Page) {
	for _, k := range p.Damaged {
		c.withhold(record.Span{From: k.At, To: k.At + 1})
	}
	c.done.Damaged += int64(len(p.Damaged))
}

func (c *copier) send(ctx context.Context, pages chan<- []Page, held []Page) error {
	if len(held) == 0 {
		return nil
	}
	for _, p := range held {
		c.damaged(p)
	}
	select {
	case pages <- held:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// recount asks again what the twin has in a stretch when something else came:
// records may be stored there at the same time. It must not have given more
// than it has, nor as many others.
func (c *copier) recount(ctx context.Context, r stretch, came record.Tally) (record.Tally, error) {
	now, err := total(ctx, c.from, c.name, r.Span)
	if err != nil || came == now || came.Count < now.Count {
		return now, err
	}
	// It has less now if it dropped some of it.
	switch gone, err := c.dropped(ctx); {
	case err != nil:
		return now, err
	case !gone.Intersect(r.Span).Empty():
		c.withhold(r.Span)
		return came, nil
	}
	return now, fmt.Errorf("%w: %d records came from %s to %s, which are not the %d that it tells of", ErrUntrusted,
		came.Count, r.From, r.To, now.Count)
}

// merge stores the rows of a page, in transactions that lie either in a gap or
// outside of any.
func (c *copier) merge(ctx context.Context, p Page) error {
	for rows := p.Rows; len(rows) > 0; {
		most, beside := c.room(ctx, c.took)
		some, announced := c.portion(rows, most)
		out, n, err := c.store(ctx, some, beside)
		if err != nil {
			return err
		}
		if out.Added > 0 {
			c.from.gained()
		}
		c.done.Added += int64(out.Added)
		c.done.Already += int64(n - out.Added)
		if !announced {
			c.done.Unannounced += int64(out.Added)
		}
		c.came += int64(n)
		c.report()
		if err := c.pace(ctx); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (c *copier) report() {
	if c.opt.Report == nil {
		return
	}
	p := Progress{Feed: c.name, Done: c.came, Total: max(c.total, c.came)}
	if took := time.Since(c.begun).Seconds(); took > 0 {
		p.Rate = float64(c.came) / took
		p.Remaining = time.Duration(float64(p.Total-p.Done) / p.Rate * float64(time.Second))
	}
	c.opt.Report(p)
}

// pace waits until as much time has gone by as the records take at the rate
// that was asked for.
func (c *copier) pace(ctx context.Context) error {
	if c.opt.Pace <= 0 {
		return ctx.Err()
	}
	ahead := time.Duration(float64(c.came)/float64(c.opt.Pace)*float64(time.Second)) - time.Since(c.begun)
	if ahead <= 0 {
		return ctx.Err()
	}
	wait := time.NewTimer(ahead)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// checkPage believes only records that fit their keys, in order behind after,
// within the span that was asked for.
func checkPage(p Page, within record.Span, after *record.Key) error {
	if err := checkOrder(p, within, after); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	for _, r := range p.Rows {
		if record.DigestOf(r.Raw) != r.Digest {
			return fmt.Errorf("%w: record %s %s does not fit its digest", ErrUntrusted, r.At, r.Digest)
		}
	}
	return nil
}

var (
	errOutside = errors.New("a record outside of what was asked for")
	errOrder   = errors.New("a record out of order")
)

func checkOrder(p Page, within record.Span, after *record.Key) error {
	rows, damaged := p.Rows, p.Damaged
	for len(rows) > 0 || len(damaged) > 0 {
		var k record.Key
		if len(damaged) == 0 || len(rows) > 0 && rows[0].Key.Compare(damaged[0]) < 0 {
			k, rows = rows[0].Key, rows[1:]
		} else {
			k, damaged = damaged[0], damaged[1:]
		}
		if k.At < within.From || k.At >= within.To {
			return fmt.Errorf("%w: %s", errOutside, k.At)
		}
		if after != nil && k.Compare(*after) <= 0 {
			return fmt.Errorf("%w: %s %s", errOrder, k.At, k.Digest)
		}
		after = &k
	}
	return nil
}
