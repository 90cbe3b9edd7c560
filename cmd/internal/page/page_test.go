package page_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/page"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

// write writes a page; with -artifacts it stays, to be looked at.
func write(t *testing.T, name string, r page.Report) string {
	t.Helper()
	r.Server, r.Made = "cms-a", time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC)
	var out bytes.Buffer
	if err := page.Write(&out, r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// queuePage is a day of three queues, one of them called by that name.
func queuePage(key, name string) page.Report {
	day := queueDay([2]any{"sales", "Sales, domestic"}, [2]any{"support", nil}, [2]any{key, name})
	course := queueDay([2]any{nil, nil})
	apart := day
	apart.Columns, apart.Rows, apart.Total, apart.By = day.Columns[1:], nil, nil, ""
	for _, row := range day.Rows[:3] {
		apart.Rows = append(apart.Rows, row[1:])
	}
	return page.Report{Table: day, Course: &course, Apart: &apart}
}

func TestQueuePage(t *testing.T) {
	got := write(t, "queue.html", queuePage("night", "Night, Süd & Nord"))
	for _, want := range []string{
		"<title>Queue report, Friday 20 November 2026, 08:00 to 18:00</title>",
		"Times in Europe/Berlin · server cms-a · made 20 Nov 2026 18:30",
		"Not complete: 9 of 60 rows are marked incomplete.",
		"<p>Service level: answered within 20 s, of those answered or abandoned.</p>",
		"<dt>Service level</dt><dd><b>81.4</b> %",
		`<td>Sales, domestic <small>sales</small></td>`,
		`<td>Night, Süd &amp; Nord <small>night</small></td>`,
		`<td class="n">14</td>`,
		`<strong>incomplete</strong>`,
		"left by key, left empty",
		`aria-label="Calls by how they ended, in calls, by time, Europe/Berlin;`,
		">calls</text>", ">percent</text>", ">minutes:seconds</text>", ">time, Europe/Berlin</text>", ">08:00</text>",
		`<path d="M0 6H26" stroke="var(--s2)" stroke-width="2" stroke-dasharray="6 3"/>`,
		"url(#f1)", "url(#f2)", "url(#missing)",
		"prefers-color-scheme: dark", "@media print",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q", want)
		}
	}
	if n := strings.Count(got, `<svg class="plot"`); n != 3 {
		t.Errorf("%d plots, want service level, volume and waits", n)
	}
	// What nobody heard is no zero.
	unheard := regexp.MustCompile(`<tr class="part next"><td>13:00</td><td>Sales, domestic <small>sales</small></td>(<td class="n">–</td>)+<td class="n">0.0</td><td><strong>incomplete</strong></td></tr>`)
	if !unheard.MatchString(got) {
		t.Error("the hour that nobody heard is not shown as unknown")
	}
	// The lines of what is known are broken there: two runs of each of three lines.
	if n := len(regexp.MustCompile(`stroke:var\(--s[12]\);stroke-width:1.75`).FindAllString(got, -1)); n != 6 {
		t.Errorf("%d runs of lines, want 6", n)
	}
}

// TestPageStandsAlone: it names no other file, runs nothing, and every colour
// of a plot is the style sheet's.
func TestPageStandsAlone(t *testing.T) {
	got := write(t, "alone.html", queuePage("night", "Night"))
	for _, never := range []string{"http:", "https:", "<script", "<link", "<img", "@import", "src=\"", "href=", "font-family:Lib"} {
		if strings.Contains(got, never) {
			t.Errorf("there is %q", never)
		}
	}
	_, body, _ := strings.Cut(got, "</style>")
	if color := regexp.MustCompile(`:#[0-9A-F]{6}`).FindString(body); color != "" {
		t.Errorf("a plot has the colour %s of its own", color)
	}
}

