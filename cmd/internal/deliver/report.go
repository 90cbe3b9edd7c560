package deliver

import (
	"fmt"
	"strings"

	"github.com/twinctl/twin/collector/inert"
)

// A Mailing is a report on its way to people.
type Mailing struct {
	Title   string   `json:"title"`
	Period  string   `json:"period"`  // in words; "" where it is of no time
	Summary []string `json:"summary"` // what it comes to, and what a reader must know
	By      string   `json:"by"`      // who, or which timetable, had it sent
	Files   []File   `json:"files"`
}

// write says what is attached, and what it comes to.
func (r Mailing) write(b *strings.Builder) {
	for _, line := range r.Summary {
		fmt.Fprintln(b, inert.Text(line))
	}
	if len(r.Summary) > 0 {
		b.WriteByte('\n')
	}
	for _, f := range r.Files {
		fmt.Fprintf(b, "%-10s %s, %s\n", "attached", inert.Text(f.Name), purpose(f.Type))
	}
}

func purpose(contentType string) string {
	switch contentType {
	case PageType:
		return "a page to read and to print"
	case SheetType:
		return "for a spreadsheet; its times are UTC"
	default:
		return contentType
	}
}

// What reports are attached as.
const (
	PageType  = "text/html; charset=utf-8"
	SheetType = "text/csv; charset=utf-8"
)
