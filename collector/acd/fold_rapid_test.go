package acd_test

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

var allTypes = []acd.Type{
	acd.Offered, acd.Refused, acd.Called, acd.RingNoAnswer, acd.RingCanceled, acd.Answered, acd.Completed, acd.Abandoned,
	acd.TimedOut, acd.LeftByKey, acd.LeftEmpty, acd.Left, acd.Outcome, acd.LoggedIn, acd.LoggedOut, acd.Paused, acd.Unpaused,
	acd.AgentState, acd.CallLeg, acd.Restarted, acd.Other, "",
}

// anything draws an event of whatever kind, some time after the last one.
func anything(t *rapid.T, last record.Instant) acd.Event {
	span := func(label string) acd.Span {
		if rapid.Bool().Draw(t, label+" unknown") {
			return acd.Span{}
		}
		return acd.Spanning(record.Instant(rapid.Int64Range(0, int64(2*record.Hour)).Draw(t, label)))
	}
	e := acd.Event{
		At: last + record.Instant(rapid.OneOf(
			rapid.Just(int64(0)), rapid.Int64Range(0, 5000), rapid.Int64Range(0, int64(record.Minute)),
			rapid.Int64Range(0, int64(30*record.Minute)), rapid.Int64Range(0, int64(30*record.Hour))).Draw(t, "later")),
		Type:      rapid.SampledFrom(allTypes).Draw(t, "type"),
		Queue:     rapid.SampledFrom([]string{"", "sales", "night"}).Draw(t, "queue"),
		Agent:     rapid.SampledFrom([]string{"", "Ana", "Ben"}).Draw(t, "agent"),
		Interface: rapid.SampledFrom([]string{"", "SIP/7", "SIP/8"}).Draw(t, "phone"),
		Leg:       rapid.SampledFrom([]string{"", "1.7", "1.8", "90.1"}).Draw(t, "leg"),
		Reason:    rapid.SampledFrom([]string{"", "timeout", "leaveempty", "full", "transfer", "Mail"}).Draw(t, "reason"),
		Device:    rapid.SampledFrom([]acd.Device{"", acd.Idle, acd.InUse, acd.Ringing, acd.Unreachable}).Draw(t, "device"),
		Static:    rapid.Bool().Draw(t, "static"),
		Wait:      span("wait"), Ring: span("ring"), Talk: span("talk"),
		Record: &acd.CDR{Application: rapid.SampledFrom([]string{"Queue", "Voicemail"}).Draw(t, "did")},
	}
	if on := rapid.Bool().Draw(t, "paused"); rapid.Bool().Draw(t, "paused known") {
		e.Paused = &on
	}
	return e
}

// Whatever a feed says, an agent's time adds up and fits into the interval, no
// count is below zero in the end, and carries change nothing.
func TestFoldOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]string{"ami", "queue_log"}).Draw(t, "format")
		whole, split := acd.NewFold(format), acd.NewFold(format)
		var parts acd.Counted
		last := eight
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			e := anything(t, last)
			last = e.At
			if rapid.IntRange(0, 4).Draw(t, "carry") == 0 {
				split.Advance(e.At)
				parts = joined(parts, split.Take())
				var err error
				if split, err = acd.RestoreFold(format, split.Carry()); err != nil {
					t.Fatal(err)
				}
			}
			whole.Add(e)
			split.Add(e)
		}
		last = acd.Interval(last) + acd.IntervalWidth
		whole.Advance(last)
		split.Advance(last)
		if string(whole.Carry()) != string(split.Carry()) {
			t.Errorf("the carry is %q, of the other %q", whole.Carry(), split.Carry())
		}
		all := whole.Take()
		parts = joined(parts, split.Take())
		if diff := gocmp.Diff(columns(all.Queues), columns(parts.Queues)); diff != "" {
			t.Errorf("whole, split: %s", diff)
		}
		if diff := gocmp.Diff(agentColumns(all.Agents), agentColumns(parts.Agents)); diff != "" {
			t.Errorf("whole, split: %s", diff)
		}
		for name, row := range columns(all.Queues) {
			neverBelowZero(t, name, row)
		}
		for name, row := range agentColumns(all.Agents) {
			neverBelowZero(t, name, row)
			addsUp(t, name, row)
		}
	})
}

func neverBelowZero(t *rapid.T, name string, row map[string]int64) {
	for column, n := range row {
		if n < 0 {
			t.Errorf("%s: %s is %d", name, column, n)
		}
	}
}

func addsUp(t *rapid.T, name string, row map[string]int64) {
	parts := row["available"] + row["paused"] + row["ringing"] + row["talk"] + row["other"]
	if parts != row["staffed"] {
		t.Errorf("%s: the parts are %d of %d: %v", name, parts, row["staffed"], row)
	}
	if width := int64(acd.IntervalWidth); row["staffed"]+row["unknown"] > width {
		t.Errorf("%s: longer than the interval: %v", name, row)
	}
	var reasons int64
	for column, n := range row {
		if strings.HasPrefix(column, "paused for ") {
			reasons += n
		}
	}
	if reasons != row["paused"] {
		t.Errorf("%s: the reasons are %d of %d: %v", name, reasons, row["paused"], row)
	}
}

// What both formats tell of the same agents is the same, but for the seconds
// that a file rounds to, and for what was before the first line.
func TestFormatsAgreeOfAgents(t *testing.T) {
	ami := agentColumns(folded("ami", understood(t, keyed(t, "varied-a.ami.gz", "ami"), "ami")).Agents)
	file := agentColumns(folded("queue_log", understood(t, keyed(t, "varied-queue_log.gz", "queue_log"), "queue_log")).Agents)
	for _, all := range []map[string]map[string]int64{ami, file} {
		for _, row := range all {
			delete(row, "unknown") // a file's QUEUESTART is earlier
		}
	}
	if len(ami) < 10 || len(ami) != len(file) {
		t.Errorf("%d rows, %d rows", len(ami), len(file))
	}
	for _, diff := range apart(ami, file, 8*record.Second) {
		t.Errorf("ami, queue_log: %s", diff)
	}
}
