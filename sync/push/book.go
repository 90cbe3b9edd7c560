package push

import (
	"context"

	"github.com/twinctl/twin/collector/admin"
)

// A Book is the primary's admin.db, as all that a Pusher reads and writes.
type Book struct{ *admin.DB }

// Edits implements Reader.
func (b Book) Edits(ctx context.Context, since int64) (at admin.Position, pending []admin.Pending, err error) {
	err = b.Read(ctx, func(r *admin.Reading) error {
		if at, err = r.Position(ctx); err != nil {
			return err
		}
		pending, err = r.Pending(ctx, since, admin.Page{Bodies: true})
		return err
	})
	return at, pending, err
}

// Target implements Reader.
func (b Book) Target(ctx context.Context, since int64, ops []admin.Op) (root admin.Root, err error) {
	err = b.Read(ctx, func(r *admin.Reading) error {
		root, err = r.Target(ctx, since, ops)
		return err
	})
	return root, err
}
