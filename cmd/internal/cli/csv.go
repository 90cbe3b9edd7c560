package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/inert"
)

// guard stands in front of a text that a spreadsheet would take for a formula.
const guard = "'"

// writeCSV writes the table for spreadsheets, and tells of what was guarded.
func (c *Call) writeCSV(t Table) error {
	guarded, err := t.WriteCSV(c.Out, !c.Unguarded)
	if err == nil {
		c.TellGuarded(guarded)
	}
	return err
}

// TellGuarded tells how many texts were guarded, if any.
func (c *Call) TellGuarded(guarded int) {
	what := fmt.Sprintf("%d texts that a spreadsheet would take for formulas have", guarded)
	switch guarded {
	case 0:
		return
	case 1:
		what = "1 text that a spreadsheet would take for a formula has"
	}
	fmt.Fprintf(c.Err, "%s a %s in front; --unguarded writes texts as they are\n", what, guard)
}

// WriteCSV writes the table for spreadsheets: numbers as they are. If guarding,
// a text that a spreadsheet would take for a formula gets a quote in front, and
// it returns how many did.
func (t Table) WriteCSV(w io.Writer, guarding bool) (guarded int, err error) {
	out := NewCSVWriter(w, t.Columns, guarding)
	if err := out.Header(); err != nil {
		return 0, err
	}
	for _, row := range t.Rows {
		if err := out.Row(row); err != nil {
			return out.Guarded(), err
		}
	}
	return out.Guarded(), out.Flush()
}

// A CSVWriter writes a table as WriteCSV does, a row at a time.
type CSVWriter struct {
	out      *csv.Writer
	columns  []Column
	cells    []string
	guarding bool
	guarded  int
}

// NewCSVWriter returns one that has written nothing yet.
func NewCSVWriter(w io.Writer, columns []Column, guarding bool) *CSVWriter {
	return &CSVWriter{out: csv.NewWriter(w), columns: columns, cells: make([]string, len(columns)), guarding: guarding}
}

// Header writes the names of the columns.
func (w *CSVWriter) Header() error {
	for i, c := range w.columns {
		w.cells[i] = c.Name
	}
	return w.out.Write(w.cells)
}

// Row writes a row, which has a cell for each column.
func (w *CSVWriter) Row(row []string) error {
	for i, cell := range row {
		w.cells[i] = inert.Text(cell)
		if w.guarding && isFormula(w.cells[i]) && !(w.columns[i].Number && isNumber(cell)) {
			w.cells[i] = guard + w.cells[i]
			w.guarded++
		}
	}
	return w.out.Write(w.cells)
}

// Flush writes out what Header and Row kept.
func (w *CSVWriter) Flush() error {
	w.out.Flush()
	return w.out.Error()
}

// Guarded returns how many texts were.
func (w *CSVWriter) Guarded() int { return w.guarded }

// isFormula reports whether a spreadsheet would work out the cell: by its first
// character, of which some know the wide form too.
func isFormula(cell string) bool {
	first, _ := utf8.DecodeRuneInString(cell)
	return cell != "" && strings.ContainsRune("=+-@＝＋－＠", first)
}

func isNumber(cell string) bool {
	_, err := strconv.ParseFloat(cell, 64)
	return err == nil
}
