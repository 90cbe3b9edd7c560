package main

import (
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

func TestGapText(t *testing.T) {
	at := func(text string) record.Instant {
		when, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return record.At(when)
	}
	to, tomorrow := at("2026-11-21T08:30:05.25Z"), at("2026-11-22T00:00:00Z")
	gaps := []history.Gap{
		{ID: 1, Feed: "pbx-log", From: at("2026-11-21T08:30:00.123456Z"), To: &to, Reason: feed.Unreachable, State: history.GapOpen, Records: 12},
		{ID: 12, Feed: "pbx", From: at("2026-11-21T08:30:00.123456Z"), To: &tomorrow, Reason: feed.Mute, State: history.GapClosed},
		{Feed: "smdr", From: to, Reason: feed.Crashed, State: history.GapOpen},
	}
	for _, c := range []struct {
		gaps    []history.Gap
		columns int
		want    string
	}{
		{gaps[:1], 120, "2026-11-21T08:30:00.123456Z  2026-11-21T08:30:05.250000Z"},
		{gaps[:1], 90, "2026-11-21T08:30:00Z  2026-11-21T08:30:05Z"},
		{gaps[:1], 80, "2026-11-21T08:30:00Z  08:30:05Z"},
		{gaps[1:], 80, "2026-11-21T08:30:00Z  2026-11-22T00:00:00Z"},
		{gaps[2:], 60, "2026-11-21T08:30:05Z  -   "},
	} {
		table := gapText(c.gaps, c.columns)
		var out strings.Builder
		if err := table.WriteText(&out); err != nil {
			t.Fatal(err)
		}
		if table.Width() > c.columns || !strings.Contains(out.String(), c.want) {
			t.Errorf("%d columns: it has %d:\n%s", c.columns, table.Width(), out.String())
		}
	}
}

func TestWriteLog(t *testing.T) {
	rows := []logEntry{{Message: "feed is down", Attrs: []byte(`{"err":"a long story of what happened at the first address \\u001b and the next","feed":"pbx"}`)}}
	var out strings.Builder
	if err := writeLog(&out, rows, 40); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(out.String(), "\n") {
		if len(line) > 40 || strings.Contains(line, "\x1b") {
			t.Errorf("%q does not fit", line)
		}
	}
}
