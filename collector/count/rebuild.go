package count

import (
	"context"
	"time"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// A work is a rebuild that somebody waits for.
type work struct {
	span   record.Span
	report func(Progress)
	left   <-chan struct{} // closed when nobody waits any more
	done   chan struct{}   // closed when result and err are told
	result Rebuilt
	err    error
}

// do does a work. What it began is right at any time, so it may end early.
func (f *counting) do(ctx context.Context, w *work) {
	defer close(w.done)
	_, w.err = f.guard(func() (time.Duration, error) { return 0, f.rebuild(ctx, w) })
	if w.err != nil {
		f.head = nil // it may be ahead of what was written
	}
}

func (f *counting) rebuild(ctx context.Context, w *work) error {
	if _, err := f.begin(ctx); err != nil {
		return err
	}
	end, err := f.c.history.Horizon(ctx, f.feed.Name)
	if err != nil {
		return err
	}
	before := f.records
	from := acd.Interval(max(w.span.From, end.RetainedFrom, 0))
	to := min(w.span.To, f.through)
	if over := to - acd.Interval(to); over > 0 {
		to = min(to-over+acd.IntervalWidth, f.through)
	}
	w.result.Span = record.Span{From: from, To: max(from, to)}
	for from < to {
		begun := time.Now()
		if from, _, err = f.portion(ctx, from, to); err != nil {
			return err
		}
		w.report(Progress{Until: min(from, to), To: to, Records: f.records - before})
		select {
		case <-w.left:
			return context.Canceled
		default:
		}
		if err := f.between(ctx, begun); err != nil {
			return err
		}
	}
	w.result.Records = f.records - before
	return f.settleMarks(ctx)
}

// settleMarks counts what is marked, which may be by what was rebuilt: the
// answer says that all is right.
func (f *counting) settleMarks(ctx context.Context) error {
	state, err := f.begin(ctx)
	if err != nil {
		return err
	}
	return f.again(ctx, state.Marked)
}
