package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/watch"
)

// A crossing that could not be stored when it was seen, because the history
// was busy or the disk full, is stored as soon as that can be.
func TestCrossingOutlastsABusyHistory(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	administer(t, data, admin.Edit{Kind: "threshold", Key: "many", Body: admin.Body{"measure": "longest_wait", "limit": int64(10)}})
	joined := record.At(time.Now().Add(-time.Minute))
	l := &lookout{
		data: data, log: slog.New(slog.DiscardHandler),
		feeds: func() []collector.Status { return []collector.Status{{Name: "log", State: feed.Live}} },
		live: func(string) *present {
			return &present{lines: []watch.Line{{Queue: "sales", Waiting: 1, Longest: joined}}}
		},
	}
	busy := true
	l.keep = func(ctx context.Context, facts []history.Exception) ([]history.Exception, error) {
		if busy {
			return nil, fmt.Errorf("store exceptions: %w", history.ErrBusy)
		}
		return data.History.AddExceptions(ctx, facts)
	}
	ctx := t.Context()
	for range 2 {
		if err := l.look(ctx); !errors.Is(err, history.ErrBusy) {
			t.Fatal(err)
		}
	}
	busy = false
	for range 2 {
		if err := l.look(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var kept []history.Exception
	for e, err := range data.History.Exceptions(ctx, history.Excepted{}) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, e)
	}
	if len(kept) != 1 || kept[0].Object != "sales" || kept[0].Since != joined {
		t.Errorf("kept %v, want the one crossing of sales", kept)
	}
	busy = true
	for range 3 * mostUnkept {
		l.unkept = append(l.unkept, kept...)
	}
	if err := l.look(ctx); !errors.Is(err, history.ErrBusy) || len(l.unkept) != mostUnkept || l.leftOut() == 0 {
		t.Errorf("%d wait to be kept, want %d; %d left out; %v", len(l.unkept), mostUnkept, l.leftOut(), err)
	}
}
