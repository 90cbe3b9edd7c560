package tui

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// night is when the pictures of the tests are taken.
var night = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

func before(d time.Duration) *node.Moment {
	m := node.Moment(record.At(night.Add(-d)))
	return &m
}

func live(name string) node.FeedDocument {
	return node.FeedDocument{
		Name: name, Kind: "ami", State: "live", Address: "tls://pbx.example:5039", Records: 1_234_567,
		Rate: 12.25, LastRecordAt: before(time.Second), CoveredUntil: before(4 * time.Second),
	}
}

func down(name string, since time.Duration) node.FeedDocument {
	f := live(name)
	f.State, f.Rate, f.Error = "down", 0, "dial tcp 10.0.0.5:5038: connection refused"
	f.LastRecordAt, f.CoveredUntil, f.GapsOpen = before(since), before(since), 1
	return f
}

func document(name string, role node.Role, feeds ...node.FeedDocument) node.Document {
	return node.Document{
		Schema: 1, Name: name, Role: role, Epoch: 7, Since: night.Add(-40 * time.Hour), Running: true, PID: 4711,
		Version: "v0.3.0", Feeds: feeds, Alarms: []node.Alarm{},
	}
}

func gap(id int64, from, until time.Duration, state history.GapState) history.Gap {
	g := history.Gap{ID: id, Feed: "pbx", From: record.At(night.Add(-from)), Reason: feed.Crashed, State: state, Records: 3}
	if until >= 0 {
		to := record.At(night.Add(-until))
		g.To = &to
	}
	return g
}

// pair is both servers, well.
func pair() view {
	own := document("cms-a", node.Primary, live("pbx"), live("pbx-log"))
	seen := night.Add(-2 * time.Second)
	own.Twin = &node.TwinDocument{Name: "cms-b", State: "ok", SeenAt: &seen}
	twin := Told{At: seen, Document: document("cms-b", node.Secondary, live("pbx"), live("pbx-log")), Gaps: []history.Gap{}}
	own.Ready = node.Readiness{Switchover: true, Promote: true, Because: []string{}}
	own.Sync = &node.SyncDocument{State: "in_sync", Word: "IN SYNC", Generation: 12, CheckedAt: before(4 * time.Second)}
	own.Timetables = &node.TimetablesDocument{Total: 4, Armed: 3, Paused: 1, Next: &node.NextRun{Timetable: "nightly backup", At: *before(-22 * time.Hour)}}
	own.Timetables.Coming = []node.NextRun{*own.Timetables.Next, {Timetable: "sync", At: *before(-23 * time.Hour)}, {Timetable: "drill", At: *before(-50 * time.Hour)}}
	own.Interval, twin.Document.Interval = &node.IntervalDocument{Start: *before(15 * time.Minute), Complete: true}, &node.IntervalDocument{Start: *before(15 * time.Minute)}
	own.People = &node.PeopleDocument{Port: new(7022), Sessions: []node.PersonDocument{}}
	twin.Document.People = &node.PeopleDocument{Port: new(7022), Sessions: []node.PersonDocument{{Login: "ann"}, {Login: "ops"}}}
	own.Backups = &node.BackupDocument{Last: "cms-a-full", Kind: "full", At: before(59 * time.Minute), Apart: true, ProvenAt: before(80 * time.Hour)}
	twin.Document.Timetables = &node.TimetablesDocument{Total: 4, Armed: 2, Failed: []node.FailedRun{{Timetable: "drill"}}}
	twin.Document.Backups = &node.BackupDocument{Last: "cms-b-full", Kind: "incremental", At: before(9 * time.Minute)}
	return view{
		Now: night, Looked: night,
		State: State{Own: own, Gaps: []history.Gap{}, Twin: &twin, Link: &Link{State: "ok", Since: night.Add(-26 * time.Hour), RoundTrip: 23 * time.Millisecond}},
	}
}

func alarm(severity, text string) node.Alarm {
	return node.Alarm{Code: "a_" + severity, Severity: severity, Since: night.Add(-12 * time.Minute), Text: text}
}

