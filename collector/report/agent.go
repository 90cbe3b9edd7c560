package report

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

const agentColumns = `
	start moment
	agent words
	name words
	first_login moment
	last_logout moment
	staffed_s seconds
	available_s seconds
	paused_s seconds
	paused_for_s split
	ringing_s seconds
	talk_s seconds
	other_call_s seconds
	wrap_up_s seconds
	unknown_s seconds
	answered count
	ring_no_answer count
	ring_cancelled count
	transferred count
	aht_s seconds
	occupancy_pct percent
	coverage_pct percent
	complete flag`

// agentCells is how many cells there are from first_login to occupancy_pct.
const agentCells = 17

// Agent tells what agents did: a row for each stretch of time and agent, in that
// order. A stretch in which an agent was not there at all has no row, unless
// the agent was asked for; one in which nobody listened has one with nil.
func Agent(ctx context.Context, from Sources, ask Ask) (Table, error) {
	all, err := AgentOverview(ctx, from, ask)
	return all.Rows, err
}

// AgentOverview tells what Agent tells, and what it comes to.
func AgentOverview(ctx context.Context, from Sources, ask Ask) (Overview, error) {
	q, err := asked(ctx, from, ask, counting(from.Feeds))
	if err != nil {
		return Overview{}, fmt.Errorf("report of agents: %w", err)
	}
	all, err := q.agents(ctx, q.agentRows)
	if err != nil {
		return Overview{}, fmt.Errorf("report of agents: %w", err)
	}
	return all, nil
}

