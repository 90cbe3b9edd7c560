package tui

import (
	"context"
	"slices"

	"github.com/twinctl/twin/collector/report"
)

// A Question is about the past.
type Question struct {
	Of     string // queue, agent, exception or coverage
	By     report.By
	Period string // one of Periods
}

// stretches are what can be looked at: by how long it is, each the later one first.
func stretches() [][2]string {
	return [][2]string{{"today", "yesterday"}, {"this-week", "last-week"}, {"this-month", "last-month"}}
}

// Periods are what can be looked at; the first is the usual one.
func Periods() []string {
	var all []string
	for _, s := range stretches() {
		all = append(all, s[:]...)
	}
	return all
}

// periodActs go back and forth in time as far as there is a period, and from a day
// to the week and the month.
func periodActs(is string) []act {
	at := max(0, slices.Index(Periods(), is))
	n, early := at/2, at%2
	turn := func(n, early int) func(browse) browse {
		return func(b browse) browse {
			to := stretches()[n%len(stretches())][early]
			if to == Periods()[0] {
				to = ""
			}
			return b.turn("period", to)
		}
	}
	back, forth := act{key: "[", name: "earlier", turn: turn(n, 1)}, act{key: "]", name: "later", turn: turn(n, 0)}
	if early == 1 {
		back.off = is + " is as far back as this goes: p for another length; twinctl report --period for more"
	} else {
		forth.off = "nothing is later than " + is + ": p for another length"
	}
	return []act{back, forth, {key: "p", name: "day, week, month", turn: turn(n+1, early)}}
}

// subjects are what can be asked about.
func subjects() []string { return []string{"queue", "agent", "exception", "coverage"} }

// An order is how rows can stand.
type order struct {
	name, column string
	least        bool
}

// orders are those that a table can have; the first is the usual one.
func orders(t report.Table) []order {
	all := []order{
		{"the latest first", "start", false},
		{"the worst service level first", "service_level_pct", true},
		{"the most abandoned first", "abandoned", false},
		{"the most offered first", "offered", false},
		{"the longest wait first", "answered_wait_max_s", false},
		{"the least heard first", "coverage_pct", true},
		{"the longest talk first", "talk_s", false},
		{"the highest occupancy first", "occupancy_pct", false},
	}
	return slices.DeleteFunc(all, func(o order) bool {
		return o.column != "start" && !slices.ContainsFunc(t.Columns, func(c report.Column) bool { return c.Name == o.column })
	})
}

func historyScreen() screen {
	return of(screen{tab: "4", name: "History", about: "what queues and agents did, by interval, day, week or month"},
		func(ctx context.Context, from Sources, at place) (report.Table, error) {
			return from.Reports.Report(ctx, questionAt(at))
		}, showHistory)
}

func questionAt(at place) Question {
	return Question{knob(at, "of", subjects()), report.By(knob(at, "by", byNames())), knob(at, "period", Periods())}
}

// knob returns what a knob is at: the first of all unless it was turned.
func knob(at place, name string, all []string) string {
	if value := at.knobs[name]; slices.Contains(all, value) {
		return value
	}
	return all[0]
}

func byNames() []string {
	var names []string
	for _, by := range report.Bys() {
		names = append(names, string(by))
	}
	return names
}

// A dial is a knob and what it can be at, the usual first.
type dial struct {
	knob string
	all  []string
}

// turning is an act that turns a knob to what comes next.
func turning(key, name string, d dial) act {
	return act{key: key, name: name, turn: func(b browse) browse {
		at := slices.Index(d.all, knob(b.place, d.knob, d.all))
		next := d.all[(at+1)%len(d.all)]
		if next == d.all[0] {
			next = ""
		}
		return b.turn(d.knob, next)
	}}
}

func showHistory(t report.Table, as sight) page {
	q := questionAt(as.at)
	p := page{title: map[string]string{"queue": "queues", "agent": "agents", "exception": "thresholds crossed", "coverage": "coverage"}[q.Of]}
	p.of = "by " + string(q.By) + ", " + q.Period
	if q.Of == "exception" {
		p.of = q.Period
	}
	for _, text := range t.Notes {
		p.notes = append(p.notes, piece{text, warn})
	}
	if as.at.leaf() != "" {
		return showFigures(p, as, t)
	}
	all := orders(t)
	var names []string
	for _, o := range all {
		names = append(names, o.name)
	}
	by := all[max(0, slices.Index(names, knob(as.at, "order", names)))]
	t = plotted(t)
	rows := figures(t, sorted(t, by.column, by.least))
	rows.empty, rows.opens = "nothing was counted in that time", true
	p.table = &rows
	p.of += "; " + by.name
	p.acts = func(string) []act {
		return slices.Concat([]act{
			turning("v", "queues, agents, ...", dial{"of", subjects()}), turning("b", "by", dial{"by", byNames()}),
			turning("s", "sort", dial{"order", names}),
		}, periodActs(q.Period), []act{
			{key: "c", name: "calls of a number", args: []string{"report", "call", "--period=" + q.Period}, asks: []question{{prompt: "number of the caller", flag: "--caller", must: true}}, shows: true},
			{key: "e", name: "export", args: exportLine(q), asks: []question{{prompt: "file (.csv, .html, .json or .txt)", flag: "--into", must: true}}, rung: afterYes},
		})
	}
	return p
}

// exportLine is the line that writes the same into a file.
func exportLine(q Question) []string {
	line := []string{"report", q.Of, "--period=" + q.Period}
	if q.Of != "exception" {
		line = append(line, "--by="+string(q.By))
	}
	return line
}
