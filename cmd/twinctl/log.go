package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func logCommand() cli.Command {
	var since, least string
	var filter rowFilter
	return cli.Command{
		Name:  "log",
		Short: "show the warnings and errors of this server",
		Long:  `Shows the latest warnings and errors of twind, ten thousand at the most. All of its log is on its standard error, as a rule in the journal.`,
		Examples: []cli.Example{
			{Line: "twinctl log --since 1h", Why: "of the last hour"},
			{Line: "twinctl log --filter 'feed=pbx !level:error'", Why: "warnings about one feed"},
			{Line: "twinctl log --since 2026-11-21T08:00:00Z --level error", Why: "errors since then"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&since, "since", "24h", "from this `TIME` on: RFC 3339, or a duration before now")
			f.StringVar(&least, "level", "warn", "of this `LEVEL` at least: warn or error")
			filter.flag(f)
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--level": func(context.Context, *cli.Call) []string { return []string{"warn", "error"} },
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			from, err := moment(since, time.Now())
			if err != nil {
				return cli.Fail(cli.Usage, fmt.Errorf("--since: %w", err), "twinctl help log")
			}
			level, err := readLevel(least)
			if err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help log")
			}
			entries, err := s.data.Node.Log(ctx, from, level)
			if err != nil {
				return err
			}
			rows := logRows(entries)
			if rows, err = sifted(filter, "log", rows, logTable); err != nil {
				return err
			}
			columns, _ := cli.Screen(call.Out)
			if call.Format == cli.Text && cli.IsTerminal(call.Out) && logTable(rows).Width() > columns {
				return writeLog(call.Out, rows, columns)
			}
			return call.Show(cli.View{
				Document: struct {
					Log []logEntry `json:"log"`
				}{rows},
				Lines: cli.Each(rows),
				Table: logTable(rows),
			})
		}),
	}
}

// moment reads a time, or a duration before now.
func moment(text string, now time.Time) (record.Instant, error) {
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return record.At(now.Add(-d)), nil
	} else if err == nil {
		return 0, fmt.Errorf("%q lies ahead: a duration counts back from now, leave its sign out", text)
	}
	var at record.Instant
	if err := at.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("%q: want RFC 3339, as 2026-11-21T08:30:00Z, or a duration before now, as 2h30m", text)
	}
	return at, nil
}

// readLevel reads a level that is kept: of the others there are no rows.
func readLevel(text string) (slog.Level, error) {
	switch strings.ToLower(text) {
	case "warn", "warning":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("--level %q: want warn or error", text)
}

// A logEntry is an entry as it is shown.
type logEntry struct {
	ID      int64           `json:"id"`
	At      node.Moment     `json:"at"`
	Level   slog.Level      `json:"level"`
	Message string          `json:"message"`
	Attrs   json.RawMessage `json:"attrs"` // an object of texts
}

func logRows(entries []node.Entry) []logEntry {
	rows := make([]logEntry, len(entries))
	for i, e := range entries {
		rows[i] = logEntry{e.ID, node.Moment(e.At), e.Level, e.Message, e.Attrs}
	}
	return rows
}

func logTable(entries []logEntry) cli.Table {
	t := cli.Table{Columns: []cli.Column{{Name: "at"}, {Name: "level"}, {Name: "message"}, {Name: "attrs"}}}
	for _, e := range entries {
		t.Add(e.At.Time().Format(time.RFC3339), e.Level.String(), e.Message, pairs(e.Attrs))
	}
	return t
}

// writeLog writes entries for a screen that is too narrow for the table.
func writeLog(w io.Writer, entries []logEntry, columns int) error {
	for _, e := range entries {
		head := e.At.Time().Format(time.RFC3339) + "  " + e.Level.String() + "  "
		if err := cli.WriteFilled(w, columns, head, inert.Text(e.Message)); err != nil {
			return err
		}
		if err := cli.WriteFilled(w, columns, "    ", inert.Text(pairs(e.Attrs))); err != nil {
			return err
		}
	}
	return nil
}

// pairs shows an entry's attributes as key=value, in order of the keys.
func pairs(attrs json.RawMessage) string {
	var fields map[string]string
	if err := json.Unmarshal(attrs, &fields); err != nil {
		return string(attrs)
	}
	var all []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, key+"="+fields[key])
	}
	return strings.Join(all, " ")
}
