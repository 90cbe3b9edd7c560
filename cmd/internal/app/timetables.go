package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/engine"
	"github.com/twinctl/twin/timetable/task"
)

// Timetables reads all timetables that are administered, with the calendars,
// the users and the zone that they go by, as one generation has them. With check
// the caller says what is wrong with a task beyond its text; nil: nothing is.
func Timetables(ctx context.Context, db *admin.DB, check func(task.Task) error) (engine.List, error) {
	return new(timetableShelf).read(ctx, db, check)
}

// A timetableShelf remembers timetables as they were read last: to read a row
// costs far more than to see that it is the same.
type timetableShelf struct {
	by    string // what they were read by, beside their rows
	known map[string]shelved
	list  []timetable.Timetable
}

// A shelved is where a timetable is in the list, and the hash of its row.
type shelved struct {
	hash admin.Hash
	at   int
}

// read does what Timetables does; check must always be the same, and tell the
// same of a task.
func (s *timetableShelf) read(ctx context.Context, db *admin.DB, check func(task.Task) error) (list engine.List, err error) {
	err = db.Read(ctx, func(r *admin.Reading) error {
		rows, err := readRows(ctx, r, nil)
		if err != nil {
			return err
		}
		list, err = s.readBy(ctx, r, rows, check)
		return err
	})
	return list, err
}

// readBy is read for whoever has the rows that timetables are read by.
func (s *timetableShelf) readBy(ctx context.Context, r *admin.Reading, rows siteRows, check func(task.Task) error) (list engine.List, err error) {
	if list.Generation, _, _, err = r.Base(ctx); err != nil {
		return list, err
	}
	if by := rows.mark(); by != s.by {
		s.by, s.known = by, nil
	}
	many, err := r.Count(ctx, "timetable")
	if err != nil {
		return list, err
	}
	known := make(map[string]shelved, many)
	list.Timetables = make([]timetable.Timetable, 0, many)
	reader := timetable.NewReader(rows.site(check))
	err = eachStored(ctx, r, "timetable", func(stored admin.Stored) {
		row := stored.Row
		if old, ok := s.known[row.Key]; ok && old.hash == stored.Hash {
			known[row.Key] = shelved{old.hash, len(list.Timetables)}
			list.Timetables = append(list.Timetables, s.list[old.at])
			return
		}
		t, err := rows.read(reader, stored)
		if err != nil {
			list.Unreadable = append(list.Unreadable, unreadable(row, err))
			return
		}
		known[row.Key] = shelved{stored.Hash, len(list.Timetables)}
		list.Timetables = append(list.Timetables, t)
	})
	s.known, s.list = known, list.Timetables
	return list, err
}

func unreadable(row admin.Row, err error) engine.Unreadable {
	return engine.Unreadable{ID: row.Key, Name: row.Body.Text("name"), Error: err.Error()}
}

// ChangedTimetables reads the timetables that changes of administration data
// make, by what else those change, in their order. It may be asked before they
// are made. If any of them cannot be read that is admin.ErrInvalid, with each;
// one that can and must not run has a Problem.
func ChangedTimetables(ctx context.Context, db *admin.DB, changes []admin.Change, check func(task.Task) error) (all []timetable.Timetable, err error) {
	var wrong error
	err = db.Read(ctx, func(r *admin.Reading) error {
		rows, err := readRows(ctx, r, changes)
		if err != nil {
			return err
		}
		reader := timetable.NewReader(rows.site(check))
		for _, c := range changes {
			if c.Kind != "timetable" || c.After == nil {
				continue
			}
			row := admin.Row{Kind: c.Kind, Key: c.Key, Body: c.After}
			t, err := rows.read(reader, admin.Stored{Row: row, Hash: row.Hash()})
			wrong = errors.Join(wrong, err)
			all = append(all, t)
		}
		return nil
	})
	if wrong != nil {
		return nil, errors.Join(err, fmt.Errorf("%w: %w", admin.ErrInvalid, wrong))
	}
	return all, err
}

// CheckTimetable refuses a row of kind timetable that could not be read if it
// were set, with admin.ErrInvalid.
func CheckTimetable(ctx context.Context, db *admin.DB, row admin.Row, check func(task.Task) error) error {
	_, err := ChangedTimetables(ctx, db, []admin.Change{{Kind: row.Kind, Key: row.Key, After: row.Body}}, check)
	return err
}

// siteRows are the rows that a timetable is read by.
type siteRows struct {
	zone      *time.Location // of the site
	zoneless  error          // that zone is unknown here: zone is nil
	calendars []admin.Row
	users     map[string]string // what each may do, by login
}

