package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// How says what a change may do beside what was wished.
type How struct {
	Cascade bool   // what refers to a deleted row goes too, or lets go of it, as its field says
	OwnerTo string // a user who takes over what deleted users own
	Undoes  int64  // the generation that it takes back; 0: none
}

// A Conflict names rows that are not what the caller saw. It is ErrConflict.
type Conflict struct{ Rows []Name }

// Error names them.
func (c *Conflict) Error() string {
	names := make([]string, 0, 10)
	for _, n := range c.Rows[:min(len(c.Rows), 10)] {
		names = append(names, shown(n))
	}
	text := strings.Join(names, ", ")
	if more := len(c.Rows) - len(names); more > 0 {
		text = fmt.Sprintf("%s and %d more", text, more)
	}
	return fmt.Sprintf("%s: %s", ErrConflict, text)
}

// Unwrap makes it ErrConflict.
func (c *Conflict) Unwrap() error { return ErrConflict }

var errPreview = errors.New("this was a preview")

// Preview does what Change does, and takes all of it back: the generation, the
// random keys and the time will be others.
func (a *DB) Preview(ctx context.Context, by Author, edits []Edit, how How) (Set, error) {
	set, err := a.change(ctx, by, edits, how, errPreview)
	if errors.Is(err, errPreview) {
		err = nil
	}
	return set, err
}

// Change makes rows as the edits say, all of them or none, in one transaction
// with the audit. On the secondary it is ErrNotPrimary, unless by.OnSecondary;
// ErrMoving while the role is being moved.
// Rows that are not what an edit expects are a *Conflict, references in the way
// a *Referenced, what cannot be is ErrInvalid. Where nothing had to change the
// set's generation is 0.
func (a *DB) Change(ctx context.Context, by Author, edits []Edit, how How) (Set, error) {
	return a.change(ctx, by, edits, how, nil)
}

// change returns the set and end: nil commits.
func (a *DB) change(ctx context.Context, by Author, edits []Edit, how How, end error) (set Set, err error) {
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		drift, err := a.mayChange(ctx, tx, by)
		if err != nil {
			return err
		}
		d := a.newDraft(tx)
		if err := d.edit(ctx, edits, how); err != nil {
			return err
		}
		set = Set{
			At: record.At(tx.Now), Actor: by.Actor, From: by.From, Verb: by.Verb,
			Undoes: how.Undoes, Drift: drift, Changes: []Change{},
		}
		rows := d.changes()
		if len(rows) == 0 {
			return end
		}
		if err := d.write(ctx, rows, rows); err != nil {
			return err
		}
		if err := d.logSet(ctx, &set, rows); err != nil {
			return err
		}
		if err := by.allows(set.Changes); err != nil {
			return err
		}
		return end
	})
	if err != nil && end == nil {
		return Set{}, err
	}
	return set, err
}

// allows holds changes against what their author may do.
func (by Author) allows(changes []Change) error {
	for _, c := range changes {
		if by.Allow == nil {
			return nil
		}
		if err := by.Allow(c); err != nil {
			return fmt.Errorf("%s: %w", shown(Name{c.Kind, c.Key}), err)
		}
	}
	return nil
}

// mayChange tells whether a change now is drift.
func (a *DB) mayChange(ctx context.Context, tx *store.Tx, by Author) (drift bool, err error) {
	s, err := a.guard(ctx, tx)
	if err != nil {
		return false, err
	}
	if s.Role == primary && s.Moving {
		return false, ErrMoving
	}
	if s.Role == primary {
		return false, nil
	}
	if by.OnSecondary {
		return true, nil
	}
	if s.Twin == "" {
		return false, fmt.Errorf("%w: %s is %s and alone", ErrNotPrimary, s.Server, s.Role)
	}
	return false, fmt.Errorf("%w: %s is %s, administer on %s", ErrNotPrimary, s.Server, s.Role, s.Twin)
}

