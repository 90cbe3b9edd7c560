package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Verify reads every byte of a set and holds it against its hash, and those of
// its parents against what it says of them. What is not as it was written, is
// missing or does not belong is ErrDamaged.
func (k Keeper) Verify(ctx context.Context, name string) error {
	s, err := k.whole(ctx, name)
	if err != nil {
		return err
	}
	return k.verify(ctx, s)
}

// Whole tells whether a set can be restored, as far as manifests tell:
// ErrNoBackup and ErrDamaged say why it cannot.
func (k Keeper) Whole(ctx context.Context, name string) error {
	_, err := k.whole(ctx, name)
	return err
}

func (k Keeper) whole(ctx context.Context, name string) (Set, error) {
	sets, err := k.Sets(ctx)
	if err != nil {
		return Set{}, err
	}
	s, err := find(sets, name)
	if err != nil {
		return Set{}, err
	}
	_, err = indexed(sets).chain(s)
	return s, err
}

func (k Keeper) verify(ctx context.Context, s Set) error {
	if s.Err != nil {
		return fmt.Errorf("%s: %w", s.Title(), s.Err)
	}
	there, err := k.At.Files(ctx, s.Title())
	if err != nil {
		return fmt.Errorf("%s: %w", s.Title(), err)
	}
	wrong := s.unexpected(there)
	for _, f := range s.Files {
		wrong = errors.Join(wrong, k.read(ctx, s, f))
	}
	if ctx.Err() != nil {
		return context.Cause(ctx) // which says nothing of the backup
	}
	if wrong != nil {
		return fmt.Errorf("%s: %w", s.Title(), wrong)
	}
	return nil
}

func (k Keeper) read(ctx context.Context, s Set, f File) error {
	in, err := k.At.Open(ctx, s.Title(), f.Name+packed)
	if err != nil {
		return unopened(err)
	}
	return errors.Join(unpack(io.Discard, until(ctx, in), f), in.Close())
}

// unexpected tells of files that do not belong to the set.
func (s Set) unexpected(there []string) error {
	var wrong error
	for _, file := range there {
		name, ok := strings.CutSuffix(file, packed)
		_, known := s.file(name)
		if file != manifestFile && !(ok && known) {
			wrong = errors.Join(wrong, fmt.Errorf("%w: %s does not belong to it", ErrDamaged, file))
		}
	}
	for _, needed := range s.needed() {
		if !slices.ContainsFunc(s.Files, func(f File) bool { return f.Name == needed }) {
			wrong = errors.Join(wrong, fmt.Errorf("%w: it has no %s", ErrDamaged, needed))
		}
	}
	return wrong
}

// needed are the files without which a set restores nothing.
func (s Set) needed() []string {
	files := knownFiles()
	if s.Kind == Full {
		return []string{files[0], files[2], files[3]}
	}
	return files[1:4]
}

func readBack(open func(string) (io.ReadCloser, error), f File) error {
	in, err := open(f.Name + packed)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return errors.Join(unpack(io.Discard, in, f), in.Close())
}
