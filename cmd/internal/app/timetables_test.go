package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/engine"
	"github.com/twinctl/twin/timetable/task"
)

func edits(t *testing.T, db *admin.DB, all ...admin.Edit) {
	t.Helper()
	if _, err := db.Change(t.Context(), admin.Author{Actor: "ann", From: "local", Verb: "admin.set"}, all, admin.How{}); err != nil {
		t.Fatal(err)
	}
}

func TestTimetables(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	edits(t, data.Admin,
		admin.Edit{Kind: "setting", Key: "time_zone", Body: admin.Body{"value": "Europe/Berlin"}},
		admin.Edit{Kind: "calendar", Key: "office", Body: admin.Body{"hours": []string{"mon-fri 08:00-18:00"}}},
		admin.Edit{Kind: "user", Key: "ann", Body: admin.Body{"permission": "admin"}},
		admin.Edit{Kind: "user", Key: "bob", Body: admin.Body{}},
		admin.Edit{Kind: "timetable", Body: admin.Body{"name": "a", "schedule": "0 6 * * *", "tasks": []string{"backup full"}, "calendar": "office", "owner": "ann"}},
		admin.Edit{Kind: "timetable", Body: admin.Body{"name": "b", "schedule": "0 0 31 2 *", "tasks": []string{"check"}}},
		admin.Edit{Kind: "timetable", Body: admin.Body{"name": "c", "schedule": "0 6 * * *", "tasks": []string{"sync"}, "owner": "bob"}},
	)
	no := func(one task.Task) error {
		if one.Kind == "backup" {
			return errors.New("backup: no")
		}
		return nil
	}
	list, err := Timetables(t.Context(), data.Admin, no)
	if err != nil || len(list.Timetables) != 2 || len(list.Unreadable) != 1 || list.Unreadable[0].Name != "b" || list.Generation == 0 {
		t.Fatalf("%+v: %v", list, err)
	}
	a, c := list.Timetables[0], list.Timetables[1]
	if a.Name != "a" {
		a, c = c, a
	}
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	if a.Schedule.Zone().String() != "Europe/Berlin" || !a.IsOpen(noon) || a.IsOpen(noon.Add(6*time.Hour)) || a.Problem != "backup: no" || a.RunsOn != "both" {
		t.Errorf("a: %+v", a)
	}
	if c.Problem != "bob may not: sync wants operate" || c.RunsOn != "primary" {
		t.Errorf("c: %+v", c)
	}
}

// What is remembered of a timetable is as good as what is read.
func TestTimetablesAreReadOnce(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	row := func(name, schedule string) admin.Body {
		return admin.Body{"name": name, "schedule": schedule, "tasks": []string{"sync"}, "owner": "ann"}
	}
	edits(t, data.Admin, admin.Edit{Kind: "user", Key: "ann", Body: admin.Body{"permission": "admin"}},
		admin.Edit{Kind: "timetable", Body: row("a", "0 6 * * *")}, admin.Edit{Kind: "timetable", Body: row("b", "0 6 * * *")})
	checked := 0
	var s timetableShelf
	look := func(want int) engine.List {
		t.Helper()
		checked = 0
		list, err := s.read(t.Context(), data.Admin, func(task.Task) error { checked++; return nil })
		fresh, wrong := Timetables(t.Context(), data.Admin, nil)
		if err != nil || wrong != nil || checked != want || len(list.Timetables) != len(fresh.Timetables) {
			t.Fatalf("%d of %d were read, want %d: %v, %v", checked, len(list.Timetables), want, err, wrong)
		}
		for i, one := range list.Timetables {
			if one.Mark != fresh.Timetables[i].Mark {
				t.Errorf("%s is not what is administered", one.Name)
			}
		}
		return list
	}
	list := look(2)
	look(0)
	edits(t, data.Admin, admin.Edit{Kind: "timetable", Key: list.Timetables[0].ID, Body: row(list.Timetables[0].Name, "0 7 * * *")})
	look(1)
	edits(t, data.Admin, admin.Edit{Kind: "setting", Key: "time_zone", Body: admin.Body{"value": "Asia/Tokyo"}})
	look(2)
	edits(t, data.Admin, admin.Edit{Kind: "user", Key: "ann", Body: admin.Body{}})
	if list := look(0); list.Timetables[0].Problem == "" { // who may not is asked for nothing more
		t.Error("the owner may not any more")
	}
	edits(t, data.Admin, admin.Edit{Kind: "timetable", Key: list.Timetables[0].ID})
	look(0)
}

// What else is changed with a timetable counts for it.
func TestChangedTimetables(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	edits(t, data.Admin, admin.Edit{Kind: "user", Key: "ann", Body: admin.Body{"permission": "admin"}})
	row := admin.Body{"name": "a", "schedule": "0 6 * * *", "tasks": []string{"sync"}, "calendar": "office", "owner": "ann"}
	one := admin.Row{Kind: "timetable", Key: "aaaaaaaaaaaaaaaa", Body: row}
	err := CheckTimetable(t.Context(), data.Admin, one, nil)
	if !errors.Is(err, admin.ErrInvalid) || !strings.Contains(err.Error(), `calendar "office"`) {
		t.Errorf("no calendar: %v", err)
	}
	changes := []admin.Change{
		{Kind: "calendar", Key: "office", After: admin.Body{}},
		{Kind: "setting", Key: "time_zone", After: admin.Body{"value": "Asia/Tokyo"}},
		{Kind: "timetable", Key: one.Key, After: row},
		{Kind: "timetable", Key: "bbbbbbbbbbbbbbbb", Before: row},
		{Kind: "user", Key: "ann", Before: admin.Body{"permission": "admin"}},
	}
	got, err := ChangedTimetables(t.Context(), data.Admin, changes, nil)
	if err != nil || len(got) != 1 || got[0].Schedule.Zone().String() != "Asia/Tokyo" || got[0].Problem != "ann may not: sync wants operate" {
		t.Errorf("%+v: %v", got, err)
	}
}

