package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

const nowQueueColumns = `
	queue words
	name words
	feed words
	waiting count
	longest_wait_s seconds
	agents count
	available count
	ringing count
	talk count
	other_call count
	paused count
	unreachable count`

const nowAgentColumns = `
	agent words
	name words
	feed words
	state words
	for_s seconds
	since moment
	reason words
	queue words
	queues words
	interfaces words`

// A Sight is how the queues and agents of a feed stand, as the running server
// said last.
type Sight struct {
	Feed  string
	Heard bool // the feed is heard: it still stands so
	acd.LiveState
}

// Now tells how things stand: a row for each queue, and one for each agent who
// is known to be there, by name. Of feeds that tell of the same calls one is
// looked at, if it can be one that is heard, and of those rather one that tells
// of phones. How long something lasts is by the ask's Now.
//
// Of a feed that is not heard the queues are named, and the rest is nil. The
// ask's groups may be of queues or of agents. Who asks for queues sees their
// members, and who asks for agents their queues. One that nobody knows is
// ErrUnknown. Span, By and OpenHours mean
// nothing.
func Now(ctx context.Context, from Sources, seen []Sight, ask Ask) (queues, agents Table, err error) {
	n := &now{ask: ask, seen: map[string]Sight{}}
	for _, s := range seen {
		n.seen[s.Feed] = s
	}
	if err := n.whom(ctx, from); err != nil {
		return Table{}, Table{}, fmt.Errorf("report of now: %w", err)
	}
	feeds := n.feeds(from.Feeds)
	if ask.Feed != "" {
		if feeds, err = from.feed(ask.Feed); err != nil {
			return Table{}, Table{}, fmt.Errorf("report of now: %w", err)
		}
	}
	if err := n.surely(ctx, from, seen); err != nil {
		return Table{}, Table{}, fmt.Errorf("report of now: %w", err)
	}
	n.queueRows, n.agentRows = [][]any{}, [][]any{}
	for _, f := range feeds {
		n.look(f)
	}
	for _, rows := range [][][]any{n.queueRows, n.agentRows} {
		slices.SortStableFunc(rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	}
	table := func(name, shape string, rows [][]any) Table {
		return Table{
			Name: name, Columns: columns(shape), Rows: rows, Zone: n.site.Zone, Notes: n.notes,
			Span: record.Span{From: ask.Now, To: ask.Now + 1},
		}
	}
	return table("now", nowQueueColumns, n.queueRows), table("now", nowAgentColumns, n.agentRows), nil
}

// now is a question about how things stand.
type now struct {
	ask                  Ask
	site                 *site
	seen                 map[string]Sight
	queues, agents       *who
	queueRows, agentRows [][]any
	notes                []string
}

// whom resolves what was asked for.
func (n *now) whom(ctx context.Context, from Sources) (err error) {
	if n.site, err = readSite(ctx, from.Admin); err != nil {
		return err
	}
	var ofQueues, ofAgents []string
	for _, group := range n.ask.Groups {
		_, noQueues := n.site.find(ctx, "queue-group", group)
		_, noAgents := n.site.find(ctx, "agent-group", group)
		if noQueues != nil && noAgents != nil {
			return noQueues
		}
		if noQueues == nil {
			ofQueues = append(ofQueues, group)
		}
		if noAgents == nil {
			ofAgents = append(ofAgents, group)
		}
	}
	if n.queues, err = n.site.who(ctx, "queue", n.ask.Queues, ofQueues); err != nil {
		return err
	}
	n.agents, err = n.site.who(ctx, "agent", n.ask.Agents, ofAgents)
	return err
}

// surely returns ErrUnknown for a queue or agent that nobody knows: that stands
// in no sight, heard or not, and was not counted this week.
func (n *now) surely(ctx context.Context, from Sources, seen []Sight) error {
	queues, agents := map[string]bool{}, map[string]bool{}
	for _, s := range seen {
		for _, q := range s.Queues {
			queues[n.queues.key(q.Queue)] = true
		}
		for _, a := range s.Agents {
			agents[n.agents.key(a.Agent)] = true
		}
	}
	at := record.Span{From: n.ask.Now, To: n.ask.Now}
	if err := n.queues.surely(ctx, from, at, queues); err != nil {
		return err
	}
	return n.agents.surely(ctx, from, at, agents)
}

// feeds returns the feed of each source to look at.
func (n *now) feeds(all []Feed) []Feed {
	worth := func(f Feed) (worth int) {
		s, known := n.seen[f.Name]
		for _, better := range []bool{known && s.Heard, f.Format == "ami", f.Counts == nil || *f.Counts, true} {
			worth *= 2
			if better {
				worth++
			}
		}
		return worth
	}
	best := map[string]Feed{}
	var sources []string
	for _, f := range all {
		if !acd.TellsNow(f.Format) {
			continue
		}
		had, is := best[f.Source]
		if !is {
			sources = append(sources, f.Source)
		}
		if !is || worth(f) > worth(had) {
			best[f.Source] = f
		}
	}
	feeds := make([]Feed, len(sources))
	for i, source := range sources {
		feeds[i] = best[source]
	}
	return feeds
}

// look adds the rows of a feed.
func (n *now) look(f Feed) {
	s, known := n.seen[f.Name]
	n.remark(f, s, known)
	for _, q := range s.Queues {
		if n.wantsQueue(q, s) {
			n.queueRows = append(n.queueRows, n.queueRow(s, q))
		}
	}
	if !s.Heard {
		return // who is there is not known
	}
	for _, a := range s.Agents {
		if n.wantsAgent(a) {
			n.agentRows = append(n.agentRows, n.agentRow(s, a))
		}
	}
}

// remark notes why there is nothing to tell of a feed.
func (n *now) remark(f Feed, s Sight, known bool) {
	switch {
	case !acd.TellsNow(f.Format):
		n.note("feed %q does not tell how things stand", f.Name)
	case !known:
		n.note("how things stand by feed %q is not known yet", f.Name)
	case s.Heard:
	case s.Through == 0:
		n.note("feed %q is not heard: how things stand is not known", f.Name)
	default:
		n.note("feed %q is not heard: how things stand is not known since %s", f.Name, s.Through.Time().In(n.site.Zone).Format("2006-01-02 15:04:05"))
	}
}

// wantsQueue tells whether a queue was asked for, or one of its members alone.
func (n *now) wantsQueue(q acd.LiveQueue, s Sight) bool {
	if n.queues.wanted != nil || n.agents.wanted == nil {
		return n.queues.wants(n.queues.key(q.Queue))
	}
	return slices.ContainsFunc(s.Agents, func(a acd.LiveAgent) bool {
		return slices.Contains(a.Queues, q.Queue) && n.agents.wants(n.agents.key(a.Agent))
	})
}

// wantsAgent tells whether an agent was asked for, or a queue of his alone.
func (n *now) wantsAgent(a acd.LiveAgent) bool {
	if n.agents.wanted != nil || n.queues.wanted == nil {
		return n.agents.wants(n.agents.key(a.Agent))
	}
	return slices.ContainsFunc(a.Queues, func(q string) bool { return n.queues.wants(n.queues.key(q)) })
}

func (n *now) queueRow(s Sight, q acd.LiveQueue) []any {
	key := n.queues.key(q.Queue)
	row := []any{key, n.queues.name(key), s.Feed}
	if !s.Heard {
		return append(row, make([]any, 9)...)
	}
	agents := int64(0)
	for _, of := range q.Agents {
		agents += int64(of)
	}
	row = append(row, int64(q.Waiting), n.lasting(q.LongestSince), agents)
	for _, standing := range []acd.Standing{acd.Available, acd.BeingRung, acd.Talking, acd.OnOtherCall, acd.OnPause, acd.Away} {
		row = append(row, int64(q.Agents[standing]))
	}
	return row
}

func (n *now) agentRow(s Sight, a acd.LiveAgent) []any {
	key := n.agents.key(a.Agent)
	if a.Twice() {
		n.note("%s is logged in more than once: %s", key, strings.Join(a.Interfaces, ", "))
	}
	row := []any{key, n.agents.name(key), s.Feed, string(a.Standing), n.lasting(a.Since)}
	if a.Since == 0 {
		row = append(row, nil)
	} else {
		row = append(row, a.Since.Time().In(n.site.Zone))
	}
	for _, text := range []string{a.Reason, a.Queue, strings.Join(a.Queues, ", "), strings.Join(a.Interfaces, ", ")} {
		if text == "" {
			row = append(row, nil)
		} else {
			row = append(row, text)
		}
	}
	return row
}

// lasting returns for how many whole seconds something has been so: nil if it
// is not, or nobody knows since when.
func (n *now) lasting(since record.Instant) any {
	if since == 0 {
		return nil
	}
	return float64(max(0, n.ask.Now-since) / record.Second)
}

func (n *now) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(n.notes, text) {
		n.notes = append(n.notes, text)
	}
}
