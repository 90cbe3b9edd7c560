package fill

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// silent is a twin that takes every question and answers none; with trickle
// its files open and never end.
type silent struct{ trickle bool }

func (silent) Call(ctx context.Context, _ string, _, _ any) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func (s silent) Open(ctx context.Context, _ string) (io.ReadCloser, int64, error) {
	if s.trickle {
		r, w := io.Pipe()
		context.AfterFunc(ctx, func() { _ = w.CloseWithError(context.Cause(ctx)) })
		return r, maxPage, nil
	}
	<-ctx.Done()
	return nil, 0, context.Cause(ctx)
}

// A twin that falls silent in the midst of a fill ends it: the next one begins anew.
func TestSilentTwinIsNotWaitedForForEver(t *testing.T) {
	for name, ask := range map[string]func(context.Context) error{
		"extents": func(ctx context.Context) error { _, err := Remote{silent{}}.Extents(ctx); return err },
		"tallies": func(ctx context.Context) error {
			_, err := Remote{silent{}}.Tallies(ctx, "pbx", hour, time.Hour)
			return err
		},
		"keys":  func(ctx context.Context) error { _, err := Remote{silent{}}.Keys(ctx, "pbx", hour, 9); return err },
		"heard": func(ctx context.Context) error { _, err := Remote{silent{}}.Heard(ctx, "pbx", hour); return err },
		"a file that does not open": func(ctx context.Context) error {
			_, err := Remote{silent{}}.Records(ctx, "pbx", hour, nil, pageBytes)
			return err
		},
		"a file that does not end": func(ctx context.Context) error {
			_, err := Remote{silent{trickle: true}}.Records(ctx, "pbx", hour, nil, pageBytes)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				err := ask(ctx)
				if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took > 10*time.Minute {
					t.Errorf("waited %s: %v", took, err)
				}
			})
		})
	}
}

// liar tells of a record in each slot that it is asked for, and has none.
type liar struct {
	Side
	asked int
}

func (l *liar) Tallies(_ context.Context, _ string, span record.Span, width time.Duration) (all []history.Slot, _ error) {
	l.asked++
	w := record.Instant(width.Microseconds())
	for at := floor(span.From, w); at < span.To; at += w {
		all = append(all, history.Slot{Start: at, Tally: record.Tally{Count: 1 << 20}})
	}
	return all, nil
}

// Tallies that lead nowhere are not followed without end.
func TestLyingTalliesEndAFill(t *testing.T) {
	here, full := pair(t)
	l := &liar{Side: full}
	f := filler{into: here, from: &wary{Side: l, most: 20}, name: "pbx"}
	c := copier{filler: &f}
	err := c.copy(t.Context(), []record.Span{{From: 0, To: hour.To}})
	if !errors.Is(err, ErrUntrusted) || l.asked > 20 {
		t.Errorf("after %d questions: %v", l.asked, err)
	}
}

// Coverage in too many pieces is not believed, and what is withheld is remembered within bounds.
func TestShredsAreBounded(t *testing.T) {
	_, full := pair(t)
	_, err := Remote{newWire(shredder{full})}.Heard(t.Context(), "pbx", hour)
	if !errors.Is(err, ErrUntrusted) {
		t.Errorf("heard: %v", err)
	}
	var c copier
	for i := range record.Instant(3 * maxWithheld) {
		c.withhold(record.Span{From: 3 * i, To: 3*i + 1})
		c.withhold(record.Span{From: 3*i + 1, To: 3*i + 2})
	}
	whole := record.Span{From: 0, To: 9*maxWithheld - 1}
	if last := c.withheld[len(c.withheld)-1]; len(c.withheld) > maxWithheld || last.To != whole.To {
		t.Errorf("%d stretches, to %d", len(c.withheld), last.To)
	}
}

// shredder heard each second microsecond.
type shredder struct{ Side }

func (shredder) Heard(_ context.Context, _ string, span record.Span) (all []record.Span, _ error) {
	for at := span.From; at < span.To && len(all) <= maxSpans; at += 2 {
		all = append(all, record.Span{From: at, To: at + 1})
	}
	return all, nil
}
