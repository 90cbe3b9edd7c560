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
	today, err := d.Report(ctx, tui.Question{Of: "queue", By: report.Day, Period: "today"})
	if err != nil {
		queues.Notes = append(queues.Notes, err.Error()) // how it stands now is worth more
	}
	crossed, err := d.crossed(ctx, n.ask.Now)
	return tui.Live{Queues: queues, Agents: agents, Today: today, Crossed: crossed}, err
}

// The thresholds that a screen warns of: those that were crossed lately, and of
// those the last ones.
const (
	crossedLately = 15 * time.Minute
	crossedMost   = 3
)

// crossed returns in sentences which thresholds were crossed lately, the last first.
func (d desk) crossed(ctx context.Context, now record.Instant) ([]string, error) {
	t, err := report.Exceptions(ctx, d.sources(), report.Ask{From: now.Add(-crossedLately), To: now, Now: now})
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(t.Columns, func(c report.Column) bool { return c.Name == "text" })
	var all []string
	for _, row := range slices.Backward(t.Rows) {
		if text, ok := row[at].(string); ok && !slices.Contains(all, text) && len(all) < crossedMost {
			all = append(all, text)
		}
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
