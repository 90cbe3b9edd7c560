package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// A Listener tells of feeds, beside what the pair's Source tells.
type Listener interface {
	Source
	// Last returns the last records of a feed here, the last one first; none
	// of a feed that was never heard.
	Last(ctx context.Context, feed string, n int) ([]Heard, error)
}

// Heard is a record that came in.
type Heard struct {
	At   time.Time // by the upstream
	Text string    // what it said, in one line
}

// listening is what was looked at.
type listening struct {
	state State
	last  []Heard
}

const (
	lastShown = 12  // records, with a feed
	tailShown = 300 // where they alone are shown
	tailPace  = time.Second
)

// What stands behind the name of a feed in a path.
const (
	seeTail = "tail"
	seeGaps = "gaps"
)

func feedScreen() screen {
	return of(screen{tab: "3", name: "Feeds", about: "what each feed says, here and there, and what is missing"}, lookAtFeeds, showFeeds)
}

func lookAtFeeds(ctx context.Context, from Sources, at place) (l listening, err error) {
	if l.state, err = from.Feeds.Load(ctx); err != nil || len(at.path) == 0 {
		return l, err
	}
	n := lastShown
	if at.leaf() == seeTail && len(at.path) > 1 {
		n = tailShown
	}
	l.last, err = from.Feeds.Last(ctx, at.path[0], n)
	return l, err
}

func showFeeds(l listening, as sight) page {
	v := view{State: l.state, Now: as.now, Looked: as.now}
	switch {
	case len(as.at.path) == 0:
		return showFeedList(v)
	case len(as.at.path) > 1 && as.at.leaf() == seeGaps:
		return showFeedGaps(v, as)
	case len(as.at.path) > 1:
		return showTail(l.last, as)
	}
	return showFeed(v, l.last, as)
}

// showFeedList shows each feed on both servers.
func showFeedList(v view) page {
	sides := v.sides()
	fields := []field{{title: "feed", most: 24}}
	for i, s := range sides {
		for n, title := range []string{s.name, "rate", "heard", "gaps", "records", "rejected"} {
			fields = append(fields, field{title: title, right: n > 0, most: 16, rank: max(0, 10*(n-1)+i)})
		}
	}
	fields = append(fields, field{title: "kind", rank: 15}, field{title: "address", most: 30, rank: 70})
	names := feedNames(sides)
	t := tableOf(names, fields, func(name string) string { return name }, func(name string, _ sight) []piece {
		return feedCells(v, name)
	})
	t.empty, t.opens = "no feed is configured: twinctl setup makes one, or write a [[feed]] into the configuration", true
	return page{title: "feeds", table: &t, acts: func(row string) []act { return feedActs(v, row) }}
}

func feedCells(v view, name string) []piece {
	cells := []piece{{name, strong}}
	kind, address := piece{}, piece{}
	for _, s := range v.sides() {
		f := s.feed(name)
		cells = append(cells, feedState(s, f))
		if f == nil {
			cells = append(cells, piece{"-", quiet}, piece{"-", quiet}, piece{"-", quiet}, piece{"-", quiet}, piece{"-", quiet})
			continue
		}
		cells = append(cells, s.rate(f), ago(f.CoveredUntil, v.Now), attention(f.GapsOpen), piece{count(f.Records), usual}, attention(f.Rejected))
		if s.here || kind.text == "" {
			kind, address = piece{f.Kind, quiet}, piece{f.Address, quiet}
		}
	}
	return append(cells, kind, address)
}

// rate is how many records a second come in; what was so when the server was
// heard last says nothing of now.
func (s side) rate(f *node.FeedDocument) piece {
	if !s.fresh() || !s.doc.Running {
		return piece{"-", quiet}
	}
	return piece{speed(f.Rate), usual}
}

// feedActs are what can be done with a feed of this server.
func feedActs(v view, name string) []act {
	own := side{here: true, doc: &v.Own}
	f := own.feed(name)
	off, pause := "", act{key: "p", name: "pause", args: []string{"feed", "pause"}}
	switch {
	case name == "":
		off = "there is no feed to do that with"
	case f == nil:
		off = "this server has no such feed: do it on the other"
	case f.State == "paused":
		pause = act{key: "p", name: "resume", args: []string{"feed", "resume"}}
	}
	pause.names, pause.rung, pause.off = []string{name}, afterYes, off
	fill := off
	if v.Own.Twin == nil {
		fill = "there is no twin to fill from"
	}
	open := func(what string) func(browse) browse {
		return func(b browse) browse {
			if len(b.path) == 0 {
				b = b.open(name)
			}
			return b.open(what)
		}
	}
	return []act{
		{key: "L", name: "live tail", off: off, turn: open(seeTail)},
		{key: "i", name: "what is missing", off: off, turn: open(seeGaps)},
		pause,
		{key: "C", name: "reconnect", args: []string{"feed", "reconnect"}, names: []string{name}, rung: afterYes, off: off},
		{key: "f", name: "fill from the twin", args: []string{"fill", "--feed=" + name}, rung: afterYes, off: fill, shows: true},
		{key: "T", name: "test", args: []string{"feed", "test"}, names: []string{name}, off: off, shows: true},
		{key: "c", name: "compare with the twin", args: []string{"compare"}, shows: true, off: fill},
	}
}

