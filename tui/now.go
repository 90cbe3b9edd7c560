package tui

import (
	"context"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/report"
)

// A Reporter answers questions about queues and agents.
type Reporter interface {
	// Now tells how they stand, and what the queues came to today.
	Now(ctx context.Context) (Live, error)
	// Report answers a question about the past.
	Report(ctx context.Context, q Question) (report.Table, error)
}

// Live is how things stand.
type Live struct {
	Queues, Agents report.Table // as report.Now tells them
	Today          report.Table // a row for each queue, of today
	Course         report.Table // a row for each interval of today, all queues together
	// Crossed are the thresholds that were crossed of late, in the order of time.
	Crossed []Crossed
}

// nowPace is how often it is looked how things stand.
const nowPace = time.Second

func nowScreen() screen {
	return of(screen{tab: "2", name: "Now", about: "who waits, and what each agent does"},
		func(ctx context.Context, from Sources, _ place) (Live, error) { return from.Reports.Now(ctx) }, showNow)
}

// showNow shows the agents below the queues, or the queues alone.
func showNow(l Live, as sight) page {
	p := page{title: "agents", pace: nowPace}
	p.notes = l.lately(as.now)
	for _, text := range l.Queues.Notes {
		p.notes = append(p.notes, piece{text, warn})
	}
	all, there := l.cautioned(l.queues(), "queue"), l.cautioned(l.Agents, "agent")
	if as.at.leaf() != "" {
		return showFigures(p, as, all, there)
	}
	queues := figures(all, all.Rows)
	queues.opens = true
	if as.height >= courseHeight {
		p.above = course(l.Course, as)
	}
	if as.at.knobs["of"] == "queues" {
		p.title, p.table = "queues", &queues
		p.table.empty = "no queue is known"
		p.acts = func(string) []act {
			return []act{{key: "v", name: "agents", turn: func(b browse) browse { return b.turn("of", "") }}}
		}
		return p
	}
	rows := make([]int, len(queues.keys))
	for i := range rows {
		rows[i] = i
	}
	if len(rows) > 0 {
		p.above = append(append(p.above, line{{" QUEUES", strong}}), queues.draw(rows, spot{index: -1}, as, len(rows)+1)...)
	}
	agents := figures(there, sorted(there, "agent", true))
	agents.empty, agents.opens = "no agent is known to be there", true
	p.table = &agents
	p.acts = func(string) []act {
		return []act{{key: "v", name: "queues alone", turn: func(b browse) browse { return b.turn("of", "queues") }}}
	}
	return p
}

// queues is the report of the queues, with what they came to today.
func (l Live) queues() report.Table {
	t := l.Queues
	key, of := columnOf(t, "queue"), columnOf(l.Today, "queue")
	t.Columns = slices.Clone(t.Columns)
	var added []int
	for _, name := range []string{"offered", "answered", "abandoned", "service_level_pct"} {
		if at := columnOf(l.Today, name); at >= 0 {
			added, t.Columns = append(added, at), append(t.Columns, l.Today.Columns[at])
		}
	}
	rows := make([][]any, 0, len(t.Rows))
	for _, row := range t.Rows {
		row = slices.Clone(row)
		today := slices.IndexFunc(l.Today.Rows, func(r []any) bool { return of >= 0 && key >= 0 && r[of] == row[key] })
		for _, at := range added {
			if today < 0 {
				row = append(row, nil)
			} else {
				row = append(row, l.Today.Rows[today][at])
			}
		}
		rows = append(rows, row)
	}
	t.Rows = rows
	return t
}

// showFigures shows all of one row, of whichever table has it.
func showFigures(p page, as sight, tables ...report.Table) page {
	p.text = []line{{{" it is not there any more", quiet}}}
	for _, t := range tables {
		for _, row := range t.Rows {
			if rowKey(row) == as.at.leaf() {
				p.title, p.text = t.Name, figureLines(t, row, as.width)
			}
		}
	}
	return p
}
