package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/store"
)

// Administered tells whether this server's admin.db was made once.
func (n *DB) Administered(ctx context.Context) (made bool, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT administered FROM self`).Scan(&made)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // a server without identity was never administered
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read whether this server was administered: %w", err)
	}
	return made, nil
}

// SetAdministered notes that admin.db was made. It is never taken back.
func (n *DB) SetAdministered(ctx context.Context) error {
	return n.db.Update(ctx, func(tx *store.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE self SET administered = 1`)
		if err != nil {
			return err
		}
		if rows, err := res.RowsAffected(); err != nil || rows == 1 {
			return err
		}
		return ErrNotInitialized
	})
}