// FuzzNames: whatever a queue is called, the page has the same elements, and
// nothing in it that does not print.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"Night", "</td><script>alert(1)</script>", "a\u202eb\x1b[2J", "\"'`&amp;", "=1+1", "\xff\x00\n", "{{.}}", "é"} {
		f.Add(name)
	}
	count := func(r page.Report) (elements int, text string, err error) {
		r.Course, r.Table.Rows = nil, r.Table.Rows[:6] // names stand in the tables alone
		var out bytes.Buffer
		err = page.Write(&out, r)
		return strings.Count(out.String(), "<"), out.String(), err
	}
	want, _, err := count(queuePage("night", "Night"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" {
			return // that is none
		}
		got, text, err := count(queuePage("the key of it", name))
		if err != nil || got != want {
			t.Errorf("%q: %d times <, want %d; %v", name, got, want, err)
		}
		if strings.ContainsAny(text, "\x00\x1b\u202e\u2028") {
			t.Errorf("%q is not shown inert", name)
		}
	})
}

func TestAgentPage(t *testing.T) {
	begin := time.Date(2026, 11, 16, 0, 0, 0, 0, berlin())
	week := report.Table{
		Name: "agent", Zone: berlin(), By: report.Day, Span: record.Span{From: record.At(begin), To: record.At(begin.AddDate(0, 0, 5))},
		Columns: column("start moment agent words name words staffed_s seconds available_s seconds paused_s seconds paused_for split talk_s seconds answered count occupancy_pct percent coverage_pct percent complete flag"),
	}
	for day := range 5 {
		week.Rows = append(week.Rows, []any{
			begin.AddDate(0, 0, day), "1001", "Evans, Kim", 28800.0, 9000.0, 4000.0,
			report.Parts{{Name: "lunch", Seconds: 3600}, {Name: "<b>", Seconds: 400}},
			15800.0, int64(61), 63.7, 100.0, true,
		})
	}
	week.Total = week.Rows[0]
	got := write(t, "agent.html", page.Report{Table: week, Course: &week})
	for _, want := range []string{
		"Monday 16 November 2026 to Friday 20 November 2026", "Complete: every moment", "<h2>By day</h2>", "<td>Mon 16 Nov 2026</td>",
		"lunch 1:00:00, &lt;b&gt; 6:40", ">hours</text>", ">day</text>", "<h2>What agents did</h2>", `<td class="n">8:00:00</td>`, "h:mm:ss",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q", want)
		}
	}
}

// TestPageOfLittle: a table may have no rows, no times and no zone.
func TestPageOfLittle(t *testing.T) {
	for name, r := range map[string]page.Report{
		"nothing": {},
		"no rows": {Table: report.Table{Name: "queue", Columns: column("start moment queue words"), Zone: time.UTC}, Course: &report.Table{Name: "queue", Zone: time.UTC}},
		"hours": {Table: report.Table{
			Name: "queue", Columns: column("start words queue words offered count"), By: report.HourOfDay, Zone: time.UTC,
			Rows: [][]any{{"09:00", "sales", int64(3)}, {"10:00", "sales", nil}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r.Course = &r.Table
			if got := write(t, "little.html", r); !strings.HasSuffix(got, "</html>\n") {
				t.Error("it is cut off")
			}
		})
	}
}

// TestQuietRows: a row is left out when it is known that nothing happened; one
// of which that is not known stays.
func TestQuietRows(t *testing.T) {
	begin := time.Date(2026, 11, 20, 8, 0, 0, 0, berlin())
	at := func(i int) time.Time { return begin.Add(time.Duration(i) * 30 * time.Minute) }
	table := report.Table{
		Name: "queue", Zone: berlin(), By: report.Interval, Span: record.Span{From: record.At(begin), To: record.At(at(5))},
		Columns: column("start moment queue words offered count answered count answered_wait_max_s seconds asa_s seconds coverage_pct percent complete flag"),
		Rows: [][]any{
			{at(0), "sales", int64(0), int64(0), 0.0, nil, 100.0, true},
			{at(1), "sales", int64(3), int64(1), 7.0, 7.0, 100.0, true},
			{at(2), "sales", int64(0), int64(0), 0.0, nil, 60.0, false},
			{at(3), "sales", nil, nil, nil, nil, 0.0, false},
			{at(4), "sales", int64(0), int64(0), 0.0, nil, 100.0, true},
		},
	}
	got := write(t, "quiet.html", page.Report{Table: table, Course: &table})
	for _, want := range []string{
		`<tr><td>08:30</td><td>sales</td><td class="n">3</td>`, `<tr class="part next"><td>09:00</td><td>sales</td><td class="n">0</td>`,
		`<tr class="part next"><td>09:30</td><td>sales</td><td class="n">–</td>`, "2 rows in which nothing happened are left out.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q", want)
		}
	}
	for _, never := range []string{"<td>08:00</td>", "<td>10:00</td>"} {
		if strings.Contains(got, never) {
			t.Errorf("there is %q", never)
		}
	}
	// Where nobody was answered there is no longest wait to draw: one point alone.
	if n := strings.Count(got, "fill:var(--s2)"); n != 1 {
		t.Errorf("%d points of longest waits, want 1", n)
	}
}

