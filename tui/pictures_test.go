package tui

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// evil is what somebody who wants to harm the reader writes.
const evil = "\x1b[2J\x1b]0;owned\a\u202egnp\r\n\t日本語のとても長い名前の会社の電話交換機\xff\u0300\u0300"

// on returns the frame of the pair on a screen, at a path, that shows data.
func on(name string, data any, path ...string) frame {
	f := framed(pair())
	f.width, f.height = 80, 24
	for i, s := range f.screens {
		if s.name == name {
			f.at = i
		}
	}
	for _, key := range path {
		f = f.moved(f.browse().open(key))
	}
	return f.took(f.placeID(), known{data: data, looked: night})
}

// failing returns the frame when the place could not be read.
func failing(f frame) frame {
	f.seen = nil
	return f.took(f.placeID(), known{failed: errors.New("database is locked")})
}

// secondary returns the frame on the other server.
func secondary(f frame) frame {
	f.Own.Role = node.Secondary
	if f.Twin != nil {
		twin := *f.Twin
		twin.Document.Role = node.Primary
		f.Twin = &twin
	}
	return f
}

// idled is the frame when the twind of this server does not run.
func idled(f frame, data any) frame {
	f.Own.Running, f.memo = false, &memo{}
	return f.took(f.placeID(), known{data: data, looked: night})
}

// keyed returns the frame after keys, none of which asked for anything.
func keyed(f frame, keys ...string) frame {
	for _, k := range keys {
		f, _ = f.press(k)
	}
	return f
}

// pictures are the states of the golden files.
func pictures() map[string]frame {
	all := map[string]frame{}
	for name, v := range pairs() {
		all["twins_"+name] = framed(v)
	}
	signs := framed(pair())
	signs.signs = true
	all["signs"] = signs
	maps.Copy(all, timetablePictures())
	maps.Copy(all, pastPictures())
	maps.Copy(all, adminPictures())
	maps.Copy(all, syncPictures())
	maps.Copy(all, movePictures())
	maps.Copy(all, feedPictures())
	maps.Copy(all, bookPictures())
	return all
}

func coming(d time.Duration) *node.Moment {
	m := node.Moment(record.At(night.Add(d)))
	return &m
}

func someRuns(name string, states ...node.RunState) []node.Run {
	var all []node.Run
	for i, s := range states {
		at := record.At(night.Add(-time.Duration(i+1) * time.Hour))
		r := node.Run{
			ID: int64(40 - i), Server: "cms-a", Timetable: "k1", Name: name, Slot: at, Attempt: 1, Epoch: 7, Trigger: "schedule",
			State: s, Planned: at, Started: at, Ended: at.Add(83 * time.Second), Tail: "backed up 12,345 records\n",
		}
		switch s {
		case node.RunFailed:
			one := 1
			r.Exit, r.Reason = &one, "task 1 of 2 failed: disk full"
		case node.RunSkipped:
			r.Started, r.Ended, r.Reason = 0, 0, "paused"
		case node.RunRunning:
			r.Ended = 0
		case node.RunMissed:
			r.Started, r.Ended, r.Reason, r.Server, r.Theirs = 0, 0, "down", "cms-b", 7
		case node.RunInterrupted:
			r.Reason = "down"
		case node.RunOK, node.RunClaimed, node.RunTimeout, node.RunCancelled:
		}
		all = append(all, r)
	}
	return all
}

func someTimetables() []Timetable {
	return []Timetable{
		{
			Key: "k1", Name: "nightly backup", Schedule: "0 2 * * *", Words: "every day at 02:00, Europe/Berlin", Zone: "Europe/Berlin", RunsOn: "both", Owner: "ann",
			Tasks: []string{"backup full", "backup prune --keep-daily 7"}, State: "armed", NextHere: coming(22 * time.Hour), NextThere: coming(22*time.Hour + 5*time.Minute),
			Last: someRuns("nightly backup", node.RunOK, node.RunFailed, node.RunOK, node.RunSkipped, node.RunMissed),
		},
		{
			Key: "k2", Name: "sync", Schedule: "*/15 * * * *", Words: "every 15 minutes", Zone: "UTC", RunsOn: "primary", Tasks: []string{"sync"},
			State: "paused", Because: "new disks until 2026-11-21T08:00:00Z", Last: someRuns("sync", node.RunRunning),
		},
		{Key: "k3", Name: "drill", Schedule: "0 5 * * 0", RunsOn: "secondary", Tasks: []string{"backup drill"}, State: "standby", NextThere: coming(50 * time.Hour)},
		{Key: "k4", Name: "broken", Schedule: "x", RunsOn: "primary", State: "unreadable", Because: `schedule "x": want five fields`},
	}
}

