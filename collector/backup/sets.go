package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// A Set is one at a destination.
type Set struct {
	Named Name // what its name says
	Manifest
	Sum string // of the manifest
	Err error  // why its manifest cannot be trusted; then Manifest is empty
}

// Title returns the set's name as it lies there.
func (s Set) Title() string { return s.Named.String() }

// When returns what its manifest says of the time, or else its name.
func (s Set) When() record.Instant {
	if s.Err != nil {
		return record.At(s.Named.At)
	}
	return s.Manifest.At
}

// Sets returns those at the destination, the oldest first, by their manifests.
func (k Keeper) Sets(ctx context.Context) ([]Set, error) {
	names, err := k.At.Sets(ctx)
	if err != nil {
		return nil, err
	}
	sets := make([]Set, 0, len(names))
	for _, text := range names {
		name, err := ParseName(text)
		if err != nil {
			return nil, err
		}
		s := Set{Named: name}
		s.Manifest, s.Sum, s.Err = k.manifest(ctx, text)
		if s.Err != nil {
			s.Manifest = Manifest{}
		}
		sets = append(sets, s)
	}
	slices.SortFunc(sets, func(a, b Set) int {
		return cmp.Or(cmp.Compare(a.Named.Number, b.Named.Number), a.Named.At.Compare(b.Named.At), cmp.Compare(a.Title(), b.Title()))
	})
	return sets, nil
}

func (k Keeper) manifest(ctx context.Context, set string) (m Manifest, sum string, err error) {
	f, err := k.At.Open(ctx, set, manifestFile)
	if err != nil {
		return m, "", unopened(err)
	}
	defer f.Close() //nolint:errcheck // only read
	return decodeManifest(set, f)
}

// unopened tells why a file of a set could not be opened. That somebody may not
// read it says nothing of the backup.
func unopened(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// Text returns a set's manifest as it lies there.
func (k Keeper) Text(ctx context.Context, set string) ([]byte, error) {
	f, err := k.At.Open(ctx, set, manifestFile)
	if err != nil {
		return nil, unopened(err)
	}
	defer f.Close() //nolint:errcheck // only read
	return io.ReadAll(io.LimitReader(f, longestManifest))
}

// Chain returns the newest of sets and those that it goes on from, the full one
// first; none of none.
func Chain(sets []Set) ([]Set, error) {
	if len(sets) == 0 {
		return nil, nil
	}
	return indexed(sets).chain(sets[len(sets)-1])
}

// Broken tells of each of sets why it cannot be restored: its manifest cannot be
// trusted, or that of one that it goes on from, which may be gone too. It is nil
// for those that can, as far as manifests tell.
func Broken(sets []Set) []error {
	in, broken := indexed(sets), make([]error, len(sets))
	for i, s := range sets {
		_, broken[i] = in.chain(s)
	}
	return broken
}

// An index finds sets by their titles.
type index map[string]Set

func indexed(sets []Set) index {
	in := make(index, len(sets))
	for _, s := range sets {
		in[s.Title()] = s
	}
	return in
}

// chain returns the set and those that it goes on from, the full one first.
func (in index) chain(of Set) ([]Set, error) {
	if of.Err != nil {
		return nil, fmt.Errorf("%s: %w", of.Title(), of.Err)
	}
	all := []Set{of}
	for child := of; child.Kind != Full; {
		parent, err := in.parent(child)
		if err != nil {
			return nil, err
		}
		all, child = append(all, parent), parent
	}
	slices.Reverse(all)
	return all, nil
}

// parent returns the set that another goes on from.
func (in index) parent(child Set) (Set, error) {
	parent, there := in[child.Parent]
	switch {
	case !there:
		return Set{}, fmt.Errorf("%s: %w: %s, which it goes on from, is not there", child.Title(), ErrDamaged, child.Parent)
	case parent.Err != nil:
		return Set{}, fmt.Errorf("%s: %w", child.Parent, parent.Err)
	case parent.Sum != child.ParentSum || parent.Server != child.Server || parent.Number >= child.Number:
		return Set{}, fmt.Errorf("%s: %w: %s is not the one that it goes on from", child.Title(), ErrDamaged, child.Parent)
	}
	return parent, nil
}

// find returns the set of that name, or the newest if it is "".
func find(sets []Set, name string) (Set, error) {
	if name == "" && len(sets) > 0 {
		return sets[len(sets)-1], nil
	}
	i := slices.IndexFunc(sets, func(s Set) bool { return s.Title() == name })
	if i < 0 {
		return Set{}, fmt.Errorf("%w: %s", ErrNoBackup, cmp.Or(name, "there is none yet"))
	}
	return sets[i], nil
}

// Of returns the sets of one server, those that cannot be read among them if
// they bear its name.
func Of(sets []Set, server, name string) (own []Set) {
	safe := newName(name, 0, 0, Full).Server
	for _, s := range sets {
		if s.Err == nil && s.Server == server || s.Err != nil && s.Named.Server == safe {
			own = append(own, s)
		}
	}
	return own
}
