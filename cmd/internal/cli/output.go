package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/inert"
)

// A Format is how a verb writes its data.
type Format string

// The formats. Not every verb has each.
const (
	Text  Format = "table" // for people
	JSON  Format = "json"  // one document
	JSONL Format = "jsonl" // one object a line
	CSV   Format = "csv"
	HTML  Format = "html" // one page that needs no other file
	MD    Format = "md"   // Markdown, a sheet to hand out
)

// A View is the same data in all formats that the verb has; the parts for the
// others may be left out.
type View struct {
	Document any           // json
	Lines    iter.Seq[any] // jsonl
	Table    Table         // table and csv
}

// Show writes the data in the format that was asked for, but for html and md,
// which a verb writes itself.
func (c *Call) Show(v View) error {
	switch c.Format {
	case JSON:
		return WriteJSON(c.Out, v.Document)
	case JSONL:
		return writeLines(c.Out, v.Lines)
	case CSV:
		return c.writeCSV(v.Table)
	default:
		return v.Table.WriteText(c.Out)
	}
}

// Each returns the elements as the lines of a View.
func Each[T any](elements []T) iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, e := range elements {
			if !yield(e) {
				return
			}
		}
	}
}

// WriteJSON writes one document, indented, that is harmless on a terminal.
func WriteJSON(w io.Writer, document any) error { return writeJSON(w, document, "  ") }

func writeLines(w io.Writer, lines iter.Seq[any]) error {
	for line := range lines {
		if err := writeJSON(w, line, ""); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(inert.JSON(b.Bytes()))
	return err
}

// A Table is rows of text below named columns.
type Table struct {
	Columns []Column
	Rows    [][]string // each as long as Columns
}

// A Column is one column of a Table.
type Column struct {
	Name   string // lower case, with underscores: the name that JSON has for it
	Number bool   // stands to the right
	Maybe  bool   // an empty cell is a value that is not known: people see a dash
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// WriteText writes the table for people: a header, and columns as wide as
// their widest cell.
func (t Table) WriteText(w io.Writer) error {
	lines := make([][]string, 0, len(t.Rows)+1)
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = strings.ToUpper(strings.ReplaceAll(c.Name, "_", " "))
	}
	lines = append(lines, header)
	for _, row := range t.Rows {
		shown := make([]string, len(row))
		for i, cell := range row {
			shown[i] = inert.Text(cell)
			if cell == "" && t.Columns[i].Maybe {
				shown[i] = "-"
			}
		}
		lines = append(lines, shown)
	}
	widths := t.widths(lines)
	var b bytes.Buffer
	for _, line := range lines {
		t.writeLine(&b, line, widths)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Width returns how many columns WriteText needs.
func (t Table) Width() int {
	var text bytes.Buffer
	_ = t.WriteText(&text) // a buffer takes everything
	widest := 0
	for line := range strings.SplitSeq(text.String(), "\n") {
		widest = max(widest, utf8.RuneCountInString(line))
	}
	return widest
}

func (t Table) widths(lines [][]string) []int {
	widths := make([]int, len(t.Columns))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

func (t Table) writeLine(b *bytes.Buffer, cells []string, widths []int) {
	var line strings.Builder
	for i, cell := range cells {
		if i > 0 {
			line.WriteString("  ")
		}
		space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if t.Columns[i].Number {
			line.WriteString(space + cell)
		} else {
			line.WriteString(cell + space)
		}
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}
