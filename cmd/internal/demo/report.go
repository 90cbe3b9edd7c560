package demo

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

// recordingCalls is how many calls the recording offers to queues.
const recordingCalls = 1784

// reports prints what each server has counted of the recording, a part of
// which one of them took from the other, and says whether that is the same.
func reports(ctx context.Context, out io.Writer, twins []*twin) error {
	var queues, agents []report.Table
	counted := func(ctx context.Context) (bool, error) {
		queues, agents = nil, nil
		for _, t := range twins {
			q, a, err := t.report(ctx)
			if err != nil {
				return false, err
			}
			queues, agents = append(queues, q), append(agents, a)
		}
		return total(queues[0], "offered") == recordingCalls && reflect.DeepEqual(counts(queues[0]), counts(queues[1])) &&
			reflect.DeepEqual(counts(agents[0]), counts(agents[1])), nil
	}
	err := waitFor(ctx, settleWithin, "both servers to count the same", counted)
	for i, t := range queues {
		fmt.Fprintf(out, "queue report of %s:\n", twins[i].name)
		if err := shortened(t).WriteText(out); err != nil {
			return err
		}
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: what %s and %s counted: %w", ErrDiffer, twins[0].name, twins[1].name, err)
	}
	if err == nil {
		late := "the filled part too"
		if keeping(twins[0].ways) {
			late = "what came later too"
		}
		fmt.Fprintf(out, "queue and agent reports equal, %s\n", late)
	}
	return err
}

// report asks what queues and agents did in the recording.
func (t *twin) report(ctx context.Context) (queues, agents report.Table, err error) {
	e, err := t.data.History.Extent(ctx, t.ways[0].feed)
	if err != nil {
		return queues, agents, err
	}
	from := report.Sources{History: t.data.History, Admin: t.data.Admin}
	for _, f := range t.cfg.Feeds {
		from.Feeds = append(from.Feeds, report.Feed{Name: f.Name, Format: f.Format, Source: f.Source, Counts: f.Counts})
	}
	ask := report.Ask{From: e.First, To: e.Last + 1, By: report.Day, Now: record.At(time.Now())}
	if queues, err = report.Queue(ctx, from, ask); err != nil {
		return queues, agents, err
	}
	agents, err = report.Agent(ctx, from, ask)
	return queues, agents, err
}

// counts returns the rows without what each server heard by itself.
func counts(t report.Table) [][]any {
	var rows [][]any
	for _, row := range t.Rows {
		var kept []any
		for i, c := range t.Columns {
			if c.Name != "coverage_pct" && c.Name != "complete" {
				kept = append(kept, row[i])
			}
		}
		rows = append(rows, kept)
	}
	return rows
}

// total returns a count of the row of all.
func total(t report.Table, name string) int64 {
	i := slices.IndexFunc(t.Columns, func(c report.Column) bool { return c.Name == name })
	if i < 0 || t.Total == nil {
		return 0
	}
	n, _ := t.Total[i].(int64)
	return n
}

// shortened returns the columns that a narrow terminal has room for.
func shortened(t report.Table) cli.Table {
	var short cli.Table
	var kept []int
	for i, c := range t.Columns {
		if slices.Contains([]string{"queue", "offered", "answered", "service_level_pct", "abandoned", "timed_out", "asa_s", "aht_s"}, c.Name) {
			kept = append(kept, i)
			short.Columns = append(short.Columns, cli.Column{Name: c.Name, Number: c.Kind != report.Words, Maybe: true})
		}
	}
	for _, row := range append(slices.Clip(t.Rows), t.Total) {
		var cells []string
		for _, i := range kept {
			cells = append(cells, shownCell(row[i]))
		}
		short.Add(cells...)
	}
	if last := len(short.Rows) - 1; last >= 0 && len(kept) > 0 {
		short.Rows[last][0] = "total"
	}
	return short
}

func shownCell(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return ""
	}
}
