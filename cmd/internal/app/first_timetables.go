package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// InitWhole does what Init does, and gives a new primary its first timetables.
// It returns their names.
func InitWhole(ctx context.Context, dir, name string, role node.Role) (timetables []string, err error) {
	if err := Init(ctx, dir, name, role); err != nil || role != node.Primary {
		return nil, err
	}
	data, err := OpenData(ctx, dir, store.Use)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	first := firstTimetables(time.Now())
	by := admin.Author{Actor: Actor(), From: "local", Verb: "init"}
	if _, err := data.Admin.Change(ctx, by, first, admin.How{}); err != nil {
		return nil, err
	}
	for _, edit := range first {
		timetables = append(timetables, edit.Body.Text("name"))
	}
	return timetables, nil
}

// firstTimetables are what a new primary begins with: rows like any others. A
// backup that holds all is made in the first night, whatever day that is, so
// that the others have one to go on from.
func firstTimetables(now time.Time) []admin.Edit {
	const hour = 2 // UTC, as is the setting time_zone at first
	night := now.UTC().Add(-hour*time.Hour).AddDate(0, 0, 1).Weekday()
	var others []string
	for day := time.Sunday; day <= time.Saturday; day++ {
		if day != night {
			others = append(others, shortDay(day))
		}
	}
	row := func(name, schedule, task, description string) admin.Edit {
		return admin.Edit{Kind: "timetable", Body: admin.Body{
			"name": name, "schedule": schedule, "tasks": []string{task}, "description": description,
		}}
	}
	sync := row("sync-nightly", "30 1 * * *", "sync", "administration data to the twin")
	sync.Body["retries"], sync.Body["retry_delay_s"] = int64(3), int64(600)
	return []admin.Edit{
		sync,
		row("backup-full", "0 2 * * "+shortDay(night), "backup full", "all of this server, once a week"),
		row("backup-daily", "0 2 * * "+strings.Join(others, ","), "backup incremental --or-full", "what came since, on the other days"),
		row("backup-prune", "0 4 * * *", "backup prune --keep-daily 14 --keep-weekly 8 --keep-monthly 12", "backups that are not kept any longer"),
		row("backup-drill", "0 5 1 * *", "backup drill", "proves once a month that the last backup can be restored"),
		row("check-morning", "0 6 * * *", "check", "whether anything wants a person"),
	}
}

func shortDay(day time.Weekday) string { return strings.ToLower(day.String()[:3]) }
