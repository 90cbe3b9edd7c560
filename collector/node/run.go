package node

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	maxTail   = 4 << 10 // bytes of what a run said last
	maxReason = 1 << 10 // bytes
)

// What a caller of the ledger may branch on.
var (
	// ErrRole is returned when this server has not, or no longer, the role and
	// epoch that are wanted. Nothing was written.
	ErrRole = errors.New("this server has not the role and epoch for that")
	// ErrNoRun is returned for a run that there is not, or not of this server.
	ErrNoRun = errors.New("no such run")
	// ErrRunState is returned for a change that the state of a run does not
	// allow. Nothing was written.
	ErrRunState = errors.New("a run in that state does not do that")
)

// A RunState is what became of a slot.
type RunState string

// The states of a run. Claimed becomes running, and both one of the others,
// which are final. What runs is never skipped nor missed any more.
const (
	RunClaimed     RunState = "claimed"
	RunRunning     RunState = "running"
	RunOK          RunState = "ok"
	RunFailed      RunState = "failed"
	RunTimeout     RunState = "timeout"
	RunCancelled   RunState = "cancelled"
	RunInterrupted RunState = "interrupted" // the server ended in it
	RunSkipped     RunState = "skipped"     // decided not to run: overlap, paused, calendar, precondition
	RunMissed      RunState = "missed"      // could not run: down, held, maintenance, clock step, late
)

// RunDown is the reason of a run that ended, or of a slot that passed, while
// twind was away.
const RunDown = "down"

// EndedAlone tells whether a run ended while twind was away: Ended is then when
// that was noted, after the next start.
func (r Run) EndedAlone() bool { return r.State == RunInterrupted && r.Reason == RunDown }

// RunStates returns all states, in order.
func RunStates() []RunState {
	return []RunState{
		RunClaimed, RunRunning, RunOK, RunFailed, RunTimeout, RunCancelled, RunInterrupted, RunSkipped, RunMissed,
	}
}

// Final tells whether a run in the state never changes again.
func (s RunState) Final() bool {
	switch s {
	case RunOK, RunFailed, RunTimeout, RunCancelled, RunInterrupted, RunSkipped, RunMissed:
		return true
	case RunClaimed, RunRunning:
	}
	return false
}

// Becomes tells whether a run may go from the state to another.
func (s RunState) Becomes(next RunState) bool {
	switch s {
	case RunClaimed:
		// It never ran: it neither did well nor took too long.
		return next == RunRunning || next.Final() && next != RunOK && next != RunTimeout
	case RunRunning:
		return next.Final() && next != RunSkipped && next != RunMissed
	case RunOK, RunFailed, RunTimeout, RunCancelled, RunInterrupted, RunSkipped, RunMissed:
	}
	return false
}

// A Run is a row of the ledger: one attempt at one slot of a timetable. There
// is never another of the same server, timetable, slot and attempt.
type Run struct {
	ID        int64          `json:"id"`               // on this server; over the link: on the one that tells
	Theirs    int64          `json:"-"`                // the twin's id, if it is the twin's run as last told; else 0
	Server    string         `json:"server"`           // the name
	Timetable string         `json:"timetable"`        // its key
	Name      string         `json:"name"`             // of the timetable, then
	Slot      record.Instant `json:"slot"`             // a manual run's is when it was asked for
	Attempt   int            `json:"attempt"`          // from 1
	Epoch     int64          `json:"epoch"`            // of the server, when it was claimed
	Role      Role           `json:"role,omitempty"`   // that the server must have; "": any
	Trigger   string         `json:"trigger"`          // schedule, manual, catch-up, ...
	Actor     string         `json:"actor,omitempty"`  // who asked for it
	State     RunState       `json:"state"`            //
	Reason    string         `json:"reason,omitempty"` // the word for why
	Planned   record.Instant `json:"planned"`          // not to be started before
	Started   record.Instant `json:"started,omitzero"` // 0: it was not
	Ended     record.Instant `json:"ended,omitzero"`   // 0 until it needs nothing more
	Exit      *int           `json:"exit,omitempty"`   // nil: it gave no exit status
	Output    string         `json:"-"`                // a file below data/runs here; "": none
	Tail      string         `json:"tail,omitempty"`   // its last 4 KiB
	Rev       int64          `json:"rev"`              // of its last change: higher than any before on its server
}

// RunOutput returns the name below data/runs of the file with a run's output.
func RunOutput(id int64) string { return strconv.FormatInt(id, 10) + ".log" }

const runColumns = `id, coalesce(theirs, 0), server, timetable, name, slot, attempt, epoch, role, trigger, actor, state, reason,
	planned, coalesce(started, 0), coalesce(ended, 0), exit, output, tail, rev`

// readRuns reads rows of runColumns.
func readRuns(rows *sql.Rows, err error) ([]Run, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	all := []Run{}
	for rows.Next() {
		var r Run
		var exit sql.NullInt64
		err := rows.Scan(&r.ID, &r.Theirs, &r.Server, &r.Timetable, &r.Name, &r.Slot, &r.Attempt, &r.Epoch, &r.Role, &r.Trigger,
			&r.Actor, &r.State, &r.Reason, &r.Planned, &r.Started, &r.Ended, &exit, &r.Output, &r.Tail, &r.Rev)
		if err != nil {
			return nil, err
		}
		if exit.Valid {
			status := int(exit.Int64)
			r.Exit = &status
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// nextRev is the rev of the next change to this server's runs, given the time
// of its transaction. It follows the clock, so that a server whose file is an
// old one again does not tell its twin of new changes by numbers of before.
const nextRev = `max(coalesce((SELECT max(rev) FROM run WHERE theirs IS NULL), 0) + 1, ?)`

// lastRev returns the highest rev of this server's runs.
func lastRev(ctx context.Context, tx *store.Tx) (rev int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(rev), 0) FROM run WHERE theirs IS NULL`).Scan(&rev)
	return rev, err
}

func now(tx *store.Tx) record.Instant { return record.At(tx.Now) }

// last returns the end of a text, of at most so many bytes and valid UTF-8.
func last(s string, most int) string {
	if s = strings.ToValidUTF8(s, string(utf8.RuneError)); len(s) <= most {
		return s
	}
	s = s[len(s)-most:]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}

// first is last, of the beginning.
func first(s string, most int) string {
	if s = strings.ToValidUTF8(s, string(utf8.RuneError)); len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