// edit puts the edits into the draft, and what follows from them.
func (d *draft) edit(ctx context.Context, edits []Edit, how How) error {
	names, err := d.names(edits)
	if err != nil {
		return err
	}
	if err := d.load(ctx, names); err != nil {
		return err
	}
	var stale []Name
	var gone []Name
	for i, e := range edits {
		r := d.rows[names[i]]
		if e.Old != nil && *e.Old != hashOf(r.Kind, r.Key, r.was) {
			stale = append(stale, r.Name)
			continue
		}
		if e.Body == nil {
			if r.was == nil {
				return fmt.Errorf("%w: %s", ErrNoRow, shown(r.Name))
			}
			gone = append(gone, r.Name)
			r.set(nil)
			continue
		}
		normal, err := d.kinds[r.Kind].Normal(Row{r.Kind, r.Key, e.Body})
		if err != nil {
			return err
		}
		r.set(normal.Body)
	}
	if stale != nil {
		return &Conflict{stale}
	}
	return d.follow(ctx, gone, how)
}

// names returns the rows that edits name, with random keys for new ones.
func (d *draft) names(edits []Edit) ([]Name, error) {
	names := make([]Name, len(edits))
	seen := make(map[Name]bool, len(edits))
	for i, e := range edits {
		k, err := d.kind(e.Kind)
		if err != nil {
			return nil, err
		}
		n := Name{e.Kind, norm.NFC.String(e.Key)}
		if n.Key == "" && k.ID && e.Body != nil {
			n.Key = newID()
		}
		if seen[n] {
			return nil, fmt.Errorf("%w: %s is named twice", ErrInvalid, shown(n))
		}
		seen[n], names[i] = true, n
	}
	return names, nil
}

// newID returns a random key.
func newID() string { return strings.ToLower(rand.Text()[:16]) }

// follow lets go of rows that are deleted: owned ones move, and where how says
// so those that refer to them let go or are deleted too.
func (d *draft) follow(ctx context.Context, gone []Name, how How) error {
	for len(gone) > 0 {
		n := gone[0]
		gone = gone[1:]
		users, err := d.usersOf(ctx, n)
		if err != nil {
			return err
		}
		for _, r := range users {
			if d.letGo(r, n, how); r.is == nil {
				gone = append(gone, r.Name)
			}
		}
	}
	return nil
}

// usersOf returns the rows that refer to one, as the draft has them.
func (d *draft) usersOf(ctx context.Context, n Name) ([]*drafted, error) {
	uses, err := d.queryUses(ctx, `
		SELECT kind, key, field, to_kind, to_key FROM reference WHERE to_kind = ? AND to_key = ? ORDER BY kind, key, field`, n.Kind, n.Key)
	if err != nil {
		return nil, err
	}
	names := make([]Name, len(uses))
	for i, u := range uses {
		names[i] = u.From
	}
	names = slices.Compact(names)
	if err := d.load(ctx, names); err != nil {
		return nil, err
	}
	var users []*drafted
	for _, name := range names {
		if r := d.rows[name]; r.is != nil {
			users = append(users, r)
		}
	}
	return users, nil
}

// letGo makes a row refer to gone no longer, as far as how and its fields
// allow. Where they do not it stays, and write refuses.
func (d *draft) letGo(r *drafted, gone Name, how How) {
	body := maps.Clone(r.body)
	for _, f := range d.kinds[r.Kind].Fields {
		switch {
		case f.To != gone.Kind:
		case f.Owner && how.OwnerTo != "":
			if body.Text(f.Name) == gone.Key {
				body[f.Name] = norm.NFC.String(how.OwnerTo)
			}
		case how.Cascade:
			if f.letGo(body, gone.Key) {
				r.set(nil)
				return
			}
		}
	}
	r.set(body)
}

// letGo takes a key out of the field and reports whether the row goes with it.
func (f Field) letGo(body Body, key string) (goes bool) {
	if f.Type == Refs {
		rest := slices.DeleteFunc(slices.Clone(body.List(f.Name)), func(k string) bool { return k == key })
		if len(rest) > 0 {
			body[f.Name] = rest
			return false
		}
		if !slices.Contains(body.List(f.Name), key) {
			return false
		}
	} else if body.Text(f.Name) != key {
		return false
	}
	switch f.Gone {
	case Removes:
		return true
	case Clears:
		delete(body, f.Name)
	case Stands:
	}
	return false
}
