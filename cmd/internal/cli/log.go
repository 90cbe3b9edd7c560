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
	options := &slog.HandlerOptions{Level: level}
	if IsTerminal(w) {
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
