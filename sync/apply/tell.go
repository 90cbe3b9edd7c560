package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/sync/bundle"
)

// drift tells a page of what was edited here.
func (h Handler) drift(ctx context.Context, q bundle.DriftQuestion) (a bundle.DriftAnswer, err error) {
	err = h.DB.Read(ctx, func(r *admin.Reading) error {
		at, err := r.Position(ctx)
		if err == nil {
			a, err = tell(ctx, r, at, q)
		}
		return err
	})
	return a, err
}

// tell answers against the asker's base if it is held here, with the same rows
// in it, and else against our own.
func tell(ctx context.Context, r *admin.Reading, at admin.Position, q bundle.DriftQuestion) (bundle.DriftAnswer, error) {
	a := bundle.DriftAnswer{Since: q.Since, Root: q.Root, Generation: at.Generation, Edits: []bundle.Edited{}}
	root, held, err := r.BaseAt(ctx, q.Since)
	if err != nil {
		return bundle.DriftAnswer{}, err
	}
	if !held || root != q.Root {
		a.Since, a.Root = at.BaseGeneration, at.BaseRoot
	}
	if a.Since == 0 {
		return a, nil // there is no base that anything could differ from
	}
	pending, err := r.Pending(ctx, a.Since, after(q.After))
	if err != nil {
		return bundle.DriftAnswer{}, err
	}
	a.Edits, a.More, err = fit(pending)
	return a, err
}

// hashes tells a page of all rows.
func (h Handler) hashes(ctx context.Context, q bundle.HashesQuestion) (a bundle.HashesAnswer, err error) {
	err = h.DB.Read(ctx, func(r *admin.Reading) error {
		at, err := r.Position(ctx)
		if err != nil {
			return err
		}
		rows, err := r.Hashes(ctx, after(q.After))
		if err != nil {
			return err
		}
		all := make([]admin.Pending, len(rows))
		for i, row := range rows {
			all[i] = admin.Pending{Kind: row.Kind, Key: row.Key, Hash: row.Hash}
		}
		a.Generation = at.Generation
		a.Rows, a.More, err = fit(all)
		return err
	})
	return a, err
}

// after is the page behind a name, and one row more, which tells that it is not
// the last.
func after(name *admin.Name) admin.Page {
	p := admin.Page{Limit: bundle.MaxEdits + 1}
	if name != nil {
		p.After = *name
	}
	return p
}

// fit returns as many rows as one answer holds, one at least.
func fit(rows []admin.Pending) (edits []bundle.Edited, more bool, err error) {
	edits = make([]bundle.Edited, 0, len(rows))
	room := bundle.MaxTold
	for i, row := range rows {
		e := bundle.Edited{Name: admin.Name{Kind: row.Kind, Key: row.Key}, Base: row.Base, Hash: row.Hash}
		text, err := json.Marshal(e)
		if err != nil {
			return nil, false, err
		}
		room -= len(text) + 1
		if i == bundle.MaxEdits || i > 0 && room < 0 {
			return edits, true, nil
		}
		edits = append(edits, e)
	}
	return edits, false, nil
}

// rows tells what rows are now.
func (h Handler) rows(ctx context.Context, q bundle.RowsQuestion) (a bundle.RowsAnswer, err error) {
	if len(q.Names) == 0 || len(q.Names) > bundle.MaxNames {
		return a, fmt.Errorf("%w: %d rows, where 1 to %d may be asked for", ErrQuestion, len(q.Names), bundle.MaxNames)
	}
	err = h.DB.Read(ctx, func(r *admin.Reading) error {
		room := bundle.MaxTold
		for _, name := range q.Names {
			row, err := r.Row(ctx, name)
			if errors.Is(err, admin.ErrNoRow) {
				row, err = admin.Row{Kind: name.Kind, Key: name.Key}, nil
			}
			if err != nil {
				return err
			}
			text, err := json.Marshal(row)
			if err != nil {
				return err
			}
			if room -= len(text) + 1; room < 0 && len(a.Rows) > 0 {
				return nil
			}
			a.Rows = append(a.Rows, row)
		}
		return nil
	})
	return a, err
}

// audit tells whether an act is still in the audit, and what this server knows
// of the asker's.
func (h Handler) audit(ctx context.Context, q bundle.AuditQuestion) (a bundle.AuditAnswer, err error) {
	err = audit.Contains(ctx, h.DB.Audited, q.Head)
	if a.Held = err == nil; !a.Held && !errors.As(err, new(*audit.Broken)) {
		return a, err
	}
	a.Yours, err = h.DB.TwinHead(ctx, h.Who.Pair)
	return a, err
}