// pairs are states of the pair.
func pairs() map[string]view {
	all := map[string]view{"first": {Now: night}, "well": pair()}

	v := pair()
	v.Twin, v.Link, v.Own.Twin = nil, nil, nil
	all["alone"] = v

	v = pair()
	v.Twin.Gaps = []history.Gap{gap(8, 62*time.Minute, 2*time.Minute, history.GapOpen), gap(7, 9*time.Hour, 8*time.Hour, history.GapFilled)}
	v.Gaps = []history.Gap{gap(31, 20*time.Hour, 20*time.Hour-20*time.Second, history.GapLost)}
	v.Fills = []Filling{{Feed: "pbx", From: "cms-a", To: "cms-b", Done: 81_234, Total: 197_000, Rate: 8_123, Remaining: 14 * time.Second}}
	all["filling"] = v

	v = pair()
	v.Twin.At = night.Add(-14 * time.Minute)
	v.Link = &Link{State: "unreachable", Since: night.Add(-14 * time.Minute), Text: "dial tcp 10.0.0.12:22: no route to host"}
	*v.Own.Twin.SeenAt = v.Twin.At
	v.Own.Alarms = []node.Alarm{alarm("warning", "cms-b cannot be reached: what it hears is not known here")}
	v.Own.Ready = node.Readiness{Promote: true, Because: []string{"cms-b cannot be reached", "the last sync was 14 minutes ago"}}
	v.Own.Sync = &node.SyncDocument{State: "disconnected", Word: "DISCONNECTED", Pending: 3}
	v.Own.Maintenance = &node.MaintenanceDocument{Reason: "new disks"}
	all["unreachable"] = v

	v = pair()
	v.Own.Role, v.Twin.Document.Role = node.Secondary, node.Primary
	v.Own.Name, v.Twin.Document.Name, v.Own.Twin.Name = "cms-b", "cms-a", "cms-a"
	v.Own.Feeds[0], v.Twin.Document.Feeds[0] = down("pbx", 95*time.Second), down("pbx", 97*time.Second)
	v.Gaps, v.Twin.Gaps = []history.Gap{gap(4, 95*time.Second, -1, history.GapOpen)}, []history.Gap{gap(9, 97*time.Second, -1, history.GapOpen)}
	v.Own.Alarms = []node.Alarm{alarm("error", `feed "pbx" is down: tls://pbx.example:5039: no answer within 10s; tcp://10.0.0.5:5038: connection refused; it is tried again every 5 seconds`)}
	v.Own.Alarms[0].Code = "feed_down"
	all["deaf"] = v

	v = pair()
	v.Own.Running, v.Own.PID = false, 0
	v.Own.Feeds[0], v.Twin.Gaps, v.Twin.Document.Feeds[0].GapsOpen = down("pbx", time.Hour), nil, 2
	v.Own.Ready = node.Readiness{Because: []string{"twind does not run on cms-a"}}
	v.Failed, v.Looked = errors.New("database is locked"), night.Add(-9*time.Second)
	all["stopped"] = v

	all["hostile"] = hostile()
	all["crowd"] = crowd()

	return all
}

// hostile is foreign text wherever there can be any.
func hostile() view {
	v := pair()
	f := live(evil)
	f.State, f.Error, f.Address, f.Incarnation = evil, evil, evil, evil
	v.Own.Name, v.Own.Version, v.Own.Feeds = evil, evil, []node.FeedDocument{f, live("-rf; $(id) 'x'")}
	v.Twin.Document.Feeds[1].Error = evil
	v.Own.Twin.State, v.Link.State, v.Link.Text = evil, evil, evil
	v.Own.Timetables.Coming = []node.NextRun{{Timetable: evil}}
	v.Own.People.Sessions = []node.PersonDocument{{Login: evil}}
	v.Own.Alarms, v.Twin.Document.Alarms = []node.Alarm{alarm(evil, evil)}, []node.Alarm{alarm("error", evil)}
	v.Gaps = []history.Gap{{ID: 1, Feed: evil, Reason: evil, State: history.GapOpen}}
	v.Fills = []Filling{{Feed: evil, From: evil, To: evil}}
	return v
}

// crowd is more than fits.
func crowd() view {
	v := pair()
	for i := range 40 {
		v.Own.Feeds = append(v.Own.Feeds, live(fmt.Sprintf("branch-%02d", i)))
		v.Twin.Document.Feeds = append(v.Twin.Document.Feeds, live(fmt.Sprintf("branch-%02d", i)))
	}
	v.Own.Feeds[30] = down("branch-28", 3*time.Hour)
	for i := range 25 {
		at := time.Duration(i+1) * time.Hour
		v.Gaps = append(v.Gaps, gap(int64(i), at, at-time.Duration(i)*time.Minute, history.GapOpen))
	}
	v.Own.Alarms = []node.Alarm{
		alarm("warning", "the clocks of cms-a and cms-b differ by 1.7 s"),
		alarm("error", "nothing can be stored: database or disk is full: 16 MiB were kept in reserve and have been given up"),
		alarm("warning", "feeds differ between the twins: see twinctl config diff"),
	}
	return v
}
