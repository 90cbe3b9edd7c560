package switchover

import "context"

// A turn is held by one at a time, also while that one waits for a server:
// whoever comes after it waits no longer than its own time.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for it; the error is that of ctx.
func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }
