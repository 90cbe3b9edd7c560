package fill

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// maxIdle is how many questions about one feed may be asked in a row without a
// record gained. Two honest histories of years need far fewer; one whose
// tallies are lies could be walked through for ever.
const maxIdle = 100_000

// A wary side is asked only as long as it leads somewhere.
type wary struct {
	Side
	idle atomic.Int64 // questions since the last record was gained
	most int64
}

func (w *wary) gained() { w.idle.Store(0) }

func (w *wary) ask() error {
	if w.idle.Add(1) > w.most {
		return fmt.Errorf("%w: %d questions led to no record", ErrUntrusted, w.most)
	}
	return nil
}

// Tallies implements Side.
func (w *wary) Tallies(ctx context.Context, feed string, span record.Span, width time.Duration) ([]history.Slot, error) {
	if err := w.ask(); err != nil {
		return nil, err
	}
	return w.Side.Tallies(ctx, feed, span, width)
}

// Records implements Side.
func (w *wary) Records(ctx context.Context, feed string, span record.Span, after *record.Key, most int) (Page, error) {
	if err := w.ask(); err != nil {
		return Page{}, err
	}
	return w.Side.Records(ctx, feed, span, after, most)
}
