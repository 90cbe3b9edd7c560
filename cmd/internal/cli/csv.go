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
	what := fmt.Sprintf("%d texts that a spreadsheet would take for formulas have", guarded)
	if guarded == 1 {
		what = "1 text that a spreadsheet would take for a formula has"
	}
	if err == nil && guarded > 0 {
		fmt.Fprintf(c.Err, "%s a %s in front; --unguarded writes texts as they are\n", what, guard)
	}
	return err
}

// WriteCSV writes the table for spreadsheets: numbers as they are. If guarding,
// a text that a spreadsheet would take for a formula gets a quote in front, and
// it returns how many did.
func (t Table) WriteCSV(w io.Writer, guarding bool) (guarded int, err error) {
	out := csv.NewWriter(w)
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = c.Name
	}
	if err := out.Write(header); err != nil {
		return 0, err
	}
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = inert.Text(cell)
			if guarding && isFormula(cells[i]) && !(t.Columns[i].Number && isNumber(cell)) {
				cells[i] = guard + cells[i]
				guarded++
			}
		}
		if err := out.Write(cells); err != nil {
			return guarded, err
		}
	}
	out.Flush()
	return guarded, out.Error()
}

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
