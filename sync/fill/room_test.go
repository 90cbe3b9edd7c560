package fill

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A counted side counts how records were merged.
type counted struct {
	Local
	along, alone int
}

func (c *counted) MergeAlong(ctx context.Context, feed string, rows []history.Row) (history.Outcome, int, error) {
	done, n, err := c.Local.MergeAlong(ctx, feed, rows)
	c.along += n
	return done, n, err
}

func (c *counted) Merge(ctx context.Context, feed string, rows []history.Row) (history.Outcome, error) {
	c.alone += len(rows)
	return c.Local.Merge(ctx, feed, rows)
}

// Beside collecting, records go along with what is collected; where nothing is,
// or they are too large for that, in transactions of their own.
func TestFillGoesAlong(t *testing.T) {
	a, b := pair(t)
	large := record.New(hour.From+25*record.Minute, 0, make([]byte, 100<<10))
	if _, err := b.Merge(t.Context(), "pbx", []history.Row{{Record: large, Kind: 1}}); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	var busy sync.WaitGroup
	busy.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				commit(t, a, "other", feed.Batch{Position: []byte("here")})
			}
		}
	})
	into := &counted{Local: a}
	got := one(t, mustFill(t, into, Remote{newWire(b)}, Options{
		Feeds: []string{"pbx"},
		Room:  func(context.Context, time.Duration) int { return 20 },
		Along: true,
	}))
	close(over)
	busy.Wait()
	if got.Added != 1201 || got.StillOpen != 0 || into.along == 0 || into.alone == 0 {
		t.Errorf("%+v, %d went along, %d alone", got, into.along, into.alone)
	}
	if c := mustCompare(t, a, b, CompareOptions{}); !c.Equal {
		t.Errorf("after: %+v", c)
	}
}

// A page is as short as it was asked to be, and goes on behind the last.
func TestPagesAreAsShortAsAsked(t *testing.T) {
	_, b := pair(t)
	from := Remote{newWire(b)}
	var after *record.Key
	n := 0
	for {
		p, err := from.Records(t.Context(), "pbx", hour, after, 300)
		if err != nil {
			t.Fatal(err)
		}
		if p.empty() {
			break
		}
		if size := p.rawBytes(); size > 300 && len(p.Rows) > 1 {
			t.Errorf("a page of %d bytes in %d records", size, len(p.Rows))
		}
		last := p.last()
		n, after = n+len(p.Rows), &last
	}
	if n != 3600 {
		t.Errorf("%d records came, want 3600", n)
	}
}

func (p Page) rawBytes() (n int) {
	for _, r := range p.Rows {
		n += len(r.Raw)
	}
	return n
}
