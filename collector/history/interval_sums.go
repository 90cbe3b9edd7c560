package history

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// sumRows is about how many rows one short transaction adds up: that takes no
// longer than to read a page of them.
const sumRows = 20_000

// AgentSums yields what AgentIntervals yields of a span, added up: it costs a
// fraction of that. What is yielded is a part of the span, of which Start is
// the beginning, and an agent; the parts are in order, and as long as can be
// added up at once. The same agent may be in several of them. Lengths that
// come to zero are not among PausedFor. An error is the last thing that it
// yields.
func (h *DB) AgentSums(ctx context.Context, q Intervals) iter.Seq2[acd.AgentRow, error] {
	return h.agentSums(ctx, q, sumRows)
}

// agentSums yields sums of about so many rows.
func (h *DB) agentSums(ctx context.Context, q Intervals, most int) iter.Seq2[acd.AgentRow, error] {
	return func(yield func(acd.AgentRow, error) bool) {
		s := agentSums{most: most}
		for span := q.Span; !span.Empty(); {
			next, err := s.read(ctx, h, Intervals{q.Feed, span})
			if err != nil {
				yield(acd.AgentRow{}, err)
				return
			}
			for _, r := range s.rows {
				if !yield(r, nil) {
					return
				}
			}
			span.From = next
		}
	}
}

// agentSums adds up one part after the other.
type agentSums struct {
	most    int // rows to add up in one transaction, about
	reasons reasonReader
	bins    []byte
	rows    []acd.AgentRow // of the part that was read last; the next takes their room
}

// read adds up the beginning of a span, and returns where that ends.
func (s *agentSums) read(ctx context.Context, h *DB, q Intervals) (end record.Instant, err error) {
	err = h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, q.Feed)
		if err != nil {
			return err
		}
		if end, err = f.part(ctx, tx, q.Span, s.most); err != nil {
			return err
		}
		return s.add(ctx, tx, f, record.Span{From: q.Span.From, To: end})
	})
	if err != nil {
		return 0, fmt.Errorf("add up intervals of %q: %w", q.Feed, err)
	}
	return end, nil
}

// part returns where as many intervals end as can be added up at once: one at
// the least.
func (f *feedRow) part(ctx context.Context, tx *store.Tx, span record.Span, most int) (record.Instant, error) {
	var end record.Instant
	err := tx.QueryRowContext(ctx, `
		SELECT start FROM agent_interval
		WHERE feed = ?1 AND start >= ?2 AND start < ?3
		ORDER BY start LIMIT 1 OFFSET ?4`, f.id, span.From, span.To, most).Scan(&end)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return span.To, nil
	case end <= span.From:
		end = span.From + 1
	}
	return end, err
}

// add adds up a span.
func (s *agentSums) add(ctx context.Context, tx *store.Tx, f *feedRow, span record.Span) error {
	s.rows = s.rows[:0]
	found, err := tx.QueryContext(ctx, `
		SELECT name, ifnull(min(nullif(first_login, 0)), 0), max(last_logout), sum(staffed), sum(available), sum(paused),
		       sum(ringing), sum(talk), sum(other_call), sum(wrap_up), sum(unknown),
		       sum(answered), sum(ring_no_answer), sum(ring_cancelled), sum(transferred), sum(completed), sum(handled),
		       group_concat(paused_for, char(10)) FILTER (WHERE paused_for <> '{}'),
		       group_concat(hex(rings_no_answer), char(10)) FILTER (WHERE rings_no_answer <> x'')
		FROM agent_interval
		WHERE feed = ?1 AND start >= ?2 AND start < ?3 AND told < ?4
		GROUP BY name`, f.id, span.From, span.To, f.counted)
	if err != nil {
		return err
	}
	defer found.Close() //nolint:errcheck // Err tells
	for found.Next() {
		r, err := s.scan(found)
		if err != nil {
			return err
		}
		r.Start = span.From
		s.rows = append(s.rows, r)
	}
	return found.Err()
}

func (s *agentSums) scan(rows *sql.Rows) (acd.AgentRow, error) {
	var r acd.AgentRow
	c := &r.Counts
	var reasons, rings sql.RawBytes
	err := rows.Scan(&r.Agent, plain(&c.FirstLogin), plain(&c.LastLogout), plain(&c.Staffed), plain(&c.Available), plain(&c.Paused),
		plain(&c.Ringing), plain(&c.Talk), plain(&c.OtherCall), plain(&c.WrapUp), plain(&c.Unknown),
		&c.Answered, &c.RingNoAnswer, &c.RingCancelled, &c.Transferred, &c.Completed, plain(&c.Handled), &reasons, &rings)
	if err != nil {
		return r, err
	}
	if c.PausedFor, err = s.pausedFor(reasons); err != nil {
		return r, fmt.Errorf("%w: paused_for of agent %q: %w", store.ErrCorrupt, r.Agent, err)
	}
	return r, s.waits(&c.RingsNoAnswer, rings)
}

// pausedFor adds up texts of lengths by reason, a line each: no text has a line
// end of its own.
func (s *agentSums) pausedFor(lines []byte) (map[string]record.Instant, error) {
	var sum map[string]record.Instant
	for line := range bytes.Lines(lines) {
		parts, err := s.reasons.read(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			if sum == nil {
				sum = map[string]record.Instant{}
			}
			if sum[p.reason] += record.Instant(p.length); sum[p.reason] == 0 {
				delete(sum, p.reason)
			}
		}
	}
	if len(sum) == 0 {
		return nil, nil
	}
	return sum, nil
}

// waits adds up bins of waits, a line each.
func (s *agentSums) waits(to *acd.Waits, lines []byte) error {
	for line := range bytes.Lines(lines) {
		var err error
		if s.bins, err = hex.AppendDecode(s.bins[:0], bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
		var one acd.Waits
		if err := readWaits(&one, s.bins); err != nil {
			return err
		}
		to.Add(one)
	}
	return nil
}
