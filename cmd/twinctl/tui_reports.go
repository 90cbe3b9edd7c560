package main

import (
	"context"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
	"github.com/twinctl/twin/tui"
)

// A desk answers what the screens ask about queues and agents.
type desk struct{ *site }

// Now implements tui.Reporter.
func (d desk) Now(ctx context.Context) (tui.Live, error) {
	var n asksNow
	running, seen, err := sights(ctx, d.site)
	if err != nil {
		return tui.Live{}, err
	}
	n.ask.Now = record.At(time.Now())
	queues, agents, err := report.Now(ctx, d.sources(), seen, n.ask)
	if err != nil {
		return tui.Live{}, err
	}
	if !running {
		queues.Notes = append([]string{"twind is not running"}, queues.Notes...)
	}
	today, err := d.today(ctx)
	if err != nil {
		queues.Notes = append(queues.Notes, err.Error()) // how it stands now is worth more
	}
	crossed, err := d.crossed(ctx, n.ask.Now)
	return tui.Live{Queues: queues, Agents: agents, Today: today.Apart, Course: today.Course, Crossed: crossed}, err
}

// today tells what the queues came to today, by interval.
func (d desk) today(ctx context.Context) (report.Overview, error) {
	a := asking{by: string(report.Interval)}
	a.period = "today"
	if err := a.read(ctx, d.site); err != nil {
		return report.Overview{}, err
	}
	return report.QueueOverview(ctx, d.sources(), a.ask)
}

// crossedBack is how far back it is looked for crossings: what lasts crosses a
// threshold once, however long it lasts.
const crossedBack = 12 * time.Hour

// crossed returns which thresholds were crossed, in the order of time.
func (d desk) crossed(ctx context.Context, now record.Instant) ([]tui.Crossed, error) {
	t, err := report.Exceptions(ctx, d.sources(), report.Ask{From: now.Add(-crossedBack), To: now, Now: now})
	if err != nil {
		return nil, err
	}
	all := make([]tui.Crossed, len(t.Rows))
	for i, row := range t.Rows {
		cell := func(name string) any {
			return row[slices.IndexFunc(t.Columns, func(c report.Column) bool { return c.Name == name })]
		}
		word := func(name string) string { text, _ := cell(name).(string); return text }
		c := tui.Crossed{
			Measure: word("measure"), Feed: word("feed"), Object: word("object"), Called: word("object_name"),
			Severe: word("severity") == "error", Text: word("text"),
		}
		c.At, _ = cell("at").(time.Time)
		c.Since, _ = cell("since").(time.Time)
		c.Count, _ = cell("count").(int64)
		all[i] = c
	}
	return all, nil
}

// Report implements tui.Reporter.
func (d desk) Report(ctx context.Context, q tui.Question) (report.Table, error) {
	a := asking{by: string(q.By)}
	a.period = q.Period
	if err := a.read(ctx, d.site); err != nil {
		return report.Table{}, err
	}
	switch q.Of {
	case "agent":
		return report.Agent(ctx, d.sources(), a.ask)
	case "exception":
		return report.Exceptions(ctx, d.sources(), a.ask)
	case "coverage":
		return report.Coverage(ctx, d.sources(), a.ask)
	}
	return report.Queue(ctx, d.sources(), a.ask)
}
