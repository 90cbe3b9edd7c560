package report

import (
	"cmp"
	"context"
	"fmt"
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
	q, err := asked(ctx, from, ask, counting(from.Feeds))
	if err != nil {
		return Table{}, fmt.Errorf("report of agents: %w", err)
	}
	t, err := q.agents(ctx)
	if err != nil {
		return Table{}, fmt.Errorf("report of agents: %w", err)
	}
	return t, nil
}

func (q *question) agents(ctx context.Context) (Table, error) {
	who, err := q.site.who(ctx, "agent", q.ask.Agents, q.ask.Groups)
	if err != nil {
		return Table{}, err
	}
	sum := agentSum{question: q, who: who}
	if sum.reasons, err = q.site.rows(ctx, "pause-reason"); err != nil {
		return Table{}, err
	}
	s := newSheet(q, who, (*acd.AgentCounts).Add)
	err = s.read(func(feed int, span record.Span) error {
		for row, err := range q.from.History.AgentIntervals(ctx, history.Intervals{Feed: q.feeds[feed].feed.Name, Span: span}) {
			if err == nil {
				err = s.put(feed, row.Start, row.Agent, row.Counts)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Table{}, err
	}
	t := q.table("agent", columns(agentColumns))
	err = s.entries(ctx, func(e entry[acd.AgentCounts]) {
		if row := sum.row(e); row != nil {
			t.Rows = append(t.Rows, row)
		}
	})
	t.Total = sum.total()
	q.missed(sum.heard)
	t.Notes = q.notes
	return t, err
}

// An agentSum makes rows, and adds them up.
type agentSum struct {
	*question
	who     *who
	reasons map[string]admin.Body // why agents pause
	all     acd.AgentCounts
	heard   heard
	feeds   []bool // that told of any of them
}

// row returns nil where there is nothing to tell.
func (a *agentSum) row(e entry[acd.AgentCounts]) []any {
	there := e.counts != nil && !reflect.ValueOf(*e.counts).IsZero()
	missed := e.counts == nil && e.heard.due > 0
	if !there && !missed && a.who.wanted == nil {
		return nil
	}
	head := []any{e.start, e.key, a.who.name(e.key)}
	pct, complete := e.heard.cells()
	a.heard = a.heard.add(e.heard)
	if e.counts == nil {
		return append(append(head, make([]any, agentCells)...), pct, complete)
	}
	e.counts.RingNoAnswer -= upTo(&e.counts.RingsNoAnswer, a.site.RingMin)
	a.all.Add(*e.counts)
	if a.feeds == nil {
		a.feeds = make([]bool, len(e.feeds))
	}
	for i, told := range e.feeds {
		a.feeds[i] = a.feeds[i] || told
	}
	return append(append(head, a.cells(e.counts, e.feeds)...), pct, complete)
}

func (a *agentSum) total() []any {
	if a.feeds == nil {
		return nil
	}
	pct, complete := a.heard.cells()
	return append(append(make([]any, 3), a.cells(&a.all, a.feeds)...), pct, complete)
}

func (a *agentSum) cells(c *acd.AgentCounts, feeds []bool) []any {
	work := c.Talk + c.WrapUp
	for reason, length := range c.PausedFor {
		if productive, _ := a.reasons[reason]["productive"].(bool); productive {
			work += length
		}
	}
	return []any{
		a.moment(c.FirstLogin), a.moment(c.LastLogout),
		seconds(c.Staffed), seconds(c.Available), seconds(c.Paused), a.split(c.PausedFor),
		seconds(c.Ringing), seconds(c.Talk), a.told(c.OtherCall, feeds, "ami"),
		a.told(c.WrapUp, feeds), seconds(c.Unknown),
		c.Answered, c.RingNoAnswer, c.RingCancelled, c.Transferred,
		mean(c.Handled, c.Completed), share(float64(work), float64(work+c.Available)),
	}
}

// told returns a length as a cell: nil if it is zero and no feed of a format
// that would have told of it told of the agent.
func (a *agentSum) told(length record.Instant, feeds []bool, formats ...string) any {
	tells := length != 0
	for i := range a.question.feeds {
		tells = tells || feeds[i] && slices.Contains(formats, a.question.feeds[i].feed.Format)
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
func (a *agentSum) split(lengths map[string]record.Instant) any {
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
