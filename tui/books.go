package tui

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// Books are what servers write down about themselves for everybody.
type Books interface {
	// Alarms returns what wants a person, here, and what ended lately.
	Alarms(ctx context.Context) ([]node.KeptAlarm, error)
}

// A Journal is what they write down of all that happens, and of any feed: how
// something began that was not stored, too.
type Journal interface {
	// Entries returns the last warnings and errors, the last first.
	Entries(ctx context.Context) ([]Entry, error)
	// Acts returns who did what to this server, the last first.
	Acts(ctx context.Context) ([]Done, error)
}

// An Entry is a warning or an error.
type Entry struct {
	ID      int64
	At      time.Time
	Level   slog.Level
	Message string
	Attrs   string // "feed=pbx error=..."
}

// Done is what somebody did.
type Done struct {
	ID                          int64
	File                        string // whose audit it stands in: node or admin
	At                          time.Time
	Actor, Verb, Target, Detail string
}

func alarmScreen() screen {
	return of(screen{tab: "9", name: "Alarms", about: "what wants a person"},
		func(ctx context.Context, from Sources, _ place) ([]node.KeptAlarm, error) {
			return from.Books.Alarms(ctx)
		}, showKept)
}

// showKept shows the alarms that are true, then those that ended.
func showKept(all []node.KeptAlarm, as sight) page {
	if as.at.leaf() != "" {
		return showAlarm(all, as)
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b node.KeptAlarm) int { return urgency(b) - urgency(a) })
	t := tableOf(all, []field{{title: ""}, {title: "since"}, {title: "for", right: true, rank: 2}, {title: "about", most: 16, rank: 3}, {title: "what", most: 48}, {title: "noted by", rank: 1}, {title: "back", right: true, rank: 4}},
		func(a node.KeptAlarm) string { return strconv.FormatInt(a.ID, 10) },
		func(a node.KeptAlarm, as sight) []piece {
			noted := piece{"nobody", quiet}
			if a.Acked != nil {
				noted = piece{a.AckedBy, usual}
			}
			return []piece{alarmSign(a), {moment(a.Since.Time()), usual}, {lasted(a, as.now), usual}, {a.Object, usual}, {a.Text, strong}, noted, {count(a.Returned), quiet}}
		})
	t.empty = "nothing wants a person"
	p := page{title: "alarms of", of: as.here, table: &t, acts: func(row string) []act {
		open := act{key: "o", name: "all of it", turn: func(b browse) browse { return b.open(row) }}
		if row == "" {
			open.off = "there is no alarm"
		}
		return append(alarmActs(all, row), open)
	}}
	p.leads = func(row string) source { return sourceOf(keptOf(all, row)) }
	p.below = func(row string) []line { return alarmBelow(keptOf(all, row), as.width) }
	if as.stands(true) {
		t.empty = "nothing wanted a person when twind ran last"
		p.notes = append(p.notes, piece{"this is as it was when twind ran last: " + as.idle(), bad})
	}
	for _, text := range as.beside {
		p.notes = append(p.notes, piece{"on " + as.twin + ": " + text, warn})
	}
	return p
}

// urgency is how much an alarm matters: those that are true come first.
func urgency(a node.KeptAlarm) int {
	n := 0
	if a.Ended == nil {
		n += 4
	}
	if a.Severity == "error" {
		n += 2
	}
	if a.Acked == nil {
		n++
	}
	return n
}

func alarmSign(a node.KeptAlarm) piece {
	switch {
	case a.Ended != nil:
		return piece{"- over", quiet}
	case a.Severity == "error":
		return piece{"x error", bad}
	}
	return piece{"! warning", warn}
}

func lasted(a node.KeptAlarm, now time.Time) string {
	if a.Ended != nil {
		now = a.Ended.Time()
	}
	return age(now.Sub(a.Since.Time()))
}

func alarmActs(all []node.KeptAlarm, row string) []act {
	none := "there is no alarm to do that with"
	off := none
	for _, a := range all {
		if strconv.FormatInt(a.ID, 10) != row {
			continue
		}
		none = ""
		switch {
		case a.Ended != nil:
			off = "it is over"
		case a.Acked != nil:
			off = foreign(a.AckedBy) + " has taken note of it already"
		default:
			off = ""
		}
	}
	return []act{
		{key: "a", name: "take note of it", args: []string{"alarm", "ack"}, names: []string{row}, rung: afterYes, off: off, asks: []question{{prompt: "reason", flag: "--reason", must: true}}},
		{key: "s", name: "where it belongs", off: none, goes: func(f frame) (frame, wish) { return f.follow(sourceOf(keptOf(all, row))) }},
		{key: "c", name: "the morning check", args: []string{"check"}, shows: true},
	}
}

func keptOf(all []node.KeptAlarm, row string) node.KeptAlarm {
	for _, a := range all {
		if strconv.FormatInt(a.ID, 10) == row {
			return a
		}
	}
	return node.KeptAlarm{}
}

