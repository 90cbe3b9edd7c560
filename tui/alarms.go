package tui

import (
	"cmp"
	"slices"

	"github.com/twinctl/twin/collector/node"
)

// alarmLines is how many lines an alarm may take.
const alarmLines = 2

// alarms is what the servers themselves say is wrong, the gravest first.
func (v view) alarms(g grid) list {
	type raised struct {
		node.Alarm
		side side
	}
	var all []raised
	for _, s := range g.sides {
		if s.doc == nil || !s.fresh() {
			continue
		}
		for _, a := range s.doc.Alarms {
			all = append(all, raised{a, s})
		}
	}
	l := list{title: "ALARMS"}
	if len(all) == 0 {
		l.head = line{{"none", usual}}
		return l
	}
	slices.SortStableFunc(all, func(a, b raised) int { return cmp.Compare(gradeOf(b.Alarm), gradeOf(a.Alarm)) })
	for _, a := range all {
		sign := piece{"! warning", warn}
		if gradeOf(a.Alarm) == trouble {
			sign = piece{"x error  ", bad}
		}
		since := "for " + age(v.Now.Sub(a.Since))
		const told = len("x error   for 100m  ")
		for i, text := range wrap(foreign(a.Text), g.rest()-told) {
			if i == alarmLines {
				break
			}
			begin := append(g.begin(piece{a.side.name, usual}), sign, piece{"  " + left(since, 8) + " ", usual})
			if i > 0 {
				begin = line{{left("", begin.columns()), usual}}
			}
			l.rows = append(l.rows, append(begin, piece{text, usual}))
		}
	}
	return l
}
