package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/await"
)

func TestWatchSeesOthersCommits(t *testing.T) {
	path := file(t)
	db, other := open(t, path, note), open(t, path, note)
	ctx, cancel := context.WithTimeout(t.Context(), await.Most)
	defer cancel()
	calls := 0
	err := db.Watch(ctx, time.Millisecond, func(context.Context) error {
		switch calls++; calls {
		case 1:
			return write(ctx, other, "from another opener")
		case 2:
			return write(ctx, db, "from this one")
		}
		cancel()
		return nil
	})
	if err != nil || calls != 3 {
		t.Errorf("called %d times: %v", calls, err)
	}
}

func TestWatchEndsWithItsCallersError(t *testing.T) {
	db := open(t, file(t), note)
	why := errors.New("enough")
	if err := db.Watch(t.Context(), time.Millisecond, func(context.Context) error { return why }); !errors.Is(err, why) {
		t.Errorf("Watch: %v", err)
	}
}

func TestWatchEndsQuietlyWithItsContext(t *testing.T) {
	db := open(t, file(t), note)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Watch(ctx, time.Hour, func(context.Context) error { return nil }); err != nil {
		t.Errorf("Watch: %v", err)
	}
}