// showFeed shows one feed on both servers, and what it said last here.
func showFeed(v view, last []Heard, as sight) page {
	name := as.at.path[0]
	p := page{title: "feed", of: name, pace: tailPace, acts: func(string) []act { return feedActs(v, name) }}
	sides := v.sides()
	label := min(labelWidth, as.width/4)
	cell := max(1, (as.width-label-3)/len(sides)-1)
	rows := []struct {
		name string
		tell func(f *node.FeedDocument) piece
	}{
		{"heard in full", func(f *node.FeedDocument) piece { return ago(f.CoveredUntil, v.Now) }},
		{"last record", func(f *node.FeedDocument) piece { return ago(f.LastRecordAt, v.Now) }},
		{"records", func(f *node.FeedDocument) piece { return piece{count(f.Records), usual} }},
		{"duplicates", func(f *node.FeedDocument) piece { return piece{count(f.Duplicates), usual} }},
		{"rejected", func(f *node.FeedDocument) piece { return attention(f.Rejected) }},
		{"gaps open", func(f *node.FeedDocument) piece { return attention(f.GapsOpen) }},
		{"address", func(f *node.FeedDocument) piece { return piece{f.Address, usual} }},
		{"upstream since", func(f *node.FeedDocument) piece { return piece{f.Incarnation, quiet} }},
		{"why", func(f *node.FeedDocument) piece { return piece{f.Error, warn} }},
	}
	across := func(label string, tell func(side) piece) line {
		l := line{{" " + left(label, labelWidth) + " ", quiet}}
		for _, s := range sides {
			c := tell(s)
			l = append(l, piece{left(foreign(c.text), cell), c.tone}, piece{" ", usual})
		}
		return l
	}
	p.text = append(p.text, across("", func(s side) piece { return piece{s.name, strong} }), across("state", func(s side) piece { return feedState(s, s.feed(name)) }),
		across("rate", func(s side) piece {
			if f := s.feed(name); f != nil {
				return s.rate(f)
			}
			return piece{"-", quiet}
		}))
	trouble := slices.ContainsFunc(sides, func(s side) bool { f := s.feed(name); return f != nil && f.Error != "" })
	for _, r := range rows {
		if r.name == "why" && !trouble {
			continue
		}
		p.text = append(p.text, across(r.name, func(s side) piece {
			if f := s.feed(name); f != nil {
				return r.tell(f)
			}
			return piece{"-", quiet}
		}))
	}
	p.text = append(p.text, nil, line{{" LAST RECORDS HERE", strong}})
	return withHeard(p, last)
}

// withHeard adds records to a page, a line each.
func withHeard(p page, last []Heard) page {
	for _, h := range last {
		p.text = append(p.text, line{{" " + h.At.UTC().Format("15:04:05.000") + "  ", quiet}, {gist(h.Text), usual}})
	}
	if len(last) == 0 {
		p.text = append(p.text, line{{"  none was heard yet", quiet}})
	}
	return p
}

// gist leaves out of an event of AMI what each of them says, so that what it
// says itself is in sight. Anything else stays as it is.
func gist(text string) string {
	rest, ok := strings.CutPrefix(text, "Event: ")
	if !ok {
		return foreign(text)
	}
	var said []string
	for i, part := range strings.Split(rest, "  ") {
		if i == 0 || !strings.HasPrefix(part, "Privilege: ") && !strings.HasPrefix(part, "Timestamp: ") {
			said = append(said, foreign(part))
		}
	}
	return strings.Join(said, "  ")
}

// showTail shows what comes in, the last at the top.
func showTail(last []Heard, as sight) page {
	return withHeard(page{title: "tail of", of: as.at.path[0] + ", the last first", pace: tailPace}, last)
}

// A sidedGap is one of a server.
type sidedGap struct {
	history.Gap
	side side
}

// key names it: the two servers count their own.
func (g sidedGap) key() string {
	return g.side.name + " " + strconv.FormatInt(g.ID, 10) + " " + g.From.String()
}

// showFeedGaps shows all gaps of a feed, on both servers, the last first.
func showFeedGaps(v view, as sight) page {
	name := as.at.path[0]
	var all []sidedGap
	for _, s := range v.sides() {
		for _, g := range s.gaps {
			if g.Feed == name {
				all = append(all, sidedGap{g, s})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b sidedGap) int { return b.From.Time().Compare(a.From.Time()) })
	t := tableOf(all, []field{{title: "from"}, {title: "to", rank: 2}, {title: "length", right: true}, {title: "on", most: headName}, {title: "why", most: 16, rank: 1}, {title: "state"}, {title: "records", right: true, rank: 3}, {title: "id", right: true, rank: 4}},
		sidedGap.key, func(g sidedGap, as sight) []piece {
			to, long := "lasts", as.now.Sub(g.From.Time())
			if g.To != nil {
				to, long = moment(g.To.Time()), g.To.Time().Sub(g.From.Time())
			}
			state := piece{word(string(g.State)), usual}
			if g.State == history.GapOpen || g.State == history.GapLost {
				state = piece{"! " + state.text, warn}
			}
			return []piece{{moment(g.From.Time()), usual}, {to, usual}, {length(long), usual}, {g.side.name, usual}, {word(string(g.Reason)), usual}, state, {count(g.Records), usual}, {fmt.Sprint(g.ID), quiet}}
		})
	t.empty = "nothing is missing that is known of"
	return page{title: "gaps of", of: name, table: &t, acts: func(string) []act {
		return slices.DeleteFunc(feedActs(v, name), func(a act) bool { return strings.Contains("Lip", a.key) })
	}}
}
