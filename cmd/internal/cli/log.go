package cli

import (
	"io"
	"log/slog"

	"github.com/twinctl/twin/collector/inert"
)

// NewLogger returns a logger that writes for people if w is a terminal, and
// JSON, a line per record, otherwise. Either way foreign text in a record is
// harmless to look at.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return NewLoggerFor(w, IsTerminal(w), level)
}

// NewLoggerFor is NewLogger where it is known whether people read what is written
// to w.
func NewLoggerFor(w io.Writer, people bool, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if people {
		return slog.New(slog.NewTextHandler(w, options)) // quotes what does not print
	}
	return slog.New(slog.NewJSONHandler(inertWriter{w}, options))
}

// inertWriter is for a handler that writes a whole record of JSON at a time.
type inertWriter struct{ w io.Writer }

func (i inertWriter) Write(line []byte) (int, error) {
	if _, err := i.w.Write(inert.JSON(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}
