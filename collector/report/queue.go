package report

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

const queueColumns = `
	start moment
	queue words
	name words
	offered count
	answered count
	answered_within count
	service_level_pct percent
	abandoned count
	abandoned_within count
	short_abandoned count
	abandoned_pct percent
	timed_out count
	exit_key count
	exit_empty count
	refused count
	transferred count
	completed count
	ring_no_answer count
	answered_wait_s seconds
	answered_wait_max_s seconds
	asa_s seconds
	abandoned_wait_s seconds
	talk_s seconds
	aht_s seconds
	coverage_pct percent
	complete flag`

// Queue tells how queues did: a row for each stretch of time and queue, in that
// order. A queue that was counted, or asked for, has a row for every stretch,
// with zeros where it was quiet and nil where nobody listened.
func Queue(ctx context.Context, from Sources, ask Ask) (Table, error) {
	q, err := asked(ctx, from, ask, counting(from.Feeds))
	if err != nil {
		return Table{}, fmt.Errorf("report of queues: %w", err)
	}
	t, err := q.queues(ctx)
	if err != nil {
		return Table{}, fmt.Errorf("report of queues: %w", err)
	}
	return t, nil
}

func (q *question) queues(ctx context.Context) (Table, error) {
	who, err := q.site.who(ctx, "queue", q.ask.Queues, q.ask.Groups)
	if err != nil {
		return Table{}, err
	}
	s := newSheet(q, who, (*acd.QueueCounts).Add)
	err = s.read(func(feed int, span record.Span) error {
		for row, err := range q.from.History.QueueIntervals(ctx, history.Intervals{Feed: q.feeds[feed].feed.Name, Span: span}) {
			if err == nil {
				err = s.put(feed, row.Start, row.Queue, row.Counts)
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
	t := q.table("queue", columns(queueColumns))
	sum := queueSum{site: q.site, who: who}
	err = s.entries(ctx, func(e entry[acd.QueueCounts]) {
		t.Rows = append(t.Rows, sum.row(e, q.tellsRefusals(e.feeds)))
	})
	t.Total = sum.total()
	if sum.all.Lost > 0 {
		q.note("%d calls never ended, because the upstream restarted", sum.all.Lost)
	}
	q.missed(sum.heard)
	t.Notes = q.notes
	return t, err
}

// tellsRefusals tells whether one of the feeds that tell of a queue would have
// said that a caller was turned away. queue_log has no word for it.
func (q *question) tellsRefusals(feeds []bool) bool {
	for i := range q.feeds {
		if feeds[i] && q.feeds[i].feed.Format != "queue_log" {
			return true
		}
	}
	return false
}

// A queueSum makes rows, and adds them up.
type queueSum struct {
	site    *site
	who     *who
	all     acd.QueueCounts
	judged  judged
	heard   heard
	refused bool // it is known of one of them
}

func (q *queueSum) row(e entry[acd.QueueCounts], refusals bool) []any {
	head := []any{e.start, e.key, q.who.name(e.key)}
	pct, complete := e.heard.cells()
	q.heard = q.heard.add(e.heard)
	if e.counts == nil {
		return append(append(head, make([]any, queueCells)...), pct, complete)
	}
	w := q.site.waits(q.who, e.key)
	j := w.judge(e.counts)
	e.counts.RingNoAnswer -= upTo(&e.counts.RingsNoAnswer, w.ring)
	q.all.Add(*e.counts)
	q.judged.add(j)
	refusals = refusals || e.counts.Refused != 0
	q.refused = q.refused || refusals
	return append(append(head, cellsOfQueue(e.counts, j, refusals)...), pct, complete)
}

// total returns the row of all.
func (q *queueSum) total() []any {
	pct, complete := q.heard.cells()
	return append(append(make([]any, 3), cellsOfQueue(&q.all, q.judged, q.refused)...), pct, complete)
}

// queueCells is how many cells there are from offered to aht_s.
const queueCells = 21

func cellsOfQueue(c *acd.QueueCounts, j judged, tellsRefusals bool) []any {
	var refused any
	if tellsRefusals {
		refused = c.Refused
	}
	return []any{
		c.Offered, c.Answered, j.within, share(float64(j.good), float64(j.of)),
		c.Abandoned, j.abandonedWithin, j.short, share(float64(c.Abandoned), float64(c.Offered)),
		c.TimedOut, c.ExitKey, c.ExitEmpty, refused, c.Transferred, c.Completed, c.RingNoAnswer,
		seconds(c.AnsweredWait), seconds(c.AnsweredWaitMax), mean(c.AnsweredWait, c.Answered),
		seconds(c.AbandonedWait), seconds(c.Talk), mean(c.Talk, c.Completed),
	}
}
