package report

import (
	"context"
	"fmt"
	"slices"

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
	all, err := QueueOverview(ctx, from, ask)
	return all.Rows, err
}

// QueueOverview tells what Queue tells, and what it comes to.
func QueueOverview(ctx context.Context, from Sources, ask Ask) (Overview, error) {
	q, err := asked(ctx, from, ask, counting(from.Feeds))
	if err != nil {
		return Overview{}, fmt.Errorf("report of queues: %w", err)
	}
	all, err := q.queues(ctx)
	if err != nil {
		return Overview{}, fmt.Errorf("report of queues: %w", err)
	}
	return all, nil
}

func (q *question) queues(ctx context.Context) (Overview, error) {
	who, err := q.site.who(ctx, "queue", q.ask.Queues, q.ask.Groups)
	if err != nil {
		return Overview{}, err
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
		return Overview{}, err
	}
	t := q.table("queue", columns(queueColumns))
	var sum queueSum
	var course, apart gathering[queueSum]
	err = s.entries(ctx, func(e entry[acd.QueueCounts]) {
		one := q.queueOf(who, e)
		sum.add(&one)
		course.of(e.start).add(&one)
		apart.of(e.key).add(&one)
		t.Rows = append(t.Rows, append([]any{e.start, e.key, who.name(e.key)}, one.cells()...))
	})
	t.Total = append(make([]any, 3), sum.cells()...)
	if sum.counts.Lost > 0 {
		q.note("%d calls never ended, because the upstream restarted", sum.counts.Lost)
	}
	q.uncounted()
	q.missed(sum.heard)
	t.Notes = q.notes
	all := overview(t)
	course.each(func(start any, sum *queueSum) {
		all.Course.Rows = append(all.Course.Rows, append([]any{start, nil, nil}, sum.cells()...))
	})
	apart.each(func(key any, sum *queueSum) {
		all.Apart.Rows = append(all.Apart.Rows, append([]any{nil, key, who.name(key.(string))}, sum.cells()...))
	})
	return all, err
}

// tellsBut tells whether one of the feeds that tell of a queue is of another
// format than one that does not know something; where none does, one of all.
// queue_log has no word for a caller who was turned away, and ech none for keys,
// empty queues and rings in vain.
func (q *question) tellsBut(format string, feeds []bool) bool {
	none := !slices.Contains(feeds, true)
	for i := range q.feeds {
		if (none || feeds[i]) && q.feeds[i].feed.Format != format {
			return true
		}
	}
	return false
}

// A queueSum is what one row tells, or several together.
type queueSum struct {
	counts  acd.QueueCounts
	known   bool // of one of them; else counts mean nothing
	judged  judged
	heard   heard
	refused bool // it is known of one of them
	ways    bool // likewise, whether a key was pressed, the queue was empty, or a phone rang in vain
}

// queueOf returns what an entry tells.
func (q *question) queueOf(who *who, e entry[acd.QueueCounts]) queueSum {
	if e.counts == nil {
		return queueSum{heard: e.heard}
	}
	w := q.site.waits(who, e.key)
	sum := queueSum{counts: *e.counts, known: true, judged: w.judge(e.counts), heard: e.heard}
	sum.counts.RingNoAnswer -= upTo(&e.counts.RingsNoAnswer, w.ring)
	c := &sum.counts
	sum.refused = q.tellsBut("queue_log", e.feeds) && slices.Contains(e.feeds, true) || c.Refused != 0
	sum.ways = q.tellsBut("ech", e.feeds) || c.ExitKey|c.ExitEmpty|c.RingNoAnswer != 0
	return sum
}

func (q *queueSum) add(o *queueSum) {
	q.heard = q.heard.add(o.heard)
	if !o.known {
		return
	}
	q.counts.Add(o.counts)
	q.judged.add(o.judged)
	q.known, q.refused, q.ways = true, q.refused || o.refused, q.ways || o.ways
}

// cells returns those from offered on.
func (q *queueSum) cells() []any {
	pct, complete := q.heard.cells()
	if !q.known {
		return append(make([]any, queueCells), pct, complete)
	}
	return append(q.counted(), pct, complete)
}

// queueCells is how many cells there are from offered to aht_s.
const queueCells = 21

// longestWait returns that of the answered: nil where nobody was, as their mean.
func longestWait(c *acd.QueueCounts) any {
	if c.Answered == 0 {
		return nil
	}
	return seconds(c.AnsweredWaitMax)
}

// counted returns those of what was counted.
func (q *queueSum) counted() []any {
	c, j := &q.counts, q.judged
	told := func(n int64, tells bool) any {
		if !tells {
			return nil
		}
		return n
	}
	return []any{
		c.Offered, c.Answered, j.within, share(float64(j.good), float64(j.of)),
		c.Abandoned, j.abandonedWithin, j.short, share(float64(c.Abandoned), float64(c.Offered)),
		c.TimedOut, told(c.ExitKey, q.ways), told(c.ExitEmpty, q.ways), told(c.Refused, q.refused),
		c.Transferred, c.Completed, told(c.RingNoAnswer, q.ways),
		seconds(c.AnsweredWait), longestWait(c), mean(c.AnsweredWait, c.Answered),
		seconds(c.AbandonedWait), seconds(c.Talk), mean(c.Talk, c.Completed),
	}
}
