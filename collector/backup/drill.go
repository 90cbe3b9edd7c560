package backup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// A Report is what a drill found.
type Report struct {
	Backup  string   `json:"backup"`
	Chain   []string `json:"chain"`   // what it was restored from
	Records int64    `json:"records"` // held against their digests
	Rows    int64    `json:"rows"`    // of administration data, held against their hashes
	Acts    int64    `json:"acts"`    // of the two audits
	Bytes   int64    `json:"bytes"`   // restored
}

// Drill restores what the plan says, reads all of it, and removes it again:
// each file against its hash, each database's structure, each record against
// its digest, each five minutes against what was counted, each row of
// administration data against its hash, and both audits. What is wrong is
// ErrDamaged; any other error says that it could not be found out. options say
// how admin.db of a directory is opened.
func (k Keeper) Drill(ctx context.Context, p Plan, options func(dir string) admin.Options) (r Report, err error) {
	r = Report{Backup: p.Last().Title()}
	for _, s := range p.Chain {
		r.Chain = append(r.Chain, s.Title())
		if err := k.verify(ctx, s); err != nil {
			return r, err
		}
	}
	if err := k.Build(ctx, p); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(p.To)) }()
	for _, name := range []string{history.File, admin.File, node.File} {
		info, err := os.Stat(filepath.Join(p.To, name))
		if err != nil {
			return r, err
		}
		r.Bytes += info.Size()
	}
	for _, part := range []func(context.Context, Plan, *Report) error{drillHistory, drillNode, func(ctx context.Context, p Plan, r *Report) error {
		return drillAdmin(ctx, p, options(p.To), r)
	}} {
		if err := part(ctx, p, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

func drillHistory(ctx context.Context, p Plan, r *Report) (err error) {
	h, err := history.Open(ctx, filepath.Join(p.To, history.File), store.Migrate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	all, err := h.Extents(ctx)
	if err != nil {
		return err
	}
	for _, feed := range slices.Sorted(maps.Keys(all)) {
		found, err := h.Verify(ctx, feed, func(history.Progress) {})
		if err != nil {
			return err
		}
		r.Records += found.Records
		if !found.Sound() {
			return fmt.Errorf("%w: feed %q: %d records do not fit their digests, %d stretches not what was counted", ErrDamaged, feed, len(found.Damaged), len(found.Buckets))
		}
	}
	return nil
}

func drillNode(ctx context.Context, p Plan, r *Report) (err error) {
	n, err := node.Open(ctx, filepath.Join(p.To, node.File), store.Migrate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	self, err := n.Self(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if last := p.Last(); self.Server != last.Server || self.EpochSeen < last.Epoch {
		return fmt.Errorf("%w: it restores %s at epoch %d", ErrDamaged, self.Name, self.EpochSeen)
	}
	head, err := n.AuditVerify(ctx)
	r.Acts += head.ID
	return damaged(err)
}

func drillAdmin(ctx context.Context, p Plan, o admin.Options, r *Report) (err error) {
	a, err := admin.Open(ctx, filepath.Join(p.To, admin.File), store.Migrate, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	counts, err := a.Counts(ctx)
	if err != nil {
		return err
	}
	for _, n := range counts {
		r.Rows += n
	}
	head, err := a.Verify(ctx)
	r.Acts += head.ID
	return damaged(err)
}

// damaged says of what a check found that the backup is not what it should be.
func damaged(err error) error {
	var broken *node.Broken
	if errors.Is(err, admin.ErrTampered) || errors.As(err, &broken) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
