package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

const (
	rowQueue   = 256         // warnings and errors that wait to be stored
	rowsPause  = time.Second // between transactions, so that a storm of errors costs little
	rowsStored = 100         // of one such pause; what is more is only on stderr
)

// logRows is a slog handler that passes everything on and keeps warnings and
// errors as rows, so that `twinctl log` can show them. It never blocks.
type logRows struct {
	slog.Handler
	rows  chan node.Entry
	attrs []slog.Attr
}

func newLogRows(next slog.Handler) *logRows {
	return &logRows{Handler: next, rows: make(chan node.Entry, rowQueue)}
}

// Handle implements slog.Handler.
func (h *logRows) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		select {
		case h.rows <- h.entry(r):
		default:
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *logRows) WithAttrs(attrs []slog.Attr) slog.Handler {
	all := append(append([]slog.Attr(nil), h.attrs...), attrs...)
	return &logRows{Handler: h.Handler.WithAttrs(attrs), rows: h.rows, attrs: all}
}

func (h *logRows) entry(r slog.Record) node.Entry {
	fields := map[string]string{}
	add := func(a slog.Attr) bool {
		fields[a.Key] = a.Value.Resolve().String()
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	attrs, err := json.Marshal(fields)
	if err != nil { // a map of text can always be written
		attrs = []byte(`{}`)
	}
	return node.Entry{At: record.At(r.Time), Level: r.Level, Message: r.Message, Attrs: attrs}
}

// keep stores the rows until ctx ends, and then what is left. Where that fails
// the entry is on stderr all the same.
func (h *logRows) keep(ctx context.Context, db *node.DB) error {
	tick := time.NewTicker(rowsPause)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			running = false
		}
		if batch := h.take(); len(batch) > 0 {
			if err := final(db.AppendLog(context.WithoutCancel(ctx), batch)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *logRows) take() []node.Entry {
	var batch []node.Entry
	for len(batch) < rowsStored {
		select {
		case e := <-h.rows:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}
