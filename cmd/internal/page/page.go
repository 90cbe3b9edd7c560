// Package page writes a report as a page for people who have no shell: one
// HTML file that needs no other, runs nothing, and is good on paper too.
package page

import (
	"bytes"
	_ "embed" // the page and its style sheet
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

var (
	//go:embed page.html
	layout string
	//go:embed page.css
	style string
)

// A Report is what goes on a page.
type Report struct {
	Table report.Table
	// Course is the same with one row for each stretch of time, for the plots;
	// nil where there are to be none.
	Course *report.Table
	// Apart is the same with one row for each name, over all of the time; nil
	// where it would say nothing new.
	Apart    *report.Table
	Columns  []string // that its tables show, in order; none: all that say something
	Heading  string   // what it is called; "": after what was asked
	Meanings []string // of what the figures are, a sentence each
	Server   string
	Made     time.Time
}

// sight is what the template sees.
type sight struct {
	Style               template.CSS
	Title, Period, Zone string
	Server, Made        string
	Figures             []figure
	Heard               string
	Notes               []string
	Plots               []plotted
	Sheets              []sheet
	Meanings            []string
}

// Write writes the page. Everything foreign in it is inert text.
func Write(w io.Writer, r Report) error {
	if r.Table.Zone == nil {
		r.Table.Zone = time.UTC
	}
	t := r.Table
	s := sight{
		Style: template.CSS(style), //nolint:gosec // ours
		Title: r.Title(), Period: period(t), Zone: t.Zone.String(),
		Server: inert.Text(r.Server), Made: r.Made.In(t.Zone).Format("2 Jan 2006 15:04"),
		Figures: figures(t), Heard: heardLine(t), Meanings: r.Meanings,
	}
	for _, note := range t.Notes {
		s.Notes = append(s.Notes, sentence(inert.Text(note)))
	}
	var err error
	if r.Course != nil {
		if s.Plots, err = plots(*r.Course); err != nil {
			return err
		}
	}
	if s.Sheets, err = r.sheets(); err != nil {
		return err
	}
	page, err := template.New("page").Parse(layout)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	var out bytes.Buffer // so that nothing half is written
	if err := page.Execute(&out, s); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

// sheets returns the tables of the page.
func (r Report) sheets() (all []sheet, err error) {
	add := func(t report.Table, caption string) error {
		picked, err := t.Pick(r.Columns)
		if err != nil {
			return fmt.Errorf("page: %w", err)
		}
		laid := lay(picked, len(r.Columns) > 0)
		laid.Caption = caption
		all = append(all, laid)
		return nil
	}
	if r.Apart != nil {
		if err := add(*r.Apart, "By "+r.Table.Name); err != nil {
			return nil, err
		}
	}
	caption := "All rows"
	if r.Table.By != "" {
		caption = "By " + spoken(r.Table.By)
	}
	err = add(r.Table, caption)
	return all, err
}

// Title says what the report is, as inert text.
func (r Report) Title() string {
	if r.Heading != "" {
		return inert.Text(r.Heading)
	}
	return title(r.Table)
}

// Period says of which time it is; "" where it is of whenever something was.
func (r Report) Period() string { return period(r.Table) }

// Summary says in lines what stands large on the page, and what a reader must
// know: for those who see only that. It is inert text.
func (r Report) Summary() []string {
	var lines []string
	for _, f := range figures(r.Table) {
		said := strings.Join(strings.Fields(f.Value+" "+f.Unit+" "+f.Note), " ")
		lines = append(lines, fmt.Sprintf("%-17s %s", f.Label, said))
	}
	if heard := heardLine(r.Table); heard != "" {
		lines = append(lines, heard)
	}
	for _, note := range r.Table.Notes {
		lines = append(lines, sentence(inert.Text(note)))
	}
	return lines
}

// sentence begins with a capital and ends with a full stop.
func sentence(note string) string { return capital(strings.TrimSuffix(note, ".")) + "." }

func title(t report.Table) string {
	switch t.Name {
	case "queue":
		return "Queue report"
	case "agent":
		return "Agent report"
	case "call":
		return "Call report"
	case "exception":
		return "Exceptions"
	case "coverage":
		return "Coverage"
	case "now":
		return "How things stand"
	default:
		return inert.Text(t.Name)
	}
}

func spoken(by report.By) string {
	if by == report.HourOfDay {
		return "hour of the day"
	}
	return string(by)
}

// period says in words what was looked at.
func period(t report.Table) string {
	const day, clocks = "Monday 2 January 2006", "15:04"
	if t.Span.From <= 0 || t.Span.Empty() || t.Span.To > record.At(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)) {
		return "" // whenever it was
	}
	from, to := t.Span.From.Time().In(t.Zone), t.Span.To.Time().In(t.Zone)
	if t.Span.To == t.Span.From+1 { // a moment
		return from.Format(day + ", " + clocks + ":05")
	}
	midnights := isMidnight(from) && isMidnight(to)
	last := to
	if midnights {
		last = to.AddDate(0, 0, -1)
	}
	same := from.Format(time.DateOnly) == last.Format(time.DateOnly)
	switch {
	case midnights && same:
		return from.Format(day)
	case midnights:
		return from.Format(day) + " to " + last.Format(day)
	case same:
		return from.Format(day) + ", " + from.Format(clocks) + " to " + to.Format(clocks)
	default:
		return from.Format(day+", "+clocks) + " to " + to.Format(day+", "+clocks)
	}
}

func isMidnight(t time.Time) bool { return t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 }

// heardLine says whether the report can be relied on as a whole.
func heardLine(t report.Table) string {
	complete := columnOf(t, "complete")
	if complete < 0 || len(t.Rows) == 0 {
		return ""
	}
	part := 0
	for _, row := range t.Rows {
		if row[complete] == false {
			part++
		}
	}
	if part == 0 {
		return "Complete: every moment of this time was heard and is counted."
	}
	return fmt.Sprintf("Not complete: %d of %d rows are marked incomplete. Their time was not heard as a whole, is not over or is not counted yet. What is missing is not in the numbers; a dash is what is not known, never a zero.", part, len(t.Rows))
}
