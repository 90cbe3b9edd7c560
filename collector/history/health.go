package history

import "context"

// SchemaVersion returns the version of what the file holds.
func (h *DB) SchemaVersion(ctx context.Context) (int, error) { return h.db.SchemaVersion(ctx) }