// readRows reads them as they are once changes are made.
func readRows(ctx context.Context, r *admin.Reading, changes []admin.Change) (rows siteRows, err error) {
	over := make(map[admin.Name]admin.Body, len(changes))
	for _, c := range changes {
		over[admin.Name{Kind: c.Kind, Key: c.Key}] = c.After
	}
	read := func(kind string, tell func(admin.Row)) {
		if err != nil {
			return
		}
		err = eachRow(ctx, r, kind, func(row admin.Row) {
			if _, changed := over[admin.Name{Kind: kind, Key: row.Key}]; !changed {
				tell(row)
			}
		})
		for name, body := range over {
			if name.Kind == kind && body != nil {
				tell(admin.Row{Kind: kind, Key: name.Key, Body: body})
			}
		}
	}
	rows.users = map[string]string{}
	user, _ := admin.KindNamed("user")
	permission, _ := user.Field("permission")
	zone := ""
	for _, s := range admin.Settings() {
		if s.Key == "time_zone" {
			zone = s.Default
		}
	}
	read("calendar", func(row admin.Row) { rows.calendars = append(rows.calendars, row) })
	read("user", func(row admin.Row) { rows.users[row.Key], _ = permission.Value(row.Body).(string) })
	read("setting", func(row admin.Row) {
		if row.Key == "time_zone" {
			zone = row.Body.Text("value")
		}
	})
	if err != nil {
		return siteRows{}, err
	}
	if rows.zone, err = time.LoadLocation(zone); err != nil {
		rows.zoneless = fmt.Errorf("setting time_zone: %w", err)
	}
	return rows, nil
}

// read reads a timetable. Where the zone of the site is unknown, only one that
// says its own can be.
func (rows siteRows) read(reader *timetable.Reader, stored admin.Stored) (timetable.Timetable, error) {
	if row := stored.Row; rows.zoneless != nil && row.Body.Text("zone") == "" {
		return timetable.Timetable{}, fmt.Errorf("timetable %s: %w", inert.Text(row.Body.Text("name")), rows.zoneless)
	}
	return reader.ReadStored(stored)
}

// mark changes with any of them.
func (rows siteRows) mark() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q", fmt.Sprint(rows.zone))
	for _, row := range rows.calendars {
		fmt.Fprintf(h, "%s", row.Hash())
	}
	for _, login := range slices.Sorted(maps.Keys(rows.users)) {
		fmt.Fprintf(h, "%q%q", login, rows.users[login])
	}
	return string(h.Sum(nil))
}

// site returns what a timetable's row alone does not say.
func (rows siteRows) site(check func(task.Task) error) timetable.Site {
	s := timetable.Site{
		Zone: rows.zone, Calendars: make(map[string]timetable.Calendar, len(rows.calendars)),
		Permission: func(login string) string { return rows.users[login] },
		Check:      check,
	}
	for _, row := range rows.calendars {
		if rows.zoneless != nil && row.Body.Text("zone") == "" {
			continue
		}
		c, err := admin.Calendar(row, rows.zone)
		if err != nil {
			continue // the timetables that go by it say so
		}
		s.Calendars[row.Key] = timetable.Calendar{
			Open: func(at time.Time) bool { return c.Open(record.At(at)) },
			Mark: row.Hash().String() + fmt.Sprint(rows.zone),
		}
	}
	return s
}

// eachRow tells each row of a kind, in the order of their keys.
func eachRow(ctx context.Context, r *admin.Reading, kind string, tell func(admin.Row)) error {
	return eachStored(ctx, r, kind, func(s admin.Stored) { tell(s.Row) })
}

// eachStored tells each with its hash. A page is read while the one before is
// told.
func eachStored(ctx context.Context, r *admin.Reading, kind string, tell func(admin.Stored)) error {
	pages := make(chan []admin.Stored, 1)
	var failed error
	go func() {
		defer close(pages)
		failed = eachPage(ctx, r, kind, pages)
	}()
	for page := range pages {
		for _, stored := range page {
			tell(stored)
		}
	}
	return failed
}

func eachPage(ctx context.Context, r *admin.Reading, kind string, pages chan<- []admin.Stored) error {
	for after := ""; ; {
		page, err := r.Stored(ctx, kind, after, pageOfRows)
		if err != nil {
			return err
		}
		pages <- page // it is always taken
		if len(page) < pageOfRows {
			return nil
		}
		after = page[len(page)-1].Row.Key
	}
}

// pageOfRows is how many rows are read at once.
const pageOfRows = 1000
