package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
)

// A rowWriter writes records as they are exported, or what they tell.
type rowWriter struct {
	out     *bufio.Writer
	put     func(history.Row) error // into line
	feed    string
	server  string
	omit    []string
	cursors bool
	newest  record.Instant // of all that were written: where the other twin goes on
	kinds   map[int]feed.Kind
	decode  acd.Decoder // nil: the records themselves are wanted
	events  []acd.Event
	line    bytes.Buffer
	enc     *json.Encoder
	csv     *cli.CSVWriter // nil where the format is another
}

// An exportedRow is a record as a line of JSON.
type exportedRow struct {
	Feed      string         `json:"feed"`
	At        record.Instant `json:"at"`
	Digest    string         `json:"digest"`
	N         uint32         `json:"n"`
	Kind      string         `json:"kind,omitempty"`
	Origin    string         `json:"origin,omitempty"`
	Raw       *string        `json:"raw,omitempty"`
	RawBase64 *string        `json:"raw_base64,omitempty"`
	Cursor    string         `json:"cursor,omitempty"`
}

func (e *exportCall) rows(ctx context.Context, out *bufio.Writer, call *cli.Call, s *site) (*rowWriter, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	w := &rowWriter{
		out: out, feed: e.feed, server: self.Server, omit: e.omit, cursors: e.follow || e.after != "",
		kinds: map[int]feed.Kind{}, decode: e.decode,
	}
	for _, k := range collector.Kinds() {
		w.kinds[k.Code] = k
	}
	w.enc = json.NewEncoder(&w.line)
	w.enc.SetEscapeHTML(false)
	switch {
	case call.Format == cli.CSV:
		return w, w.beginCSV(!call.Unguarded)
	case call.Format == rawFormat:
		w.put = w.putRaw
	case e.decode != nil:
		w.put = w.putEvents
	default:
		w.put = func(r history.Row) error { return w.putJSON(w.row(r)) }
	}
	return w, nil
}

func (w *rowWriter) write(r history.Row) error {
	w.newest = max(w.newest, r.At)
	w.line.Reset()
	if err := w.put(r); err != nil {
		return err
	}
	_, err := w.out.Write(w.line.Bytes())
	return err
}

// putJSON puts a line of JSON behind what is there.
func (w *rowWriter) putJSON(v any) error {
	from := w.line.Len()
	if err := w.enc.Encode(v); err != nil {
		return err
	}
	line := w.line.Bytes()[from:]
	if harmless := inert.JSON(line); len(harmless) != len(line) {
		w.line.Truncate(from)
		w.line.Write(harmless)
	}
	return nil
}

func (w *rowWriter) putRaw(r history.Row) error {
	w.line.Write(r.Raw)
	w.line.WriteString(w.kinds[r.Kind].Suffix)
	return nil
}

func (w *rowWriter) row(r history.Row) exportedRow {
	row := exportedRow{Feed: w.feed, At: r.At, Digest: r.Digest.String(), N: r.N, Cursor: w.cursor(r)}
	if !slices.Contains(w.omit, "kind") {
		row.Kind = w.kinds[r.Kind].Name
	}
	if !slices.Contains(w.omit, "origin") {
		row.Origin = r.Origin.String()
	}
	if utf8.Valid(r.Raw) {
		text := string(r.Raw)
		row.Raw = &text
	} else {
		text := base64.StdEncoding.EncodeToString(r.Raw)
		row.RawBase64 = &text
	}
	return row
}

// cursor is that of a record, "" where none is wanted.
func (w *rowWriter) cursor(r history.Row) string {
	if !w.cursors {
		return ""
	}
	return cursor{Server: w.server, Seq: r.Seq, Newest: w.newest, Feed: w.feed}.String()
}

// overlap is how far back a reader is sent again what it may have, when it
// comes with a cursor of the other twin: the two heard in different order.
const overlap = 10 * record.Minute

// A cursor is where a reader stopped: exactly on the server that gave it, and
// by time on the other.
type cursor struct {
	Server string
	Seq    int64
	Newest record.Instant // of all records up to it
	Feed   string         // "" in cursors of old
}

var errCursor = errors.New("not a cursor: want the \"cursor\" of an exported record, whole")

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %d %d %s", c.Server, c.Seq, int64(c.Newest), c.Feed))
}

func parseCursor(text string) (cursor, error) {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return cursor{}, fmt.Errorf("%q: %w", text, errCursor)
	}
	var c cursor
	var newest int64
	parts := strings.SplitN(string(plain), " ", 4) // a feed's name may hold spaces
	if len(parts) < 3 {
		return cursor{}, fmt.Errorf("%q: %w", text, errCursor)
	}
	if n, err := fmt.Sscan(parts[1]+" "+parts[2], &c.Seq, &newest); n != 2 || err != nil {
		return cursor{}, fmt.Errorf("%q: %w", text, errCursor)
	}
	c.Server, c.Newest = parts[0], record.Instant(newest)
	if len(parts) == 4 {
		c.Feed = parts[3]
	}
	return c, nil
}