// TestPageIsBounded: a report of a quarter of a million rows makes no page that
// nobody can open, and says so.
func TestPageIsBounded(t *testing.T) {
	table := report.Table{Name: "queue", Zone: time.UTC, Columns: column("start moment queue words offered count")}
	for i := range 5003 {
		table.Rows = append(table.Rows, []any{time.Unix(int64(i)*900, 0), "sales", int64(1 + i)})
	}
	got := write(t, "much.html", page.Report{Table: table})
	if n := strings.Count(got, "<td>sales</td>"); n != 5000 {
		t.Errorf("%d rows", n)
	}
	if !strings.Contains(got, "<strong>3 more rows have no room on a page") {
		t.Error("it is not said that there are more")
	}
}

// TestBegunLate: a day that began late ends with the day, so that the line goes on.
func TestBegunLate(t *testing.T) {
	day := func(date, hour int) time.Time { return time.Date(2026, 11, date, hour, 0, 0, 0, berlin()) }
	table := report.Table{
		Name: "coverage", Zone: berlin(), By: report.Day, Span: record.Span{From: record.At(day(19, 7)), To: record.At(day(22, 0))},
		Columns: column("start moment feed words coverage_pct percent complete flag"),
		Rows:    [][]any{{day(19, 7), "pbx", 100.0, true}, {day(20, 0), "pbx", 99.0, true}, {day(21, 0), "pbx", 98.0, true}},
	}
	got := write(t, "late.html", page.Report{Table: table, Course: &table})
	if n := strings.Count(got, "stroke:var(--s1);stroke-width:1.75"); n != 1 {
		t.Errorf("the line is in %d runs, want 1", n)
	}
}

// Whoever picks columns sees those, in that order; what the page says of the
// whole stays.
func TestPickedColumns(t *testing.T) {
	r := queuePage("night", "Night")
	r.Apart, r.Columns, r.Heading = nil, []string{"refused", "queue", "talk_s"}, "Weekly\x1b[2J <b>"
	got := write(t, "picked.html", r)
	for _, want := range []string{
		`<title>Weekly\x1b[2J &lt;b&gt;, Friday 20 November 2026`, "<dt>Service level</dt>", "Not complete: 9 of 60 rows",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	heads := regexp.MustCompile(`<th scope="col"[^>]*>([^<]*)`).FindAllStringSubmatch(got, -1)
	if len(heads) != 3 || heads[0][1] != "Refused" || heads[1][1] != "Queue" || heads[2][1] != "Talk" {
		t.Errorf("%q", heads)
	}
	r.Columns = []string{"nothing"}
	if err := page.Write(io.Discard, r); err == nil {
		t.Error("it has a column that is not there")
	}
}

func TestSummary(t *testing.T) {
	r := queuePage("night", "Night")
	r.Table.Notes = []string{"a note\x1b[2J"}
	got := strings.Join(r.Summary(), "\n")
	for _, want := range []string{"Service level     81.4 %", "Not complete: 9 of 60 rows", `A note\x1b[2J.`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if r.Title() != "Queue report" || r.Period() != "Friday 20 November 2026, 08:00 to 18:00" {
		t.Errorf("%q, %q", r.Title(), r.Period())
	}
}
