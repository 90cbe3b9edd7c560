package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

// nightTable is a night in which clocks are set back: 02:00 comes twice.
func nightTable(t *testing.T) report.Table {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC)
	rows := [][]any{
		{first.In(zone), "sales\x1b[2J", "=1+1", int64(3), 12.5, 66.7, report.Parts{{Name: "lunch", Seconds: 60}}, true},
		{first.Add(time.Hour).In(zone), "sales", nil, nil, nil, nil, nil, false},
	}
	return report.Table{
		Name: "queue", By: report.Interval, Zone: zone, Rows: rows, Notes: []string{"a note\x1b"},
		Columns: []report.Column{
			{Name: "start", Kind: report.Moment},
			{Name: "queue", Kind: report.Words},
			{Name: "name", Kind: report.Words},
			{Name: "offered", Kind: report.Count},
			{Name: "asa_s", Kind: report.Seconds},
			{Name: "service_level_pct", Kind: report.Percent},
			{Name: "paused_for_s", Kind: report.Split},
			{Name: "complete", Kind: report.Flag},
		},
		Total: []any{nil, nil, nil, int64(3), 12.5, 66.7, nil, false},
		Span:  record.Span{From: record.At(first), To: record.At(first.Add(2 * time.Hour))},
	}
}

func TestShowReport(t *testing.T) {
	for format, want := range map[cli.Format]string{
		cli.Text: `
START                    QUEUE         NAME  OFFERED  ASA S  SERVICE LEVEL PCT  PAUSED FOR S  COMPLETE
2026-10-25 02:00 +02:00  sales\x1b[2J  =1+1        3   12.5               66.7  lunch 60      yes
2026-10-25 02:00 +01:00  sales         -           -      -                  -  -             no
total                    -             -           3   12.5               66.7  -             no
`,
		cli.CSV: `
start,queue,name,offered,asa_s,service_level_pct,paused_for_s,complete
2026-10-25T00:00:00Z,sales\x1b[2J,'=1+1,3,12.5,66.7,lunch 60,true
2026-10-25T01:00:00Z,sales,,,,,,false
`,
		cli.JSONL: `
{"start":"2026-10-25T00:00:00Z","queue":"sales\u001b[2J","name":"=1+1","offered":3,"asa_s":12.5,"service_level_pct":66.7,"paused_for_s":{"lunch":60},"complete":true}
{"start":"2026-10-25T01:00:00Z","queue":"sales","name":null,"offered":null,"asa_s":null,"service_level_pct":null,"paused_for_s":null,"complete":false}
`,
	} {
		var out, errs bytes.Buffer
		call := &cli.Call{Stdio: cli.Stdio{Out: &out, Err: &errs}, Format: format}
		if err := showReport(call, nightTable(t)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
		if !strings.Contains(errs.String(), `a note\x1b`+"\n") {
			t.Errorf("%s: notes are said as %q", format, errs.String())
		}
	}
}

func TestReportDocument(t *testing.T) {
	var out bytes.Buffer
	call := &cli.Call{Stdio: cli.Stdio{Out: &out}, Format: cli.JSON}
	if err := showReport(call, nightTable(t)); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "rows")
	want := map[string]any{
		"report": "queue", "from": "2026-10-25T00:00:00Z", "to": "2026-10-25T02:00:00Z", "by": "interval", "time_zone": "Europe/Berlin",
		"notes": []any{"a note\x1b"},
		"total": map[string]any{
			"start": nil, "queue": nil, "name": nil, "offered": 3.0, "asa_s": 12.5, "service_level_pct": 66.7, "paused_for_s": nil, "complete": false,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// Of a call that was found by its id there may be no time.
	open := report.Table{Name: "call", Zone: time.UTC, Span: record.Span{To: 1<<62 - 1}}
	if doc := documentOf(open); doc.From != nil || doc.To != nil || doc.Rows == nil || doc.Notes == nil {
		t.Errorf("%+v", doc)
	}
}

// TestFitting: what is left out of a table is what people miss least, and no
// more of it than there is no room for.
func TestFitting(t *testing.T) {
	table := textOf(nightTable(t))
	whole := table.Width()
	for _, c := range []struct {
		columns int
		left    []string
	}{{whole, nil}, {whole - 1, []string{"paused_for_s"}}, {whole - 16, []string{"paused_for_s", "name"}}, {1, []string{"paused_for_s", "name", "asa_s", "complete"}}} {
		narrow, left := fitting(table, c.columns)
		if diff := cmp.Diff(c.left, left); diff != "" {
			t.Errorf("%d of %d columns: left out (-want +got):\n%s", c.columns, whole, diff)
		}
		if got := len(narrow.Columns); got != len(table.Columns)-len(left) || len(narrow.Rows[0]) != got {
			t.Errorf("%d columns remain, %d cells", got, len(narrow.Rows[0]))
		}
	}
}

// TestFittingTerminal: on a terminal of 80 columns no report of counts is cut by
// the terminal, by day or by interval.
func TestFittingTerminal(t *testing.T) {
	for name, header := range map[string][]string{
		"queue": {"2026-11-21 16:45=start", "overflow=queue", "1252=offered", "233=answered", "91.2=service_level_pct", "806=abandoned", "22.5=asa_s", "100=coverage_pct", "no=complete"},
		"agent": {"2026-11-21 16:45=start", "Dmitri Volkov=agent", "1927.902=staffed_s", "227.583=available_s", "885.482=paused_s", "149=answered", "69.1=occupancy_pct", "no=complete"},
		"now":   {"Dmitri Volkov=agent", "pbx=feed", "available=state", "92=for_s", "2026-11-21 16:54:45=since", "Training=reason", "support=queue", "sales, support=queues", "Local/1004@agents/n=interfaces"},
	} {
		var table cli.Table
		var cells []string
		for _, h := range header {
			cell, column, _ := strings.Cut(h, "=")
			table.Columns = append(table.Columns, cli.Column{Name: column})
			cells = append(cells, cell)
		}
		table.Add(cells...)
		narrow, left := fitting(table, 80)
		if narrow.Width() > 80 || len(left) == 0 {
			t.Errorf("%s: %d columns wide without %v", name, narrow.Width(), left)
		}
	}
}
