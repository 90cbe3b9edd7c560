package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
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
			return errors.New("no")
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
