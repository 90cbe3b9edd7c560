package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/node"
)

// paired is a primary that is well, with a feed and a twin.
func paired() node.Document {
	role := node.Secondary
	return node.Document{
		Name: "cms-a", Role: node.Primary, Epoch: 3, Running: true, Store: "ok",
		Feeds: []node.FeedDocument{{Name: "pbx", State: "live"}},
		Twin:  &node.TwinDocument{Name: "cms-b", State: "ok", Role: &role},
		Sync:  &node.SyncDocument{State: "in_sync", Word: "IN SYNC"},
		Ready: node.Readiness{Switchover: true}, Timetables: &node.TimetablesDocument{},
	}
}

// TestPlainBegins holds what is told of a server before anything changes.
func TestPlainBegins(t *testing.T) {
	want := []string{
		"cms-a is primary, epoch 3", "twind runs", "the twin cms-b, secondary, is ok", "sync: IN SYNC",
		"ready to switch over: yes, to promote: no", "feed pbx is heard", "feed pbx has no gap open",
	}
	if diff := cmp.Diff(want, changes(nil, factsOf(paired()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPlainChanges holds what is a change, and that what moves by itself is none.
func TestPlainChanges(t *testing.T) {
	alarm := node.Alarm{Code: "feed_down", Object: "pbx", Severity: "error", Text: "feed \"pbx\" is down"}
	for name, c := range map[string]struct {
		before, after func(*node.Document)
		want          []string
	}{
		"nothing": {},
		"counts, rates and ages": {after: func(d *node.Document) {
			f, at := &d.Feeds[0], time.Unix(9, 0)
			f.Records, f.Rate, f.Duplicates, f.CoveredUntil = 7, 3.5, 2, new(node.Moment)
			d.Twin.SeenAt, d.Sync.Pending, d.Sync.CheckedAt, d.PID = &at, 4, new(node.Moment), 77
			d.Ready.Because, d.Timetables.Next = []string{"since 3 s"}, &node.NextRun{}
		}},
		"role":                                  {after: func(d *node.Document) { d.Role, d.Epoch = node.Secondary, 4 }, want: []string{"cms-a is secondary, epoch 4"}},
		"twind":                                 {after: func(d *node.Document) { d.Running = false }, want: []string{"twind is not running"}},
		"twin":                                  {after: func(d *node.Document) { d.Twin.State, d.Twin.Error = "mute", "no answer" }, want: []string{"the twin cms-b, secondary, is mute: no answer"}},
		"twin comes to be known":                {before: func(d *node.Document) { d.Twin = nil }, want: []string{"the twin cms-b, secondary, is ok", "ready to switch over: yes, to promote: no"}},
		"feed down":                             {after: func(d *node.Document) { d.Feeds[0].State, d.Feeds[0].Error = "down", "refused" }, want: []string{"feed pbx is not heard: refused"}},
		"feed tries again":                      {before: func(d *node.Document) { d.Feeds[0].State, d.Feeds[0].Error = "down", "refused" }, after: func(d *node.Document) { d.Feeds[0].State = "connecting" }},
		"feed up":                               {before: func(d *node.Document) { d.Feeds[0].State = "connecting" }, want: []string{"feed pbx is heard"}},
		"gap opened":                            {after: func(d *node.Document) { d.Feeds[0].GapsOpen = 1 }, want: []string{"feed pbx has 1 gap open"}},
		"gap filled":                            {before: func(d *node.Document) { d.Feeds[0].GapsOpen = 2 }, want: []string{"feed pbx has no gap open"}},
		"sync":                                  {after: func(d *node.Document) { d.Sync.State, d.Sync.Word = "conflict", "CONFLICT" }, want: []string{"sync: CONFLICT"}},
		"not ready":                             {after: func(d *node.Document) { d.Ready = node.Readiness{Because: []string{"no sync", "x"}} }, want: []string{"ready to switch over: no, to promote: no: no sync"}},
		"alarm":                                 {after: func(d *node.Document) { d.Alarms = []node.Alarm{alarm} }, want: []string{"alarm, error: feed \"pbx\" is down"}},
		"alarm ended":                           {before: func(d *node.Document) { d.Alarms = []node.Alarm{alarm} }, want: []string{"no longer an alarm: feed \"pbx\" is down"}},
		"twind ended, and looks after no alarm": {before: func(d *node.Document) { d.Alarms = []node.Alarm{alarm} }, after: func(d *node.Document) { d.Running, d.Store = false, "" }, want: []string{"twind is not running"}},
		"twind began, and says nothing yet":     {before: func(d *node.Document) { d.Alarms, d.Running, d.Store = []node.Alarm{alarm}, false, "" }, after: func(d *node.Document) { d.Store = "" }, want: []string{"twind runs"}},
		"failed": {after: func(d *node.Document) {
			d.Timetables.Failed = []node.FailedRun{{Timetable: "nightly", Run: 7, Reason: "no room"}}
		}, want: []string{"timetable nightly failed, run 7: no room"}},
		"failed no more": {before: func(d *node.Document) { d.Timetables.Failed = []node.FailedRun{{Timetable: "nightly", Run: 7}} }},
	} {
		before, after := paired(), paired()
		if c.before != nil {
			c.before(&before)
		}
		if c.after != nil {
			c.after(&after)
		}
		if diff := cmp.Diff(c.want, changes(factsOf(before), carried(factsOf(before), after))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestPlainFailedBefore holds that a failure is no change where twind began again,
// and has not read its timetables at first.
func TestPlainFailedBefore(t *testing.T) {
	failed, stopped, began := paired(), paired(), paired()
	failed.Timetables.Failed = []node.FailedRun{{Timetable: "nightly", Run: 7, Reason: "no room"}}
	stopped.Running, stopped.Store, began.Timetables = false, "", nil
	facts, told := factsOf(failed), []string{}
	for _, doc := range []node.Document{stopped, began, failed} {
		after := carried(facts, doc)
		told, facts = append(told, changes(facts, after)...), after
	}
	if diff := cmp.Diff([]string{"twind is not running", "twind runs"}, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