// Where a timetable runs that does not say is where its tasks do.
func TestTimetableEffects(t *testing.T) {
	body := func(task string, more ...string) admin.Body {
		b := admin.Body{"schedule": "0 6 * * *", "tasks": []string{task}}
		for i := 0; i < len(more); i += 2 {
			b[more[i]] = more[i+1]
		}
		return b
	}
	paused := func(until string) admin.Body {
		b := body("backup full", "paused_until", until)
		b["paused"] = true
		return b
	}
	const begins, ends, differs = "will start to run", "will run no more", "will run at other times"
	for name, c := range map[string]struct {
		before, after admin.Body
		want          string
	}{
		"as its tasks":        {nil, body("backup full"), begins},
		"as its tasks, not":   {nil, body("sync"), ""},
		"as it says":          {nil, body("sync", "runs_on", "both"), begins},
		"there alone":         {nil, body("sync", "runs_on", "cms-b"), begins},
		"here alone":          {nil, body("backup full", "runs_on", "cms-a"), ""},
		"other tasks":         {body("backup full"), body("sync"), ends},
		"deleted":             {body("backup full"), nil, ends},
		"other times":         {body("backup full"), body("backup full", "schedule", "0 7 * * *"), differs},
		"paused":              {body("backup full"), paused("2999-01-01T00:00:00Z"), ends},
		"was paused":          {body("backup full"), paused("2000-01-01T00:00:00Z"), ""},
		"that cannot be read": {nil, body("bakup full"), ""},
	} {
		got := strings.Join(timetableEffects(admin.Change{Kind: "timetable", Before: c.before, After: c.after}, "cms-b"), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Where the zone of the site is unknown, only what says its own runs.
func TestTimetablesWithoutAZone(t *testing.T) {
	rows := siteRows{zoneless: errors.New("setting time_zone: unknown")}
	reader := timetable.NewReader(rows.site(nil))
	row := admin.Row{Kind: "timetable", Key: "x", Body: admin.Body{"name": "a", "schedule": "0 6 * * *", "tasks": []string{"check"}}}
	if _, err := rows.read(reader, admin.Stored{Row: row}); err == nil {
		t.Error("one without a zone was read")
	}
	row.Body["zone"] = "Europe/Berlin"
	if _, err := rows.read(reader, admin.Stored{Row: row}); err != nil {
		t.Error(err)
	}
}

// What is told of the changes since is what there is.
func TestTimetableNews(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	row := func(name, schedule string) admin.Body {
		return admin.Body{"name": name, "schedule": schedule, "tasks": []string{"sync"}, "owner": "ann"}
	}
	edits(t, data.Admin, admin.Edit{Kind: "user", Key: "ann", Body: admin.Body{"permission": "admin"}},
		admin.Edit{Kind: "timetable", Body: row("a", "0 6 * * *")}, admin.Edit{Kind: "timetable", Body: row("b", "0 6 * * *")})
	var (
		news timetableNews
		last int64
		has  = map[string]timetable.Timetable{}
	)
	look := func(what string, whole bool, told, gone, unreadable int) {
		t.Helper()
		list, err := news.since(t.Context(), data.Admin, last)
		if err != nil || (list.Since == 0) != whole || len(list.Timetables) != told || len(list.Gone) != gone || len(list.Unreadable) != unreadable {
			t.Fatalf("%s: %+v: %v", what, list, err)
		}
		if whole {
			clear(has)
		}
		for _, one := range list.Timetables {
			has[one.ID] = one
		}
		for _, id := range list.Gone {
			delete(has, id)
		}
		last = list.Generation
		all, err := Timetables(t.Context(), data.Admin, nil)
		if err != nil || len(all.Timetables) != len(has) || len(all.Unreadable) != unreadable || all.Generation != last {
			t.Fatalf("%s: there are %+v, not %+v: %v", what, all, has, err)
		}
		for _, one := range all.Timetables {
			if has[one.ID].Mark != one.Mark {
				t.Errorf("%s: %s is not what is administered", what, one.Name)
			}
		}
	}
	look("first", true, 2, 0, 0)
	look("nothing", false, 0, 0, 0)
	all, err := Timetables(t.Context(), data.Admin, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := all.Timetables[0], all.Timetables[1]
	edits(t, data.Admin, admin.Edit{Kind: "timetable", Key: a.ID, Body: row(a.Name, "0 7 * * *")})
	look("edited", false, 1, 0, 0)
	edits(t, data.Admin, admin.Edit{Kind: "timetable", Key: a.ID, Body: row(a.Name, "0 0 31 2 *")})
	look("unreadable", false, 0, 1, 1)
	edits(t, data.Admin, admin.Edit{Kind: "timetable", Key: b.ID}, admin.Edit{Kind: "timetable", Body: row("c", "0 6 * * *")})
	look("one for another", false, 1, 1, 1)
	edits(t, data.Admin, admin.Edit{Kind: "timetable", Key: a.ID, Body: row(a.Name, "0 8 * * *")})
	look("readable again", false, 1, 0, 0)
	edits(t, data.Admin, admin.Edit{Kind: "user", Key: "ann", Body: admin.Body{}})
	look("what its owner may", true, 2, 0, 0)
	edits(t, data.Admin, admin.Edit{Kind: "agent", Key: "1001", Body: admin.Body{"name": "Kim"}})
	look("something else", false, 0, 0, 0)
}
