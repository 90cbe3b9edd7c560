package app

import (
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
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
