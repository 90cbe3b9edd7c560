package cli_test

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/cli"
)

func TestShow(t *testing.T) {
	type row struct {
		Name string `json:"name"`
		Left int    `json:"gaps_open"`
	}
	rows := []row{{"pbx", 12}, {"Süd\u202e", 3}, {"=cmd|' /C calc'!A0", -5}}
	table := cli.Table{Columns: []cli.Column{{Name: "name"}, {Name: "gaps_open", Number: true}, {Name: "note"}, {Name: "last", Maybe: true}}}
	table.Add("pbx", "12", "", "")
	table.Add("Süd\u202e", "3", "a\tb", "x")
	table.Add("=cmd|' /C calc'!A0", "-5", "@x, \"y\"", "")
	view := cli.View{Document: map[string]any{"rows": rows}, Lines: cli.Each(rows), Table: table}
	for _, c := range []struct {
		format cli.Format
		want   string
	}{
		{cli.Text, `
NAME                GAPS OPEN  NOTE     LAST
pbx                        12           -
Süd\u202e                   3  a\tb     x
=cmd|' /C calc'!A0         -5  @x, "y"  -
`},
		{cli.CSV, `
name,gaps_open,note,last
pbx,12,,
Süd\u202e,3,a\tb,x
'=cmd|' /C calc'!A0,-5,"'@x, ""y""",
`},
		{cli.JSONL, `
{"name":"pbx","gaps_open":12}
{"name":"Süd\u202e","gaps_open":3}
{"name":"=cmd|' /C calc'!A0","gaps_open":-5}
`},
		{cli.JSON, `
{
  "rows": [
    {
      "name": "pbx",
      "gaps_open": 12
    },
    {
      "name": "Süd\u202e",
      "gaps_open": 3
    },
    {
      "name": "=cmd|' /C calc'!A0",
      "gaps_open": -5
    }
  ]
}
`},
	} {
		t.Run(string(c.format), func(t *testing.T) {
			var out bytes.Buffer
			call := cli.Call{Stdio: cli.Stdio{Out: &out, Err: io.Discard}, Format: c.format}
			if err := call.Show(view); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	log := cli.NewLogger(&out, slog.LevelWarn)
	log.Info("not shown")
	log.Warn("record rejected", "feed", "a\x1b[2J\u009b\u202e")
	got := out.String()
	if !strings.Contains(got, `"feed":"a\u001b[2J\u009b\u202e"`) || strings.Count(got, "\n") != 1 {
		t.Errorf("logged %q", got)
	}
}
