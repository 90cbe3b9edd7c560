package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/engine"
)

// mostNews is how many changed timetables are read one by one: of more, all are.
const mostNews = 1000

// A timetableNews reads for an engine what changed of the timetables since it
// asked last: an edit changes one of them, however many there are.
type timetableNews struct {
	by         string                       // what they were read by, beside their rows
	unreadable map[string]engine.Unreadable // by key
}

// since reads what changed since a generation, or all there is where that cannot
// be told: with generation 0, and when what timetables are read by changed.
func (n *timetableNews) since(ctx context.Context, db *admin.DB, generation int64) (list engine.List, err error) {
	err = db.Read(ctx, func(r *admin.Reading) error {
		rows, err := readRows(ctx, r, nil)
		if err != nil {
			return err
		}
		names, err := r.ChangedSince(ctx, "timetable", generation, mostNews+1)
		if err != nil {
			return err
		}
		if by := rows.mark(); generation == 0 || by != n.by || len(names) > mostNews {
			if list, err = new(timetableShelf).readBy(ctx, r, rows, sound); err == nil {
				n.by, n.unreadable = by, make(map[string]engine.Unreadable, len(list.Unreadable))
				n.mark(list.Unreadable)
			}
			return err
		}
		list, err = n.read(ctx, r, rows, names)
		list.Since = generation
		return err
	})
	return list, err
}

func (n *timetableNews) mark(all []engine.Unreadable) {
	for _, u := range all {
		n.unreadable[u.ID] = u
	}
}

// read reads the timetables of that name, and all that cannot be read.
func (n *timetableNews) read(ctx context.Context, r *admin.Reading, rows siteRows, names []admin.Name) (list engine.List, err error) {
	if list.Generation, _, _, err = r.Base(ctx); err != nil {
		return list, err
	}
	reader := timetable.NewReader(rows.site(sound))
	for _, name := range names {
		row, err := r.Row(ctx, name)
		if err != nil && !errors.Is(err, admin.ErrNoRow) {
			return list, err
		}
		delete(n.unreadable, name.Key)
		if err != nil {
			list.Gone = append(list.Gone, name.Key)
			continue
		}
		t, err := rows.read(reader, admin.Stored{Row: row, Hash: row.Hash()})
		if err != nil {
			list.Gone = append(list.Gone, name.Key)
			n.unreadable[name.Key] = unreadable(row, err)
			continue
		}
		list.Timetables = append(list.Timetables, t)
	}
	list.Unreadable = slices.SortedFunc(maps.Values(n.unreadable), func(a, b engine.Unreadable) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}
