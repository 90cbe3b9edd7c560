package app

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/node"
)

// An alarm is one through restarts: it is told once, to whom its severity is
// for, and ends when it is not raised any more.
func TestAlarmBook(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	edit := func(key, severity string) admin.Edit {
		return admin.Edit{Kind: "target", Key: key, Body: admin.Body{"type": "exec", "address": key, "severity": severity}}
	}
	administer(t, data, edit("all", "warning"), edit("worst", "error"), edit("none", "none"))
	s := silent(oneFeed, t, data)
	s.cfg.Deliver.AlarmsTo = "mail:noc@example.com, exec:all"
	now := time.Now()
	down := node.Alarm{Code: "feed_down", Object: "log", Severity: "error", Since: wholeSecond(now), Text: "down"}
	low := node.Alarm{Code: "disk_low", Severity: "warning", Since: wholeSecond(now), Text: "low"}
	keep := func(b alarmBook, alarms ...node.Alarm) []node.Alarm {
		t.Helper()
		got, err := b.keep(context.WithoutCancel(t.Context()), alarms, s.letters)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	begun := alarmBook{data.Node, now}
	got := keep(begun, down, low)
	if got[0].ID != 1 || got[1].ID != 2 {
		t.Errorf("%+v", got)
	}
	if got := keep(begun, low, down); got[1].ID != 1 {
		t.Errorf("%+v", got)
	}
	var told []string
	messages, err := data.Node.Messages(t.Context(), 0)
	for _, m := range messages {
		told = append(told, m.About+" "+m.Receiver)
	}
	want := []string{
		"alarm/1 exec:all", "alarm/1 exec:worst", "alarm/1 mail:noc@example.com", "alarm/2 exec:all", "alarm/2 mail:noc@example.com",
	}
	if diff := cmp.Diff(want, told); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := data.Node.AckAlarms(t.Context(), []int64{1}, "", "ann"); err != nil {
		t.Fatal(err)
	}
	keep(begun) // just started: they may be raised again
	if got := keep(begun, down); got[0].ID != 1 || got[0].AckedBy != "ann" {
		t.Errorf("%+v", got)
	}
	long := alarmBook{data.Node, now.Add(-bookGrace)}
	keep(long, down)
	kept, err := data.Node.Alarms(t.Context(), 0)
	if err != nil || len(kept) != 2 || kept[0].Ended != nil || kept[1].Ended == nil {
		t.Errorf("%+v, %v", kept, err)
	}
	if messages, err := data.Node.Messages(t.Context(), 0); err != nil || len(messages) != len(want) {
		t.Errorf("%d messages, %v", len(messages), err)
	}
}

// That somebody cannot be told is not told to them.
func TestUndeliveredIsToldToOthers(t *testing.T) {
	l := letters{always: []string{"mail:a@example.com", "mail:b@example.com", "exec:c"}, unreached: []string{"mail:a@example.com", "mail:b@example.com"}}
	messages, err := l.ofAlarm(node.KeptAlarm{ID: 1, Code: "undelivered", Object: "mail:a@example.com"})
	if err != nil || len(messages) != 1 || messages[0].Receiver != "exec:c" {
		t.Errorf("%+v, %v", messages, err)
	}
}

func TestOwnAlarms(t *testing.T) {
	s := silent(oneFeed, t, primary(t, configured(t, oneFeed)))
	s.lookout.logins = []loggedInTwice{{"log", "ann", "PJSIP/1, PJSIP/2"}}
	s.lookout.leaveOut(time.Now(), 3)
	live := node.FeedDocument{Name: "log", State: string(feed.Live), GapsOpen: 2}
	deaf := node.FeedDocument{Name: "pbx", State: string(feed.Down), GapsOpen: 1}
	old := node.Moment(time.Now().Add(-2 * undeliveredAfter).UnixMicro())
	var codes []string
	for _, c := range s.ownAlarms(node.Document{Feeds: []node.FeedDocument{live, deaf}}, []node.Undelivered{
		{Receiver: "mail:a@example.com", Waiting: 1, Since: node.Moment(time.Now().UnixMicro())},
		{Receiver: "mail:b@example.com", Waiting: 1, Since: old},
		{Receiver: "mail:c@example.com", GivenUp: 1, Since: old},
	}) {
		if c.code != "disk_low" { // of this machine
			codes = append(codes, c.code+" "+c.of)
		}
	}
	want := []string{"gap_open log", "agent_twice log ann", "too_many_crossings ", "undelivered mail:b@example.com", "undelivered mail:c@example.com"}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Error(diff)
	}
}