func timetablePictures() map[string]frame {
	const name = "Timetables"
	one := someTimetables()[0]
	one.Notes = []string{"02:30 does not exist on 2027-03-28: it runs at 03:00 that day"}
	one.Fields = []Named{{"name", one.Name}, {"catch_up", "latest"}, {"timeout_s", "1h"}, {"owner", "ann"}}
	for i := range 3 {
		one.Coming = append(one.Coming, Slot{At: night.AddDate(0, 0, i), On: []string{"cms-a runs", "cms-b runs at 02:05:15"}, Now: "cms-a runs at 02:05:15"})
	}
	hostile := Timetable{
		Key: evil, Name: evil, Schedule: evil, Words: evil, Zone: evil, RunsOn: evil, Owner: evil, Tasks: []string{evil}, State: evil, Because: evil,
		Fields: []Named{{evil, evil}}, Coming: []Slot{{On: []string{evil}, Now: evil}}, Notes: []string{evil}, Last: someRuns(evil, node.RunState(evil)),
	}
	hostile.Last[0].Server, hostile.Last[0].Reason, hostile.Last[0].Trigger, hostile.Last[0].Actor, hostile.Last[0].Tail = evil, evil, evil, evil, evil
	var crowd []Timetable
	for i := range 60 {
		crowd = append(crowd, Timetable{Key: fmt.Sprint(i), Name: fmt.Sprintf("report-%02d", i), State: "armed", NextHere: coming(time.Duration(i) * time.Minute)})
	}
	full, runs := on(name, someTimetables()), someRuns("nightly backup", node.RunRunning, node.RunOK, node.RunFailed, node.RunSkipped, node.RunMissed, node.RunInterrupted)
	plan := keyed(full, "x")
	plan = plan.plannedSo([]string{`- timetable/k1 "nightly backup"`, "1 deleted: dry run, nothing was changed"}, exitDiffers)
	return map[string]frame{
		"timetables_full":      full,
		"timetables_secondary": keyed(secondary(full), "p"),
		"timetables_empty":     on(name, []Timetable{}),
		"timetables_held":      maintained(on(name, someTimetables())),
		"timetables_idle":      idled(on(name, someTimetables()), someTimetables()),
		"timetables_none":      secondary(on(name, []Timetable{})),
		"timetables_reading":   framedOn(name),
		"timetables_failing":   failing(full),
		"timetables_hostile":   on(name, []Timetable{hostile}),
		"timetables_crowd":     keyed(on(name, crowd), "G", "k"),
		"timetables_filter":    keyed(full, "/", "h", "e", "r", "e", ":", "p"),
		"timetables_palette":   keyed(full, "?", "r", "u", "n"),
		"timetables_question":  keyed(full, "p", "n", "e", "w"),
		"timetables_yes":       keyed(full, "R"),
		"timetables_plan":      plan,
		"timetable_one":        on(name, []Timetable{one}, "k1"),
		"timetable_hostile":    on(name, []Timetable{hostile}, evil),
		"runs_full":            on("Runs", toldRuns{runs: runs}),
		"runs_empty":           on("Runs", toldRuns{}),
		"runs_failing":         failing(on("Runs", toldRuns{})),
		"runs_hostile":         on("Runs", toldRuns{runs: hostile.Last}),
		"run_one":              on("Runs", toldRuns{runs[2:3], "took a copy\nno space left on device\n"}, "38"),
		"run_hostile":          on("Runs", toldRuns{hostile.Last, evil}, "40"),
		"job_running":          ran(keyed(full, "n"), []string{"SLOT  TIMETABLE"}, false, 0),
		"job_failed":           ran(keyed(full, "R", "y"), []string{"twinctl: twind is not running", evil}, true, 4),
		"job_done":             ran(keyed(full, "R", "y"), []string{"41"}, true, 0),
	}
}

// maintained is the frame while a maintenance holds all timetables.
func maintained(f frame) frame {
	f.Own.Maintenance = &node.MaintenanceDocument{Since: *before(time.Hour), Reason: "new disks", Actor: "ann"}
	f.version++
	return f
}

// framedOn is the frame on a screen of which nothing was read yet.
func framedOn(name string) frame {
	f := on(name, nil)
	f.seen = nil
	return f
}

// ran returns the frame when the line that was begun has said so much.
func ran(f frame, said []string, ended bool, exit int) frame {
	j := *f.job
	j.said, j.ended, j.exit = said, ended, exit
	f.job = &j
	if ended {
		f = f.ended()
	}
	return f
}
