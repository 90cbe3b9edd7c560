package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/bundle"
)

// verb is what the audit and the change log call it.
const verb = "sync"

// apply makes this server what a bundle says. Until the one transaction in
// which that happens nothing is changed, and everything is checked in it again.
// A bundle that was applied already is answered as it was then: its word may
// have been lost. One that will never be taken is not kept.
func (h Handler) apply(ctx context.Context, q bundle.ApplyQuestion) (bundle.ApplyAnswer, error) {
	if err := h.takes(); err != nil {
		return bundle.ApplyAnswer{}, err
	}
	d, err := h.hold(ctx)
	if err != nil {
		return bundle.ApplyAnswer{}, err
	}
	defer d.Close() //nolint:errcheck // it was opened to read
	text, err := h.text(q)
	if err != nil {
		return bundle.ApplyAnswer{}, err
	}
	a, err := h.take(ctx, d, q, text)
	h.tidy(context.WithoutCancel(ctx), q.Name, err)
	if err != nil {
		return bundle.ApplyAnswer{}, fmt.Errorf("bundle %s: %w", q.Name.Short(), err)
	}
	return a, nil
}

// tidy removes what is of no more use once a bundle was applied, or was not:
// with a new base no other bundle fits. What cannot be removed now is swept
// away when it is old.
func (h Handler) tidy(ctx context.Context, name bundle.Digest, err error) {
	switch {
	case err == nil:
		_ = h.Spool().Clear(ctx)
	case final(err):
		_ = h.Spool().Remove(ctx, name)
	}
}

// final tells whether a bundle will be refused again, whenever it comes.
func final(err error) bool {
	for _, verdict := range []error{
		bundle.ErrBundle, bundle.ErrRole, bundle.ErrEpoch, bundle.ErrPair, bundle.ErrVersion, bundle.ErrUntrusted,
		admin.ErrStale, admin.ErrConflict, admin.ErrInvalid, admin.ErrReferenced, admin.ErrRoot, admin.ErrNoKind,
		admin.ErrCatalogue, admin.ErrEpoch, admin.ErrOtherPair,
	} {
		if errors.Is(err, verdict) {
			return true
		}
	}
	return false
}

// text returns the bytes of a bundle, which rode in the verb or were put into
// the spool.
func (h Handler) text(q bundle.ApplyQuestion) ([]byte, error) {
	if len(q.Bytes) > bundle.Inline {
		return nil, fmt.Errorf("%w: %d bytes of a bundle: more than %d go as a file", ErrQuestion, len(q.Bytes), bundle.Inline)
	}
	if len(q.Bytes) > 0 {
		return q.Bytes, nil
	}
	whole, err := h.Spool().Open(q.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("bundle %s: %w: it never came", q.Name.Short(), ErrIncomplete)
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.NewSectionReader(whole, 0, whole.Size()))
	return text, errors.Join(err, whole.Close())
}

// take applies what text is, unless it was applied already.
func (h Handler) take(ctx context.Context, d folder, q bundle.ApplyQuestion, text []byte) (a bundle.ApplyAnswer, err error) {
	b, err := bundle.Read(q.Name, text)
	if err != nil {
		return a, err
	}
	at, err := h.DB.Position(ctx)
	if err != nil {
		return a, err
	}
	if err := h.check(b, q, at); err != nil {
		return a, err
	}
	if !arrived(b, at) {
		by := admin.Author{Actor: b.Author, From: q.From, Verb: verb}
		if err := h.room(b); err != nil {
			return a, err
		}
		if err := h.carry(ctx, d, at, func() error {
			_, err := h.DB.Apply(ctx, by, b.Facts(text), b.Ops)
			return err
		}); err != nil {
			return a, err
		}
		if at, err = h.DB.Position(ctx); err != nil {
			return a, err
		}
		if !arrived(b, at) {
			return a, fmt.Errorf("read back: the base is of generation %d, and %d was written", at.BaseGeneration, b.To)
		}
	}
	return bundle.ApplyAnswer{Position: at, Counts: b.Counts()}, nil
}

// arrived tells whether a bundle is what this server stands on.
func arrived(b *bundle.Bundle, at admin.Position) bool {
	return at.BaseGeneration == b.To && at.BaseRoot == b.TargetRoot
}

// check judges a bundle as its sender's hello, and by what stands in it.
func (h Handler) check(b *bundle.Bundle, q bundle.ApplyQuestion, at admin.Position) error {
	sender := bundle.Hello{
		Server: h.Twin.Server, Name: b.Sender, Pair: b.Pair, Role: node.Primary, Epoch: b.Epoch,
		Position: admin.Position{Catalogue: b.Catalogue, Generation: b.To, BaseGeneration: b.From},
	}
	if err := h.judge(sender, at); err != nil {
		return err
	}
	if err := inert.Name(b.Author); err != nil {
		return fmt.Errorf("%w: its author %w", bundle.ErrUntrusted, err)
	}
	if err := inert.Name(q.From); err != nil && q.From != "" {
		return fmt.Errorf("%w: its author's place %w", bundle.ErrUntrusted, err)
	}
	if !arrived(b, at) && b.To <= max(at.Generation, at.BaseGeneration) {
		return fmt.Errorf("from %d to %d is %w: it has come to %d", b.From, b.To, admin.ErrStale, at.Generation)
	}
	if b.From == at.BaseGeneration && b.From > 0 && (b.BaseRoot != at.BaseRoot || b.Drift != at.Drift) {
		return fmt.Errorf("from %d to %d is %w: rows were changed here since", b.From, b.To, admin.ErrStale)
	}
	return nil
}

// carry keeps what is at a position, and then has it changed. Where nothing was
// changed, nothing is kept.
func (h Handler) carry(ctx context.Context, d folder, at admin.Position, change func() error) error {
	if err := d.snapshot(ctx, h.DB, at.Generation); err != nil {
		return err
	}
	now, err := h.DB.Position(ctx)
	if err == nil && now.Generation != at.Generation {
		err = fmt.Errorf("%w: rows were changed here meanwhile", admin.ErrStale)
	}
	if err == nil {
		err = change()
	}
	if err != nil && !errors.Is(err, store.ErrFailed) { // after that nobody knows what was changed
		return errors.Join(err, d.discard(snapshotName(at.Generation)))
	}
	return err
}

// rowRoom is what a row takes of the disk beside what it says four times: in
// the row, before and after in the change log, and in the write-ahead log.
const rowRoom = 1 << 10

// room makes sure that a snapshot and the bundle's rows find place, so that a
// disk that is nearly full is left to those who collect.
func (h Handler) room(b *bundle.Bundle) error {
	var need int64
	for _, name := range []string{admin.File, admin.File + "-wal"} {
		info, err := os.Stat(filepath.Join(h.Dir, name))
		if err == nil {
			need += info.Size()
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, op := range b.Ops {
		need += 4*int64(len(op.New.Canonical())) + rowRoom
	}
	free, err := store.Free(h.Dir)
	if err != nil {
		return err
	}
	if free-h.Spare < need {
		return fmt.Errorf("%w: %d bytes are free, %d of them not for this, and it may take %d", store.ErrFull, free, h.Spare, need)
	}
	return nil
}