// agents answers from the rows that read returns of a feed and a span.
func (q *question) agents(ctx context.Context, read func(context.Context, string, record.Span) []agentRows) (Overview, error) {
	who, err := q.site.who(ctx, "agent", q.ask.Agents, q.ask.Groups)
	if err != nil {
		return Overview{}, err
	}
	a := agentTeller{question: q, who: who}
	if a.reasons, err = q.site.rows(ctx, "pause-reason"); err != nil {
		return Overview{}, err
	}
	s := newSheet(q, who, (*acd.AgentCounts).Add)
	err = s.read(func(feed int, span record.Span) error {
		for _, counted := range read(ctx, q.feeds[feed].feed.Name, span) {
			for row, err := range counted {
				if err == nil {
					err = s.put(feed, row.Start, row.Agent, row.Counts)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return Overview{}, err
	}
	return a.tell(ctx, s)
}

// agentRows yields what was counted of agents, ended by an error.
type agentRows = iter.Seq2[acd.AgentRow, error]

// agentRows returns what was counted of agents in a span, in parts: added up as
// far as they share a row of the answer, where that is worth it.
func (q *question) agentRows(ctx context.Context, feed string, span record.Span) []agentRows {
	runs := []record.Span{span}
	if span == q.grid.span { // else it matters who is told of, and not when
		runs = q.grid.runs()
	}
	if len(runs)*worthAdding > len(q.grid.of) {
		return q.agentIntervals(ctx, feed, span)
	}
	all := make([]agentRows, len(runs))
	for i, run := range runs {
		all[i] = q.from.History.AgentSums(ctx, history.Intervals{Feed: feed, Span: run})
	}
	return all
}

// agentIntervals returns them one by one.
func (q *question) agentIntervals(ctx context.Context, feed string, span record.Span) []agentRows {
	return []agentRows{q.from.History.AgentIntervals(ctx, history.Intervals{Feed: feed, Span: span})}
}

// worthAdding is how many quarter hours must share a row for it to be cheaper
// to add them up in the database than to read each.
const worthAdding = 4

// nothing tells whether nothing was counted; what was corrected to nothing is.
func nothing(c acd.AgentCounts) bool {
	if len(c.PausedFor) == 0 {
		c.PausedFor = nil
	}
	return reflect.ValueOf(c).IsZero()
}

// An agentTeller makes rows.
type agentTeller struct {
	*question
	who     *who
	reasons map[string]admin.Body // why agents pause
}

func (a *agentTeller) tell(ctx context.Context, s *sheet[acd.AgentCounts]) (Overview, error) {
	t := a.table("agent", columns(agentColumns))
	var sum agentSum
	var course, apart gathering[agentSum]
	err := s.entries(ctx, func(e entry[acd.AgentCounts]) {
		there := e.counts != nil && !nothing(*e.counts)
		missed := e.counts == nil && e.heard.due > 0
		if !there && !missed && a.who.wanted == nil {
			return
		}
		one := a.agentOf(e)
		sum.add(&one)
		course.of(e.start).add(&one)
		apart.of(e.key).add(&one)
		t.Rows = append(t.Rows, append([]any{e.start, e.key, a.who.name(e.key)}, a.cells(&one)...))
	})
	if len(t.Rows) > 0 {
		t.Total = append(make([]any, 3), a.cells(&sum)...)
	}
	a.uncounted()
	a.untimed()
	a.missed(sum.heard)
	t.Notes = a.notes
	all := overview(t)
	course.each(func(start any, sum *agentSum) {
		all.Course.Rows = append(all.Course.Rows, append([]any{start, nil, nil}, a.cells(sum)...))
	})
	apart.each(func(key any, sum *agentSum) {
		all.Apart.Rows = append(all.Apart.Rows, append([]any{nil, key, a.who.name(key.(string))}, a.cells(sum)...))
	})
	return all, err
}

// An agentSum is what one row tells, or several together.
type agentSum struct {
	counts acd.AgentCounts
	known  bool // of one of them; else counts mean nothing
	heard  heard
	feeds  []bool // that told of any of them
}

// agentOf returns what an entry tells.
func (q *question) agentOf(e entry[acd.AgentCounts]) agentSum {
	if e.counts == nil {
		return agentSum{heard: e.heard}
	}
	sum := agentSum{counts: *e.counts, known: true, heard: e.heard, feeds: e.feeds}
	sum.counts.RingNoAnswer -= upTo(&e.counts.RingsNoAnswer, q.site.RingMin)
	return sum
}

func (a *agentSum) add(o *agentSum) {
	a.heard = a.heard.add(o.heard)
	if !o.known {
		return
	}
	if a.feeds == nil {
		a.feeds = make([]bool, len(o.feeds))
	}
	for i, told := range o.feeds {
		a.feeds[i] = a.feeds[i] || told
	}
	a.counts.Add(o.counts)
	a.known = true
}

// cells returns those from first_login on.
func (a *agentTeller) cells(sum *agentSum) []any {
	pct, complete := sum.heard.cells()
	if !sum.known {
		return append(make([]any, agentCells), pct, complete)
	}
	c := &sum.counts
	work := c.Talk + c.WrapUp
	for reason, length := range c.PausedFor {
		if productive, _ := a.reasons[reason]["productive"].(bool); productive {
			work += length
		}
	}
	return []any{
		a.moment(c.FirstLogin), a.moment(c.LastLogout),
		seconds(c.Staffed), seconds(c.Available), seconds(c.Paused), a.split(c.PausedFor),
		seconds(c.Ringing), seconds(c.Talk), a.told(c.OtherCall, sum.feeds, "ami"),
		a.told(c.WrapUp, sum.feeds), seconds(c.Unknown),
		c.Answered, c.RingNoAnswer, c.RingCancelled, c.Transferred,
		mean(c.Handled, c.Completed), share(float64(work), float64(work+c.Available)),
		pct, complete,
	}
}

// told returns a length as a cell: nil if it is zero and no feed of a format
// that would have told of it told of the agent.
func (a *agentTeller) told(length record.Instant, feeds []bool, formats ...string) any {
	tells := length != 0
	for i := range a.feeds {
		tells = tells || feeds[i] && slices.Contains(formats, a.feeds[i].feed.Format)
	}
	if !tells {
		return nil
	}
	return seconds(length)
}

// moment returns an instant as a cell.
func (q *question) moment(at record.Instant) any {
	if at == 0 {
		return nil
	}
	return at.Time().In(q.site.Zone)
}

// split returns what agents paused for, by what people call that.
func (a *agentTeller) split(lengths map[string]record.Instant) any {
	byName := map[string]record.Instant{}
	for reason, length := range lengths {
		name := cmp.Or(reason, "no reason")
		if known := a.reasons[reason].Text("name"); known != "" {
			name = known
		}
		byName[name] += length
	}
	parts := Parts{}
	for _, name := range slices.SortedFunc(maps.Keys(byName), strings.Compare) {
		parts = append(parts, Part{name, round(byName[name])})
	}
	return parts
}
