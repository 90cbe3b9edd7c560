package history

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// queueTable reads queue_interval. What was told behind the head belongs to
// rules that hold no more, or is not committed to.
func queueTable() intervalTable[acd.QueueRow] {
	return intervalTable[acd.QueueRow]{
		query: `
			SELECT start, name, offered, refused, answered, abandoned, timed_out, exit_key, exit_empty, lost,
			       transferred, completed, ring_no_answer, answered_wait, answered_wait_max, abandoned_wait, talk,
			       answered_waits, abandoned_waits, rings_no_answer
			FROM queue_interval
			WHERE feed = ?1 AND (start, name) > (?2, ?3) AND start >= ?4 AND start < ?5 AND told < ?6
			ORDER BY start, name, told LIMIT ?7`,
		scan:  scanQueueRow,
		place: queuePlace,
		add:   func(to *acd.QueueRow, r acd.QueueRow) { to.Counts.Add(r.Counts) },
	}
}

func scanQueueRow(rows *sql.Rows) (acd.QueueRow, error) {
	var r acd.QueueRow
	c := &r.Counts
	var answered, abandoned, rings sql.RawBytes
	err := rows.Scan(plain(&r.Start), &r.Queue, &c.Offered, &c.Refused, &c.Answered, &c.Abandoned, &c.TimedOut, &c.ExitKey, &c.ExitEmpty, &c.Lost,
		&c.Transferred, &c.Completed, &c.RingNoAnswer, plain(&c.AnsweredWait), plain(&c.AnsweredWaitMax), plain(&c.AbandonedWait), plain(&c.Talk),
		&answered, &abandoned, &rings)
	if err != nil {
		return r, err
	}
	for _, w := range []struct {
		to   *acd.Waits
		from []byte
	}{{&c.AnsweredWaits, answered}, {&c.AbandonedWaits, abandoned}, {&c.RingsNoAnswer, rings}} {
		if err := readWaits(w.to, w.from); err != nil {
			return r, err
		}
	}
	return r, nil
}

// agentTable reads agent_interval.
func agentTable() intervalTable[acd.AgentRow] {
	var paused reasonReader
	return intervalTable[acd.AgentRow]{
		query: `
			SELECT start, name, first_login, last_logout, staffed, available, paused, ringing, talk, other_call, wrap_up, unknown,
			       answered, ring_no_answer, ring_cancelled, transferred, completed, handled, paused_for, rings_no_answer
			FROM agent_interval
			WHERE feed = ?1 AND (start, name) > (?2, ?3) AND start >= ?4 AND start < ?5 AND told < ?6
			ORDER BY start, name, told LIMIT ?7`,
		scan:  func(rows *sql.Rows) (acd.AgentRow, error) { return scanAgentRow(rows, &paused) },
		place: agentPlace,
		add:   func(to *acd.AgentRow, r acd.AgentRow) { to.Counts.Add(r.Counts) },
	}
}

func scanAgentRow(rows *sql.Rows, paused *reasonReader) (acd.AgentRow, error) {
	var r acd.AgentRow
	c := &r.Counts
	var reasons, rings sql.RawBytes
	err := rows.Scan(plain(&r.Start), &r.Agent, plain(&c.FirstLogin), plain(&c.LastLogout), plain(&c.Staffed), plain(&c.Available),
		plain(&c.Paused), plain(&c.Ringing), plain(&c.Talk), plain(&c.OtherCall), plain(&c.WrapUp), plain(&c.Unknown),
		&c.Answered, &c.RingNoAnswer, &c.RingCancelled, &c.Transferred, &c.Completed, plain(&c.Handled), &reasons, &rings)
	if err != nil {
		return r, err
	}
	if c.PausedFor, err = paused.lengths(reasons); err != nil {
		return r, fmt.Errorf("%w: paused_for of agent %q: %w", store.ErrCorrupt, r.Agent, err)
	}
	return r, readWaits(&c.RingsNoAnswer, rings)
}

