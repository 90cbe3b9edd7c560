package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable/task"
)

// How old what is made regularly may be: a week or a month, and some grace.
const (
	backupMayBe = 8 * 24 * time.Hour
	drillMayBe  = 35 * 24 * time.Hour
)

func checkCommand() cli.Command {
	return cli.Command{
		Name:  "check",
		Short: "the morning check: is all well on both twins?",
		Long: `Writes a line for each point and server, ok or off. Of the twin it shows what that told last. ` +
			`The exit status is 3 if any point is off: a timetable that runs this fails then, and its alarm tells people.`,
		Examples: []cli.Example{
			{Line: "twinctl check", Why: "all well?"},
			{Line: "twinctl check --json", Why: "the same for programs"},
		},
		Exits:   []cli.Code{cli.Differs, cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Run: func(ctx context.Context, call *cli.Call) error {
			v, err := openView(ctx, call)
			if err != nil {
				return err
			}
			defer v.data.Close() //nolint:errcheck // only read
			doc, err := app.Status(ctx, v.Config, v.data)
			if err != nil {
				return err
			}
			doc = v.seen(doc)
			doc.Alarms = slices.Insert(doc.Alarms, 0, v.alarms...)
			there, _, err := app.TwinStatus(ctx, v.data)
			if err != nil {
				return err
			}
			if there != nil {
				*there = v.seen(*there)
			}
			return showPoints(call, points(doc, there, lastBackup(ctx, v.Config, doc), time.Now()))
		},
	}
}

// A point is one thing that was looked at, on one server.
type point struct {
	Server string `json:"server"`
	Point  string `json:"point"`
	OK     bool   `json:"ok"`
	Text   string `json:"text"`
}

// lastBackup looks whether the last backup of this server can still be restored:
// somebody may have removed it since, or one that it goes on from.
func lastBackup(ctx context.Context, cfg *config.Config, doc node.Document) error {
	if doc.Backups == nil || doc.Backups.Last == "" {
		return nil
	}
	return app.Backups(cfg).Whole(ctx, doc.Backups.Last)
}

// points looks at this server, and at what its twin told last. broken is why the
// last backup here cannot be restored.
func points(here node.Document, there *node.Document, broken error, now time.Time) []point {
	all := pointsOf(here, broken, now)
	if t := here.Twin; t != nil {
		all = append(all, point{here.Name, "twin", t.State == "ok", inert.Text(strings.TrimSuffix(t.Name+" is "+t.State+": "+t.Error, ": "))})
		if t.State == "ok" && there != nil {
			all = append(all, pointsOf(*there, nil, now)...)
		}
	}
	return all
}

// pointsOf looks at one server.
func pointsOf(d node.Document, broken error, now time.Time) (all []point) {
	add := func(name string, ok bool, format string, args ...any) {
		all = append(all, point{d.Name, name, ok, inert.Text(fmt.Sprintf(format, args...))})
	}
	add("twind", d.Running, "%s", map[bool]string{true: "runs", false: "does not run"}[d.Running])
	if d.Running {
		add("store", d.Store == "ok", "%s", d.Store)
	}
	feeds, live, gaps := 0, 0, int64(0)
	for _, f := range d.Feeds {
		gaps += f.GapsOpen
		if f.State == "paused" {
			continue // a person wants that
		}
		feeds++
		if f.State == "live" {
			live++
		}
	}
	if d.Running {
		add("feeds", live == feeds, "%d of %d live", live, feeds)
	}
	add("gaps", gaps == 0, "%d not filled", gaps)
	if s := d.Sync; s != nil && d.Role == node.Primary {
		add("sync", !s.Overdue && s.Drift == 0, "%s", s.Word)
	}
	addTimetables(add, d.Timetables)
	addBackups(add, d.Backups, broken, now)
	errors := slices.DeleteFunc(slices.Clone(d.Alarms), func(a node.Alarm) bool {
		return a.Severity != "error" || a.AckedBy != "" || isOwnAlarm(a)
	})
	text := "none that nobody has taken note of"
	if len(errors) > 0 {
		text = fmt.Sprintf("%s: %s", app.Counted(len(errors), "error"), errors[0].Text)
	}
	add("alarms", len(errors) == 0, "%s", text)
	return all
}

// isOwnAlarm tells of the alarm that the last such check raised itself, if a
// timetable runs it: it must not go on for that alone.
func isOwnAlarm(a node.Alarm) bool {
	return a.Code == "timetable_failed" && a.Object != "" && a.Object == os.Getenv(task.TimetableVariable)
}

func addTimetables(add func(string, bool, string, ...any), t *node.TimetablesDocument) {
	if t == nil {
		return
	}
	failed := slices.DeleteFunc(slices.Clone(t.Failed), func(f node.FailedRun) bool { return f.Timetable == os.Getenv(task.TimetableVariable) })
	text := fmt.Sprintf("%d run here", t.Armed)
	switch {
	case len(failed) > 0:
		text = fmt.Sprintf("%d failed: %s", len(failed), failed[0].Timetable)
	case t.Unreadable > 0:
		text = fmt.Sprintf("%d cannot be read", t.Unreadable)
	case t.Held > 0:
		text = fmt.Sprintf("%d wait: %s", t.Held, t.Because)
	}
	add("timetables", len(failed)+t.Unreadable+t.Held == 0, "%s", text)
}

func addBackups(add func(string, bool, string, ...any), b *node.BackupDocument, broken error, now time.Time) {
	if b == nil || b.At == nil {
		add("backup", false, "there is none: twinctl backup full")
		return
	}
	old := now.Sub(b.At.Time())
	if broken != nil {
		add("backup", false, "the last cannot be restored: %v: twinctl backup full", broken)
	} else {
		add("backup", old <= backupMayBe, "the last is %s old", age(old))
	}
	if b.ProvenAt == nil {
		add("drill", false, "no backup was proven yet: twinctl backup drill")
		return
	}
	old = now.Sub(b.ProvenAt.Time())
	add("drill", old <= drillMayBe && b.Failed == "", "the last proven restore was %s ago", age(old))
}

func showPoints(call *cli.Call, all []point) error {
	t := cli.Table{Columns: []cli.Column{{Name: "server"}, {Name: "point"}, {Name: "result"}, {Name: "text"}}}
	well := true
	for _, p := range all {
		well = well && p.OK
		t.Add(p.Server, p.Point, map[bool]string{true: "ok", false: "off"}[p.OK], p.Text)
	}
	err := call.Show(cli.View{
		Document: struct {
			OK     bool    `json:"ok"`
			Points []point `json:"points"`
		}{well, all},
		Lines: cli.Each(all),
		Table: t,
	})
	if err == nil && !well {
		err = cli.Fail(cli.Differs, firstOff(all, os.Getenv(task.TimetableVariable) != ""), "")
	}
	return err
}

// firstOff says the first point that is off: a timetable's run and its alarm
// have a line for the reason. Whoever asked otherwise sees all of them.
func firstOff(all []point, inTask bool) error {
	all = slices.DeleteFunc(slices.Clone(all), func(p point) bool { return p.OK })
	switch {
	case !inTask || len(all) == 0:
		return nil
	case len(all) == 1:
		return fmt.Errorf("%s, %s: %s", all[0].Server, all[0].Point, all[0].Text)
	}
	return fmt.Errorf("%s, %s: %s; and %d more", all[0].Server, all[0].Point, all[0].Text, len(all)-1)
}
