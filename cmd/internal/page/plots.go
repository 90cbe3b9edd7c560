package page

import (
	"html/template"
	"slices"

	"github.com/twinctl/twin/collector/report"
)

// A Plot is one as the page shows it.
type plotted struct {
	Title string
	About string // what is to be seen, in words
	SVG   template.HTML
	Key   []key
}

// A key says what is drawn how.
type key struct {
	Label string
	Kind  string // bar, line or dashed
	Paint string // of the style sheet
}

const missingLabel = "incomplete"

// plots returns those that belong to a table; none for one that does not
// follow time.
func plots(t report.Table) ([]plotted, error) {
	c, ok := follow(t)
	if !ok {
		return nil, nil
	}
	var all []func(course) (plotted, error)
	switch t.Name {
	case "queue":
		all = []func(course) (plotted, error){volume, serviceLevel, waits}
	case "agent":
		all = []func(course) (plotted, error){staffing}
	case "coverage":
		all = []func(course) (plotted, error){heard}
	}
	var out []plotted
	for _, one := range all {
		p, err := one(c)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// A part is a part of a stack of bars.
type part struct {
	label string
	names []string // columns
}

// stacked draws parts of a whole on each other; scale divides the values.
func (c course) stacked(title string, m measure, scale float64, parts []part) (plotted, error) {
	p := plotted{Title: title}
	d := drawing{x: c.x, bands: c.incomplete()}
	height := make([]float64, len(c.steps))
	for i, part := range parts {
		fill := fillFirst + ink(i)
		b := c.bars(fill, height, part.names...)
		for i := range b.values {
			b.values[i] /= scale
		}
		if slices.Max(b.values) == 0 {
			continue
		}
		d.bars = append(d.bars, b)
		p.Key = append(p.Key, key{part.label, "bar", fill.paint()})
	}
	d.y = m.axis(slices.Max(height) / scale)
	return p.drawn(d)
}

// drawn finishes it.
func (p plotted) drawn(d drawing) (plotted, error) {
	if len(d.bands) > 0 {
		p.Key = append(p.Key, key{missingLabel, "bar", fillMissing.paint()})
	}
	p.About = p.Title + ", in " + d.y.label + ", by " + d.x.label + "; the numbers are in the table"
	var err error
	p.SVG, err = d.svg(p.About)
	return p, err
}

func volume(c course) (plotted, error) {
	return c.stacked("Calls by how they ended", calls(), 1, []part{
		{"answered", []string{"answered"}},
		{"abandoned", []string{"abandoned"}},
		{"timed out, left by key or left empty", []string{"timed_out", "exit_key", "exit_empty"}},
	})
}

func serviceLevel(c course) (plotted, error) {
	l, _ := c.line(line{ink: inkFirst, glyph: round()}, "service_level_pct")
	d := drawing{x: c.x, y: percent("percent").axis(0), bands: c.incomplete(), lines: []line{l}}
	return plotted{Title: "Service level", Key: []key{{"service level", "line", inkFirst.paint()}}}.drawn(d)
}

func waits(c course) (plotted, error) {
	mean, meanMost := c.line(line{ink: inkFirst, glyph: round()}, "asa_s")
	// Of none answered the longest wait is zero: that is none.
	longest, most := c.line(line{ink: inkSecond, dash: dashed(), glyph: pointed()}, "answered_wait_max_s", "asa_s")
	d := drawing{x: c.x, y: lengths().axis(max(most, meanMost)), bands: c.incomplete(), lines: []line{longest, mean}}
	return plotted{Title: "Waits of answered calls", Key: []key{
		{"average", "line", inkFirst.paint()}, {"longest", "dashed", inkSecond.paint()},
	}}.drawn(d)
}

func staffing(c course) (plotted, error) {
	return c.stacked("What agents did", hours(), 3600, []part{
		{"talking", []string{"talk_s"}},
		{"ringing", []string{"ringing_s"}},
		{"available", []string{"available_s"}},
		{"paused", []string{"paused_s"}},
		{"wrapping up", []string{"wrap_up_s"}},
		{"other calls", []string{"other_call_s"}},
		{"not known", []string{"unknown_s"}},
	})
}

func heard(c course) (plotted, error) {
	l, _ := c.line(line{ink: inkFirst, glyph: round()}, "coverage_pct")
	d := drawing{x: c.x, y: percent("percent of the time").axis(0), bands: c.incomplete(), lines: []line{l}}
	return plotted{Title: "Coverage", Key: []key{{"heard", "line", inkFirst.paint()}}}.drawn(d)
}
