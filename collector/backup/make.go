package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// knownFiles are all that a set can hold, beside its manifest.
func knownFiles() []string {
	return []string{history.File, incrementFile, admin.File, node.File, "twin.toml", "known_hosts"}
}

// Make makes a set, reads it back, and only then gives it its name. The server
// collects meanwhile and is never kept waiting. What lies at the destination
// half-made is removed: only one may make, delete or drill at a time.
// ErrNeedsFull says why no incremental one can be made.
func (k Keeper) Make(ctx context.Context, kind Kind, src Source) (made Set, err error) {
	if err := os.MkdirAll(k.Work, 0o700); err != nil {
		return made, fmt.Errorf("make a backup: %w", err)
	}
	m, parent, err := k.begin(ctx, kind, src)
	if err != nil {
		return made, err
	}
	if err := Sweep(k.Work, m.ServerName); err != nil {
		return made, err
	}
	w := making{Keeper: k, src: src, m: &m, parent: parent}
	err = k.At.Put(ctx, m.Name, func(to Folder) (err error) {
		if w.dir, err = os.MkdirTemp(k.Work, scratchOf(m.ServerName)); err != nil {
			return fmt.Errorf("make a backup: %w", store.Full(err))
		}
		defer func() { err = errors.Join(err, os.RemoveAll(w.dir)) }()
		w.to = to
		return w.fill(ctx)
	})
	if err != nil {
		return made, fmt.Errorf("backup %s: %w", m.Name, err)
	}
	name, err := ParseName(m.Name)
	return Set{Named: name, Manifest: m, Sum: w.sum}, err
}

// begin says all of a set that is known before it is made.
func (k Keeper) begin(ctx context.Context, kind Kind, src Source) (m Manifest, parent *Set, err error) {
	self, err := src.Node.Self(ctx)
	if err != nil {
		return m, nil, err
	}
	pair, err := src.Node.Pair(ctx)
	if err != nil {
		return m, nil, err
	}
	restored, err := src.Node.LastRestored(ctx)
	if err != nil {
		return m, nil, err
	}
	sets, err := k.Sets(ctx)
	if err != nil {
		return m, nil, err
	}
	m = Manifest{
		Schema: manifestSchema, Kind: kind, Server: self.Server, ServerName: self.Name, Role: self.Role, Epoch: self.EpochSeen,
		At: record.At(time.Now()), Version: src.Version, Files: []File{},
	}
	if pair != nil {
		m.Pair = pair.Pair
	}
	if restored != nil {
		m.Line = restored.Mark
	}
	if m.Number, err = src.Node.LastBackupNumber(ctx); err != nil {
		return m, nil, err
	}
	own := Of(sets, self.Server, self.Name)
	for _, s := range own {
		m.Number = max(m.Number, s.Named.Number)
	}
	m.Number++
	m.Name = newName(self.Name, m.At, m.Number, kind).String()
	if kind == Incremental {
		parent, err = parentOf(own, m)
	}
	if parent != nil {
		m.Parent, m.ParentSum = parent.Title(), parent.Sum
	}
	return m, parent, err
}

// parentOf returns the set that an incremental one goes on from: the newest.
func parentOf(own []Set, m Manifest) (*Set, error) {
	if len(own) == 0 {
		return nil, fmt.Errorf("%w: there is no backup yet", ErrNeedsFull)
	}
	last := own[len(own)-1]
	switch _, err := indexed(own).chain(last); {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNeedsFull, err)
	case last.Line != m.Line:
		return nil, fmt.Errorf("%w: this server was restored since %s", ErrNeedsFull, last.Title())
	}
	return &last, nil
}

// A making is a set that is being made.
type making struct {
	Keeper
	src    Source
	m      *Manifest
	parent *Set
	dir    string // scratch
	to     Folder
	sum    string // of the manifest
}

func (w *making) fill(ctx context.Context) error {
	if err := w.history(ctx); err != nil {
		return err
	}
	for _, small := range []struct {
		file string
		copy func(context.Context, string) error
	}{
		{admin.File, w.src.Admin.Snapshot},
		{node.File, w.src.Node.Snapshot}, // last: no epoch is older than what the others tell of
	} {
		path := filepath.Join(w.dir, small.file)
		if err := small.copy(ctx, path); err != nil {
			return err
		}
		if err := w.database(ctx, small.file); err != nil {
			return err
		}
	}
	for _, b := range w.src.Beside {
		if err := w.add(b.Name, b.Path, File{}); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	at, err := w.src.Admin.Position(ctx)
	if err != nil {
		return err
	}
	w.m.Generation = at.Generation
	for _, f := range w.m.Files {
		if err := readBack(w.to.Open, f); err != nil {
			return fmt.Errorf("read back: %w", err)
		}
	}
	w.m.Done = record.At(time.Now())
	return w.seal()
}

// history copies it, or what changed since the parent.
func (w *making) history(ctx context.Context) error {
	if w.parent == nil {
		path := filepath.Join(w.dir, history.File)
		done, err := w.src.History.Copy(ctx, path)
		if err != nil {
			return err
		}
		w.m.Whole = done.Whole
		if w.m.History, err = history.ContentsOf(ctx, path); err != nil {
			return err
		}
		return w.database(ctx, history.File)
	}
	var err error
	w.m.History, err = w.src.History.Increment(ctx, filepath.Join(w.dir, incrementFile), w.parent.History.Mark)
	if errors.Is(err, history.ErrNotFollowing) {
		return fmt.Errorf("%w: %w", ErrNeedsFull, err)
	}
	if err != nil {
		return err
	}
	return w.database(ctx, incrementFile)
}

// database adds one that was copied to scratch, if it is sound.
func (w *making) database(ctx context.Context, name string) error {
	path := filepath.Join(w.dir, name)
	found, err := store.Inspect(ctx, path)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := w.add(name, path, File{Schema: found.Schema, Tables: found.Tables}); err != nil {
		return err
	}
	return os.Remove(path)
}

func (w *making) add(name, path string, f File) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // only read
	out, err := w.to.Create(name + packed)
	if err != nil {
		return err
	}
	is, err := pack(out, from)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	is.Name, is.Schema, is.Tables = name, f.Schema, f.Tables
	w.m.Files = append(w.m.Files, is)
	return nil
}

func (w *making) seal() error {
	text, sum, err := w.m.encode()
	if err != nil {
		return err
	}
	w.sum = sum
	out, err := w.to.Create(manifestFile)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	back, err := w.to.Open(manifestFile)
	if err != nil {
		return err
	}
	defer back.Close() //nolint:errcheck // only read
	_, is, err := decodeManifest(w.m.Name, back)
	if err == nil && is != sum {
		err = fmt.Errorf("%w: its manifest is not what was written", ErrDamaged)
	}
	return err
}
