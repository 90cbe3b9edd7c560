package page

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/report"
)

// unknown is what stands where nothing is known: it is not zero.
const unknown = "–"

// A cell is as the page shows it.
type cell struct {
	Text   string
	Small  string // behind it
	Number bool   // stands to the right
	Strong bool
	Long   bool // may take several lines
}

// A heading is that of a column.
type heading struct {
	Text, Unit string
	Number     bool
}

// A writer writes the cells of one table.
type writer struct {
	starts, moments string // layouts of where rows begin, and of all other times
	long            []bool // by column: it has lengths of an hour and more
}

// writing returns how to write the cells of t.
func writing(t report.Table) writer {
	w := writer{starts: startsOf(t), moments: "2 Jan 2006 15:04:05", long: make([]bool, len(t.Columns))}
	if t.By != "" && withinDay(t) {
		w.moments = "15:04:05"
	}
	for _, row := range append(slices.Clip(t.Rows), t.Total) {
		for i, value := range row {
			length, _ := value.(float64)
			w.long[i] = w.long[i] || t.Columns[i].Kind == report.Seconds && length >= 3600
		}
	}
	return w
}

// withinDay reports whether all that was looked at lies within one day.
func withinDay(t report.Table) bool {
	from, to := t.Span.From.Time().In(t.Zone), (t.Span.To - 1).Time().In(t.Zone)
	return from.Format(time.DateOnly) == to.Format(time.DateOnly)
}

func startsOf(t report.Table) string {
	switch t.By {
	case report.Day:
		return "Mon 2 Jan 2006"
	case report.Week:
		return "week of 2 Jan 2006"
	case report.Month:
		return "January 2006"
	case report.HourOfDay:
		return "15:04"
	case report.Interval:
		layout := "15:04"
		if !withinDay(t) {
			layout = "Mon 2 Jan, 15:04"
		}
		from, to := t.Span.From.Time().In(t.Zone), t.Span.To.Time().In(t.Zone)
		if from.Format("-0700") != to.Format("-0700") { // an hour may come twice
			layout += " -07:00"
		}
		return layout
	}
	return "2 Jan 2006 15:04:05"
}

// cell writes a value of the i-th column.
func (w writer) cell(i int, column report.Column, value any) cell {
	c := cell{Text: unknown, Number: isNumber(column.Kind)}
	switch v := value.(type) {
	case int64:
		c.Text = grouped(v)
	case float64:
		c.Text = strconv.FormatFloat(v, 'f', 1, 64)
		if column.Kind == report.Seconds {
			c.Text = clock(v, w.long[i])
		}
	case string:
		c.Text = inert.Text(v)
	case time.Time:
		c.Text = v.Format(w.moments)
		if column.Name == "start" {
			c.Text = v.Format(w.starts)
		}
	case bool:
		c.Text = "no"
		if v {
			c.Text = "yes"
		}
	case report.Parts:
		var texts []string
		for _, p := range v {
			texts = append(texts, inert.Text(p.Name)+" "+clock(p.Seconds, p.Seconds >= 3600))
		}
		c.Text, c.Long = strings.Join(texts, ", "), true
	}
	return c
}

func isNumber(kind report.Kind) bool {
	return kind == report.Count || kind == report.Seconds || kind == report.Percent
}

// grouped writes 12,094.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// head writes the heading of the i-th column.
func (w writer) head(i int, c report.Column) heading {
	h := heading{Number: isNumber(c.Kind)}
	name := c.Name
	switch c.Kind {
	case report.Seconds, report.Split:
		name = strings.TrimSuffix(name, "_s")
		h.Unit = "m:ss"
		if w.long[i] {
			h.Unit = "h:mm:ss"
		}
	case report.Percent:
		h.Unit, name = "%", strings.TrimSuffix(name, "_pct")
	case report.Words, report.Count, report.Moment, report.Flag:
	}
	if label, ok := labels()[c.Name]; ok {
		name = label
	}
	h.Text = capital(strings.ReplaceAll(name, "_", " "))
	return h
}

func capital(words string) string {
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// labels are headings that say more than a column's name does.
func labels() map[string]string {
	return map[string]string{
		"asa_s":               "average wait",
		"aht_s":               "average handling",
		"answered_wait_s":     "waits of answered",
		"answered_wait_max_s": "longest wait",
		"abandoned_wait_s":    "waits of abandoned",
		"exit_key":            "left by key",
		"exit_empty":          "left empty",
	}
}
