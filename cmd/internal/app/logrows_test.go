package app

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/node"
)

func TestLogRowsKeepsWarningsAndErrors(t *testing.T) {
	rows := newLogRows(slog.DiscardHandler)
	log := slog.New(rows)
	log.Info("connected")
	log.With("feed", "pbx").Warn("lost", "err", errors.New("reset"), "attempt", 2)
	log.WithGroup("disk").With("free", 0).Error("full", "dir", "/data")
	log.WithGroup("").Debug("nothing")

	type row struct {
		Level   slog.Level
		Message string
		Attrs   map[string]string
	}
	var got []row
	for _, e := range rows.take() {
		r := row{Level: e.Level, Message: e.Message}
		if err := json.Unmarshal(e.Attrs, &r.Attrs); err != nil {
			t.Fatal(err)
		}
		if e.At == 0 {
			t.Errorf("%q has no time", e.Message)
		}
		got = append(got, r)
	}
	want := []row{
		{slog.LevelWarn, "lost", map[string]string{"feed": "pbx", "err": "reset", "attempt": "2"}},
		{slog.LevelError, "full", map[string]string{"disk.free": "0", "disk.dir": "/data"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLogRowsNeverBlocks(t *testing.T) {
	rows := newLogRows(slog.DiscardHandler)
	log := slog.New(rows)
	for range 10 * rowQueue {
		log.Error("a storm")
	}
	kept := 0
	for batch := rows.take(); len(batch) > 0; batch = rows.take() {
		if len(batch) > rowsStored {
			t.Errorf("%d rows at a time", len(batch))
		}
		kept += len(batch)
	}
	if kept != rowQueue {
		t.Errorf("%d rows were kept, want %d", kept, rowQueue)
	}
}

func TestOneStormLeavesRoomInTheRows(t *testing.T) {
	begun := time.Now()
	s := sieve{since: begun, said: map[string]int{}}
	said := func(message string, times int, after time.Duration, last bool) map[string]int {
		entries := slices.Repeat([]node.Entry{{Message: message}}, times)
		got := map[string]int{}
		for _, e := range s.sift(entries, begun.Add(after), last) {
			got[e.Message+strings.TrimPrefix(string(e.Attrs), "null")]++
		}
		return got
	}
	for _, c := range []struct {
		message string
		times   int
		after   time.Duration
		last    bool
		want    map[string]int
	}{
		{"storm", 15, time.Second, false, map[string]int{"storm": 15}},
		{"storm", 100, 2 * time.Second, false, map[string]int{"storm": 5}},
		{"another", 1, 3 * time.Second, false, map[string]int{"another": 1}},
		{"storm", 3, time.Minute, false, map[string]int{`and more: storm{"times":98}`: 1}},
		{"storm", 30, 2*time.Minute - time.Second, false, map[string]int{"storm": 20}},
		{"storm", 0, 2*time.Minute - time.Second, true, map[string]int{`and more: storm{"times":10}`: 1}},
	} {
		if diff := cmp.Diff(c.want, said(c.message, c.times, c.after, c.last)); diff != "" {
			t.Errorf("%d after %s (-want +got):\n%s", c.times, c.after, diff)
		}
	}
}
