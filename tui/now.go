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
	var plot []line
	if as.height >= courseHeight {
		plot = course(l.Course, as)
	}
	if as.at.knobs["of"] == "queues" {
		p.title, p.table, p.above = "queues", &queues, plot
		p.table.empty = "no queue is known"
		p.acts = func(string) []act {
			return []act{{key: "v", name: "agents", turn: func(b browse) browse { return b.turn("of", "") }}}
		}
		return p
	}
	p.fits = func(room int) []line {
		beside := room - len(plot)
		if beside < min(len(all.Rows)+aroundQueues, leastQueues) {
			return queueLines(all, as, room) // who waits now matters more than the day
		}
		return append(slices.Clone(plot), queueLines(all, as, beside)...)
	}
	agents := figures(there, sorted(there, "agent", true))
	agents.empty, agents.opens = "no agent is known to be there", true
	p.table = &agents
	p.acts = func(string) []act {
		return []act{{key: "v", name: "queues alone", turn: func(b browse) browse { return b.turn("of", "queues") }}}
	}
	return p
}

const (
	aroundQueues = 2 // lines: the title of the queues, and their heading
	leastQueues  = 8 // lines for the queues that the plot of the day leaves free, or it goes
)

// queueLines are the queues in so many lines. Where not all fit, those stand first that
// want a person, and how many do not fit is said.
func queueLines(all report.Table, as sight, room int) []line {
	n, more := len(all.Rows), line(nil)
	switch {
	case n == 0:
		return nil
	case n > room-aroundQueues:
		all = pressing(all)
		n = max(0, room-aroundQueues-1)
		more = line{{"   and " + count(int64(len(all.Rows)-n)) + " more: v shows all", warn}}
	}
	lines := []line{{{" QUEUES", strong}}}
	if n > 0 {
		t := figures(all, all.Rows)
		rows := make([]int, n)
		for i := range rows {
			rows[i] = i
		}
		lines = append(lines, t.draw(rows, spot{index: -1}, as, n+1)...)
	}
	if more != nil {
		lines = append(lines, more)
	}
	return lines
}

// pressing puts the queues first that have crossed a threshold, the severe ones before
// the others, and then those in which somebody has waited longest.
func pressing(t report.Table) report.Table {
	weight := func(row []any) int {
		switch c, _ := cellOf(t, row, "crossed").(caution); {
		case c.text == "":
			return 0
		case c.tone == bad:
			return 2
		}
		return 1
	}
	t.Rows = sorted(t, "longest_wait_s", false)
	slices.SortStableFunc(t.Rows, func(a, b []any) int { return weight(b) - weight(a) })
	return t
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
