package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A Wish is what somebody wants back.
type Wish struct {
	ID      string         // a set's name; "" is the newest, or that of At
	At      record.Instant // the newest that is not later; 0: not said
	Server  string         // whose; "" is not known, and the name tells
	Name    string         // of that server; "" is anybody's
	Foreign bool           // another's too
	To      string         // an absolute path
}

// A Plan is what a restore will do.
type Plan struct {
	Of    string // the set that is restored; said too where that is ErrDamaged
	Chain []Set  // in the order in which they are laid on each other
	To    string // a directory that does not exist
	Bytes int64  // that it will take there, with what is needed meanwhile
	Free  int64  // that the disk has

	numbered int64 // the highest number of a set of that server
}

// Last returns the set that is restored.
func (p Plan) Last() Set { return p.Chain[len(p.Chain)-1] }

// Plan says how a wish is fulfilled. It changes nothing, and reads manifests
// alone. ErrNoBackup, ErrForeign, ErrThere, ErrNoRoom and ErrDamaged are what
// can be in the way.
func (k Keeper) Plan(ctx context.Context, w Wish) (Plan, error) {
	sets, err := k.Sets(ctx)
	if err != nil {
		return Plan{}, err
	}
	of, err := w.choose(sets)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Of: of.Title(), To: w.To}
	for _, s := range Of(sets, of.Server, of.ServerName) {
		p.numbered = max(p.numbered, s.Named.Number)
	}
	if p.Chain, err = indexed(sets).chain(of); err != nil {
		return p, err
	}
	if !w.own(of) && !w.Foreign {
		return Plan{}, fmt.Errorf("%w: %s is of %s", ErrForeign, of.Title(), of.ServerName)
	}
	if _, err := os.Lstat(w.To); err == nil {
		return Plan{}, fmt.Errorf("%s %w", w.To, ErrThere)
	}
	var largest int64
	for _, s := range p.Chain {
		for _, f := range s.Files {
			switch f.Name {
			case history.File:
				p.Bytes += f.Size
			case incrementFile: // what is laid on may come twice: in the log too
				p.Bytes, largest = p.Bytes+f.Size, max(largest, 2*f.Size)
			}
		}
	}
	for _, f := range p.Last().Files {
		if f.Name != history.File && f.Name != incrementFile {
			p.Bytes += f.Size
		}
	}
	p.Bytes += largest
	p.Free, err = store.Free(existing(w.To))
	if err == nil && p.Free < p.Bytes {
		err = fmt.Errorf("%w: %s takes %d MiB in %s, and %d are free", ErrNoRoom, of.Title(), p.Bytes>>20, w.To, p.Free>>20)
	}
	return p, err
}

// existing returns the nearest directory above a path that is there.
func existing(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

// choose returns the set that is wished for. Without a name that is one of the
// server's own.
func (w Wish) choose(sets []Set) (Set, error) {
	if w.ID != "" {
		return find(sets, w.ID)
	}
	if own := slices.DeleteFunc(slices.Clone(sets), func(s Set) bool { return !w.own(s) }); len(own) > 0 && !w.Foreign {
		sets = own
	}
	sets = slices.DeleteFunc(slices.Clone(sets), func(s Set) bool { return w.At != 0 && s.When() > w.At })
	if len(sets) == 0 && w.At != 0 {
		return Set{}, fmt.Errorf("%w: none is of %s or before", ErrNoBackup, w.At)
	}
	return find(sets, "")
}

// own tells whether a set is of the server that is meant. Of one that cannot be
// read its name alone tells: an older one never takes its place unseen.
func (w Wish) own(s Set) bool {
	if s.Err != nil {
		return w.Name == "" || s.Named.Server == safeName(w.Name)
	}
	if w.Server == "" {
		return w.Name == "" || s.ServerName == w.Name
	}
	return s.Server == w.Server
}

// Build does what the plan says: it makes the directory, puts the files there,
// and holds them against what the manifest says. They are exactly what was
// backed up, on disk when this returns nil; after an error there is no
// directory.
func (k Keeper) Build(ctx context.Context, p Plan) (err error) {
	if err := os.MkdirAll(filepath.Dir(p.To), 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := os.Mkdir(p.To, 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("restore: %w", err), os.RemoveAll(p.To))
		}
	}()
	for i, s := range p.Chain {
		for _, f := range s.Files {
			if i < len(p.Chain)-1 && f.Name != history.File && f.Name != incrementFile {
				continue // the last one's
			}
			if err := k.bring(ctx, s, f, p.To); err != nil {
				return fmt.Errorf("%s: %w", s.Title(), err)
			}
		}
		if s.Kind == Full {
			continue
		}
		increment := filepath.Join(p.To, incrementFile)
		if err := history.Lay(ctx, filepath.Join(p.To, history.File), increment); err != nil {
			return fmt.Errorf("%s: %w", s.Title(), err)
		}
		if err := os.Remove(increment); err != nil {
			return err
		}
	}
	if err := p.compare(ctx); err != nil {
		return err
	}
	return errors.Join(store.FlushDir(p.To), store.FlushDir(filepath.Dir(p.To)))
}

// bring unpacks a file of a set into a directory.
func (k Keeper) bring(ctx context.Context, s Set, f File, dir string) error {
	in, err := k.At.Open(ctx, s.Title(), f.Name+packed)
	if err != nil {
		return unopened(err)
	}
	defer in.Close() //nolint:errcheck // only read
	out, err := folder(dir).Create(f.Name)
	if err != nil {
		return err
	}
	err = errors.Join(unpack(out, until(ctx, in), f), out.Close())
	if ctx.Err() != nil {
		return context.Cause(ctx) // which says nothing of the backup
	}
	return err
}

// compare reads all that was restored, and holds it against the manifest.
func (p Plan) compare(ctx context.Context) error {
	last := p.Last()
	for _, name := range []string{history.File, admin.File, node.File} {
		found, err := store.Inspect(ctx, filepath.Join(p.To, name))
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrDamaged, name, err)
		}
		f, whole := last.file(name)
		for table, rows := range f.Tables {
			if whole && found.Tables[table] != rows {
				return fmt.Errorf("%w: %s: table %s has %d rows, not %d", ErrDamaged, name, table, found.Tables[table], rows)
			}
		}
	}
	is, err := history.ContentsOf(ctx, filepath.Join(p.To, history.File))
	if err == nil && (is.Mark != last.History.Mark || !slices.Equal(is.Feeds, last.History.Feeds)) {
		err = fmt.Errorf("%w: the history is at record %d, not %d", ErrDamaged, is.Mark.Seq, last.History.Mark.Seq)
	}
	return err
}

// Hold notes in restored files where they came from, brings node.db to the
// schema of this program, with a copy of what it was, and holds the server
// until it is let rejoin. seen is the highest epoch that is known of.
func (p Plan) Hold(ctx context.Context, actor string, seen int64) (err error) {
	path := filepath.Join(p.To, node.File)
	if _, err := store.Keep(ctx, path, node.Schema()); err != nil {
		return err
	}
	n, err := node.Open(ctx, path, store.Migrate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close(), store.FlushDir(p.To)) }()
	last := p.Last()
	return n.Restore(ctx, node.Restored{Backup: last.Title(), Taken: last.At, Actor: actor, Numbered: p.numbered}, seen)
}

// A reading is a reader that is one function.
type reading func([]byte) (int, error)

func (r reading) Read(p []byte) (int, error) { return r(p) }

// until reads from r until ctx ends.
func until(ctx context.Context, r io.Reader) io.Reader {
	return reading(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return r.Read(p)
	})
}