// plain is where a column is read to without a detour over reflection: months
// of rows are read for a report.
func plain(at *record.Instant) *int64 { return (*int64)(at) }

// writeTold writes the rows that one interval's records told, in the place of
// those of the same queues and agents.
func (f *feedRow) writeTold(ctx context.Context, tx *store.Tx, t Told) error {
	for i := range t.Queues {
		if err := f.writeQueueRow(ctx, tx, t.At, &t.Queues[i]); err != nil {
			return err
		}
	}
	for i := range t.Agents {
		if err := f.writeAgentRow(ctx, tx, t.At, &t.Agents[i]); err != nil {
			return err
		}
	}
	return nil
}

func (f *feedRow) writeQueueRow(ctx context.Context, tx *store.Tx, told record.Instant, r *acd.QueueRow) error {
	c := &r.Counts
	_, err := tx.ExecContext(ctx, `
		INSERT OR REPLACE INTO queue_interval (feed, start, name, told,
		  offered, refused, answered, abandoned, timed_out, exit_key, exit_empty, lost,
		  transferred, completed, ring_no_answer, answered_wait, answered_wait_max, abandoned_wait, talk,
		  answered_waits, abandoned_waits, rings_no_answer)
		VALUES (?,?,?,?, ?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?, ?,?,?)`,
		f.id, r.Start, r.Queue, told,
		c.Offered, c.Refused, c.Answered, c.Abandoned, c.TimedOut, c.ExitKey, c.ExitEmpty, c.Lost,
		c.Transferred, c.Completed, c.RingNoAnswer, c.AnsweredWait, c.AnsweredWaitMax, c.AbandonedWait, c.Talk,
		waitsBlob(&c.AnsweredWaits), waitsBlob(&c.AbandonedWaits), waitsBlob(&c.RingsNoAnswer))
	return err
}

func (f *feedRow) writeAgentRow(ctx context.Context, tx *store.Tx, told record.Instant, r *acd.AgentRow) error {
	c := &r.Counts
	reasons, err := reasonsText(c.PausedFor)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT OR REPLACE INTO agent_interval (feed, start, name, told,
		  first_login, last_logout, staffed, available, paused, ringing, talk, other_call, wrap_up, unknown,
		  answered, ring_no_answer, ring_cancelled, transferred, completed, handled, paused_for, rings_no_answer)
		VALUES (?,?,?,?, ?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?)`,
		f.id, r.Start, r.Agent, told,
		c.FirstLogin, c.LastLogout, c.Staffed, c.Available, c.Paused, c.Ringing, c.Talk, c.OtherCall, c.WrapUp, c.Unknown,
		c.Answered, c.RingNoAnswer, c.RingCancelled, c.Transferred, c.Completed, c.Handled, reasons, waitsBlob(&c.RingsNoAnswer))
	return err
}

// reasonsText returns lengths by reason as an object in order of the reasons.
func reasonsText(lengths map[string]record.Instant) (string, error) {
	if len(lengths) == 0 {
		return `{}`, nil
	}
	plain := make(map[string]int64, len(lengths)) // an Instant writes texts
	for reason, length := range lengths {
		plain[reason] = int64(length)
	}
	text, err := json.Marshal(plain)
	return string(text), err
}

// waitsBlob returns the bins as signed varints, without the zeros at the end.
func waitsBlob(w *acd.Waits) []byte {
	last := len(w)
	for last > 0 && w[last-1] == 0 {
		last--
	}
	b := make([]byte, 0, last+8)
	for _, n := range w[:last] {
		b = binary.AppendVarint(b, n)
	}
	return b
}

func readWaits(w *acd.Waits, b []byte) error {
	for i := 0; len(b) > 0; i++ {
		n, size := binary.Varint(b)
		if size <= 0 || i == len(w) {
			return fmt.Errorf("%w: bins of waits", store.ErrCorrupt)
		}
		w[i], b = n, b[size:]
	}
	return nil
}
