package tui

import (
	"time"

	"github.com/twinctl/twin/collector/node"
)

// A column is one thing that is told of a feed on a server.
type column struct {
	title string
	width int
	tell  func(f *node.FeedDocument, now time.Time) piece
}

// feedColumns are in the order of their weight: as many of them are shown as
// the cell of a server is wide.
func feedColumns(room int) []column {
	all := []column{
		{"state", 11, nil}, // of the side too: told by feedState
		{"rate", 7, func(f *node.FeedDocument, _ time.Time) piece { return piece{speed(f.Rate), usual} }},
		{"heard", 7, func(f *node.FeedDocument, now time.Time) piece { return ago(f.CoveredUntil, now) }},
		{"gaps", 4, func(f *node.FeedDocument, _ time.Time) piece { return attention(f.GapsOpen) }},
		{"records", 13, func(f *node.FeedDocument, _ time.Time) piece { return piece{count(f.Records), usual} }},
		{"last", 7, func(f *node.FeedDocument, now time.Time) piece { return ago(f.LastRecordAt, now) }},
		{"rejected", 8, func(f *node.FeedDocument, _ time.Time) piece { return attention(f.Rejected) }},
		{"duplicates", 10, func(f *node.FeedDocument, _ time.Time) piece { return piece{count(f.Duplicates), usual} }},
	}
	used := -1
	for i, c := range all {
		if used += 1 + c.width; used > room {
			return all[:max(1, i)]
		}
	}
	return all
}

// feeds is what each feed is doing on each server. They stand in the order of
// the configuration; when they do not all fit, those that want a person come first.
func (v view) feeds(g grid, urgent bool) list {
	columns := feedColumns(g.cell)
	l := list{title: "FEEDS"}
	l.head = g.across(noSign(), func(side) line {
		var heads []piece
		for i, c := range columns {
			heads = append(heads, piece{aligned(c.title, c.width, i > 0), quiet})
		}
		return cells(heads...)
	})
	names := feedNames(g.sides)
	if urgent {
		names = urgentFirst(names, g.sides)
	}
	for _, name := range names {
		l.rows = append(l.rows, g.row(piece{foreign(name), usual}, g.feedSign(name), func(s side) line {
			return v.feedCell(s, name, columns)
		}))
	}
	if len(names) == 0 {
		l.head = line{{"none are configured", usual}}
	}
	return l
}

func urgentFirst(names []string, sides []side) []string {
	var urgent, others []string
	for _, name := range names {
		if _, ok := aboutFeed(name, sides); ok {
			urgent = append(urgent, name)
		} else {
			others = append(others, name)
		}
	}
	return append(urgent, others...)
}

func (v view) feedCell(s side, name string, columns []column) line {
	f := s.feed(name)
	told := []piece{feedState(s, f)}
	told[0].text = left(told[0].text, columns[0].width)
	for _, c := range columns[1:] {
		p := piece{"-", quiet}
		if now := s.fresh() && s.doc.Running; f != nil && (now || c.title != "rate") {
			p = c.tell(f, v.Now)
		}
		if !s.fresh() {
			p.tone = quiet
		}
		told = append(told, piece{right(p.text, c.width), p.tone})
	}
	return cells(told...)
}

// feedState says in a word and a sign what a feed does on a server.
func feedState(s side, f *node.FeedDocument) piece {
	switch {
	case s.doc == nil:
		return piece{"? not known", warn}
	case f == nil:
		return piece{"- none", quiet}
	case !s.fresh():
		return piece{"? was " + word(f.State), quiet}
	case !s.doc.Running:
		return piece{"x no twind", bad}
	case f.State == "live" && f.Error == "":
		return piece{"+ live", good}
	case f.State == "live":
		return piece{"! live", warn}
	case f.State == "connecting":
		return piece{"! connects", warn}
	case f.State == "paused":
		return piece{"- paused", warn}
	default:
		return piece{"x " + word(f.State), bad}
	}
}

// attention shows a count that had better be zero.
func attention(n int64) piece {
	if n == 0 {
		return piece{"0", quiet}
	}
	return piece{count(n), warn}
}

func ago(at *node.Moment, now time.Time) piece {
	if at == nil {
		return piece{"never", quiet}
	}
	return piece{age(now.Sub(at.Time())) + " ago", usual}
}

func aligned(s string, n int, toRight bool) string {
	if toRight {
		return right(s, n)
	}
	return left(s, n)
}