// alarmBelow says all of an alarm, where it belongs, and what there is to type.
func alarmBelow(a node.KeptAlarm, width int) []line {
	const most = 3
	if a.ID == 0 {
		return nil // there is none
	}
	text := wrap(foreign(a.Text), width-2)
	lines := []line{nil}
	for i := range most {
		l := line{{" ", usual}}
		if i < len(text) {
			l = append(l, piece{text[i], usual})
		}
		lines = append(lines, l)
	}
	return append(lines, line{{" enter: ", quiet}, {sourceOf(a).words(), usual}, {"   to type: ", quiet}, {remedyOf(a), strong}})
}

// remedyOf returns what to type about an alarm that was kept.
func remedyOf(a node.KeptAlarm) string {
	if (a.Code == "feed_down" || a.Code == "feed_warning") && a.Object != "" {
		return "twinctl feed test " + argument(foreign(a.Object))
	}
	return remedy(a.Code)
}

func showAlarm(all []node.KeptAlarm, as sight) page {
	p := page{title: "alarm", of: as.at.leaf(), acts: func(string) []act { return alarmActs(all, as.at.leaf()) }}
	for _, a := range all {
		if strconv.FormatInt(a.ID, 10) != as.at.leaf() {
			continue
		}
		sign := alarmSign(a)
		p.text = append(p.text, labelled("state", sign.text, sign.tone, as.width)...)
		ended := ""
		if a.Ended != nil {
			ended = a.Ended.Time().Format(clockLayout)
		}
		for _, f := range []Named{
			{"what", a.Text},
			{"about", a.Object},
			{"code", a.Code},
			{"since", a.Since.Time().Format(clockLayout)},
			{"ended", ended},
			{"lasted", lasted(a, as.now)},
			{"came back", count(a.Returned)},
			{"noted by", a.AckedBy},
			{"belongs to", sourceOf(a).words()},
			{"what to type", remedyOf(a)},
		} {
			if f.Value != "" {
				p.text = append(p.text, labelled(f.Name, f.Value, usual, as.width)...)
			}
		}
		return p
	}
	p.text = []line{{{" it is not written down any more", quiet}}}
	return p
}

func logScreen() screen {
	return of(screen{tab: "9", name: "Log", about: "warnings and errors of this server"},
		func(ctx context.Context, from Sources, _ place) ([]Entry, error) { return from.Journal.Entries(ctx) }, showEntries)
}

func showEntries(all []Entry, as sight) page {
	p := page{title: "log"}
	if as.at.leaf() != "" {
		for _, e := range all {
			if strconv.FormatInt(e.ID, 10) == as.at.leaf() {
				for _, f := range []Named{{"when", e.At.UTC().Format(clockLayout)}, {"level", e.Level.String()}, {"what", e.Message}, {"with", e.Attrs}} {
					p.text = append(p.text, labelled(f.Name, f.Value, usual, as.width)...)
				}
			}
		}
		return p
	}
	t := tableOf(all, []field{{title: "when"}, {title: ""}, {title: "what", most: 60}, {title: "with", most: 30}},
		func(e Entry) string { return strconv.FormatInt(e.ID, 10) },
		func(e Entry, _ sight) []piece {
			sign := piece{"! warning", warn}
			if e.Level >= slog.LevelError {
				sign = piece{"x error", bad}
			}
			return []piece{{moment(e.At), usual}, sign, {e.Message, strong}, {e.Attrs, usual}}
		})
	t.empty, t.opens = "there was nothing to warn of", true
	p.table = &t
	return p
}

func auditScreen() screen {
	return of(screen{tab: "9", name: "Audit", about: "who did what to this server"},
		func(ctx context.Context, from Sources, _ place) ([]Done, error) { return from.Journal.Acts(ctx) }, showActs)
}

func (d Done) key() string { return d.File + " " + strconv.FormatInt(d.ID, 10) }

func showActs(all []Done, as sight) page {
	p := page{title: "audit"}
	p.acts = func(string) []act {
		return []act{{key: "V", name: "verify that nothing is missing", args: []string{"audit", "verify"}, shows: true}}
	}
	if as.at.leaf() != "" {
		for _, d := range all {
			if d.key() == as.at.leaf() {
				for _, f := range []Named{{"when", d.At.UTC().Format(clockLayout)}, {"who", d.Actor}, {"did", d.Verb}, {"to", d.Target}, {"with", d.Detail}, {"stands in", d.File + " " + count(d.ID)}} {
					p.text = append(p.text, labelled(f.Name, f.Value, usual, as.width)...)
				}
			}
		}
		return p
	}
	t := tableOf(all, []field{{title: "when"}, {title: "who", most: 20}, {title: "did", most: 24}, {title: "to", most: 24}, {title: "with", most: 40, rank: 1}, {title: "in", rank: 2}},
		Done.key, func(d Done, _ sight) []piece {
			return []piece{{moment(d.At), usual}, {d.Actor, strong}, {d.Verb, usual}, {d.Target, usual}, {d.Detail, quiet}, {d.File, quiet}}
		})
	t.empty, t.opens = "nobody did anything yet", true
	p.table = &t
	return p
}
