package app

import (
	"context"
	"encoding/json"
	"errors"
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
	group string // prefix of the keys
	attrs []slog.Attr
}

func newLogRows(next slog.Handler) *logRows {
	return &logRows{Handler: next, rows: make(chan node.Entry, rowQueue)}
}

// Enabled implements slog.Handler: rows are kept however quiet stderr shall be.
func (h *logRows) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *logRows) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		select {
		case h.rows <- h.entry(r):
		default:
		}
	}
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *logRows) WithAttrs(attrs []slog.Attr) slog.Handler {
	all := append([]slog.Attr(nil), h.attrs...)
	for _, a := range attrs {
		a.Key = h.group + a.Key
		all = append(all, a)
	}
	return &logRows{Handler: h.Handler.WithAttrs(attrs), rows: h.rows, group: h.group, attrs: all}
}

// WithGroup implements slog.Handler.
func (h *logRows) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &logRows{Handler: h.Handler.WithGroup(name), rows: h.rows, group: h.group + name + ".", attrs: h.attrs}
}

func (h *logRows) entry(r slog.Record) node.Entry {
	fields := map[string]string{}
	for _, a := range h.attrs {
		fields[a.Key] = a.Value.Resolve().String()
	}
	r.Attrs(func(a slog.Attr) bool {
		fields[h.group+a.Key] = a.Value.Resolve().String()
		return true
	})
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
	sift := sieve{since: time.Now(), said: map[string]int{}}
	for running := true; running; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			running = false
		}
		if batch := sift.sift(h.take(), time.Now(), !running); len(batch) > 0 {
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

// WithLog runs serve with a log of which warnings and errors become rows of
// node.db, as twind's do, and of which nothing is said elsewhere: it is for a
// process whose standard error another one reads.
func WithLog(ctx context.Context, db *node.DB, serve func(*slog.Logger) error) error {
	rows := newLogRows(slog.DiscardHandler)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	kept := make(chan error, 1)
	go func() { kept <- rows.keep(ctx, db) }()
	err := serve(slog.New(rows))
	stop()
	return errors.Join(err, <-kept)
}
