package store

import (
	"context"
	"fmt"
	"time"
)

// Watch calls changed whenever another connection, of this process or another,
// has committed a change to the file, and once at the start. It looks each
// interval, which costs microseconds, and blocks until ctx ends; then it
// returns nil.
func (db *DB) Watch(ctx context.Context, interval time.Duration, changed func(context.Context) error) error {
	conn, err := db.reader.Conn(ctx) // data_version is told per connection
	if err != nil && ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return db.explain("watch", err)
	}
	defer conn.Close() //nolint:errcheck // read-only
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for last := int64(-1); ; {
		var version int64
		err := conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version)
		if err == nil && version != last {
			last = version
			err = changed(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("watch %s: %w", db.path, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
