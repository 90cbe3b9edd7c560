package main

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
)

// beginCSV writes the header of a table with the fields that JSON has too, and
// has rows follow.
func (w *rowWriter) beginCSV(guarding bool) error {
	columns := rowColumns(w.omit)
	w.put = func(r history.Row) error { return w.csv.Row(w.rowCells(r)) }
	if w.decode != nil {
		columns = eventColumns()
		w.put = func(r history.Row) error {
			return w.eachEvent(r, func(e *exportedEvent) error { return w.csv.Row(w.withCursor(e.cells(), e.Cursor)) })
		}
	}
	if w.cursors {
		columns = append(columns, cli.Column{Name: "cursor"})
	}
	put := w.put
	w.put = func(r history.Row) error {
		if err := put(r); err != nil {
			return err
		}
		return w.csv.Flush()
	}
	w.csv = cli.NewCSVWriter(&w.line, columns, guarding)
	if err := w.csv.Header(); err != nil {
		return err
	}
	if err := w.csv.Flush(); err != nil {
		return err
	}
	_, err := w.out.Write(w.line.Bytes())
	return err
}

// rowColumns are those of records.
func rowColumns(omit []string) []cli.Column {
	columns := []cli.Column{{Name: "feed"}, {Name: "at"}, {Name: "digest"}, {Name: "n", Number: true}, {Name: "kind"}, {Name: "origin"}, {Name: "raw"}, {Name: "raw_base64"}}
	return slices.DeleteFunc(columns, func(c cli.Column) bool { return slices.Contains(omit, c.Name) })
}

// rowCells returns a record. What it shows for people is not always the bytes:
// then these stand beside it.
func (w *rowWriter) rowCells(r history.Row) []string {
	cells := []string{w.feed, r.At.String(), r.Digest.String(), strconv.FormatUint(uint64(r.N), 10)}
	if !slices.Contains(w.omit, "kind") {
		cells = append(cells, w.kinds[r.Kind].Name)
	}
	if !slices.Contains(w.omit, "origin") {
		cells = append(cells, r.Origin.String())
	}
	text, exact := string(r.Raw), ""
	if inert.Text(text) != text {
		exact = base64.StdEncoding.EncodeToString(r.Raw)
	}
	return w.withCursor(append(cells, text, exact), w.cursor(r))
}

func (w *rowWriter) withCursor(cells []string, cursor string) []string {
	if w.cursors {
		cells = append(cells, cursor)
	}
	return cells
}

// eventNames are the columns of events, as cells fills them; those of numbers
// have a # behind.
const eventNames = `feed at digest n# event
	call leg queue agent interface caller caller_name position# wait_s# ring_s# talk_s# reason device paused static
	duration_s# channel destination number context application data start answer end disposition account user_field sequence`

func eventColumns() (columns []cli.Column) {
	for word := range strings.FieldsSeq(eventNames) {
		name, isNumber := strings.CutSuffix(word, "#")
		columns = append(columns, cli.Column{Name: name, Number: isNumber})
	}
	return columns
}

func (e *exportedEvent) cells() []string {
	b := &e.exportedBill
	return []string{
		e.Feed, e.At.String(), e.Digest, strconv.FormatUint(uint64(e.N), 10), string(e.Event),
		e.Call, e.Leg, e.Queue, e.Agent, e.Interface, e.Caller, e.CallerName,
		placeCell(e.Position), lengthCell(e.Wait), lengthCell(e.Ring), lengthCell(e.Talk),
		e.Reason, string(e.Device), flagCell(e.Paused), staticCell(e.Static),
		lengthCell(b.Duration), b.Channel, b.Destination, b.Number,
		b.Context, b.Application, b.Data, timeCell(b.Start), timeCell(b.Answer), timeCell(b.End),
		b.Disposition, b.Account, b.UserField, b.Sequence,
	}
}

// placeCell is empty for 0, which is no place in a queue.
func placeCell(position int) string {
	if position == 0 {
		return ""
	}
	return strconv.Itoa(position)
}

func lengthCell(length *float64) string {
	if length == nil {
		return ""
	}
	return strconv.FormatFloat(*length, 'f', -1, 64)
}

func flagCell(is *bool) string {
	if is == nil {
		return ""
	}
	return strconv.FormatBool(*is)
}

// staticCell says nothing of all that are none, as JSON does.
func staticCell(is bool) string {
	if !is {
		return ""
	}
	return "true"
}

func timeCell(at *record.Instant) string {
	if at == nil {
		return ""
	}
	return at.String()
}
