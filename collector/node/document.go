package node

import (
	"time"

	"github.com/twinctl/twin/collector/record"
)

// A Document is what a server says of itself: the answer of status, of the
// HTTP page of that name, and of the twin. It only ever grows.
type Document struct {
	Schema int       `json:"schema"` // 1
	Name   string    `json:"name"`
	Role   Role      `json:"role"`
	Epoch  int64     `json:"epoch"` // the highest that this server has seen
	Since  time.Time `json:"since"` // of the role
	// Slots of what only a primary runs are its own after OwnsFrom, up to
	// OwnsUntil; null: it never was primary, or it is.
	OwnsFrom  *Moment `json:"owns_from"`
	OwnsUntil *Moment `json:"owns_until"`

	Running bool           `json:"running"`
	PID     int            `json:"pid"` // 0 when not running
	Version string         `json:"version"`
	Store   string         `json:"store"` // ok, full or failed; "" while nothing runs
	Feeds   []FeedDocument `json:"feeds"`
	Twin    *TwinDocument  `json:"twin"` // null when this server runs alone
	Fill    *FillDocument  `json:"fill"` // null unless records are being copied from the twin
	Sync    *SyncDocument  `json:"sync"` // null until the twins are paired
	// Timetables is null until there are any.
	Timetables *TimetablesDocument `json:"timetables"`
	// Maintenance is why no timetable starts anything here, null if that is not so.
	Maintenance *MaintenanceDocument `json:"maintenance"`
	Backups     *BackupDocument      `json:"backups"` // null until there was one
	// People is how administered users come to this server by SSH, and who is here;
	// null: nobody can tell.
	People *PeopleDocument `json:"people"`
	// Interval is the newest quarter of an hour that is over and was heard past its
	// end; null: there is none.
	Interval *IntervalDocument `json:"interval"`
	Ready    Readiness         `json:"ready"`
	Alarms   []Alarm           `json:"alarms"`
	// Told are the crossings of thresholds that this server has told people of
	// lately: its twin need not. A secondary does that in place of its primary.
	Told []string `json:"told,omitempty"`
}

// A FeedDocument is what one feed is doing.
type FeedDocument struct {
	Name         string  `json:"name"`
	Kind         string  `json:"kind"`
	State        string  `json:"state"` // live, connecting, down, paused or ended
	Address      string  `json:"address"`
	Error        string  `json:"error,omitempty"` // why it is not live; a warning if it is
	Records      int64   `json:"records"`
	Duplicates   int64   `json:"duplicates"`
	Rejected     int64   `json:"rejected"`
	LastRecordAt *Moment `json:"last_record_at"`
	Rate         float64 `json:"rate"` // records a second
	GapsOpen     int64   `json:"gaps_open"`
	CoveredUntil *Moment `json:"covered_until"`
	RetainedFrom *Moment `json:"retained_from"`         // what is older was dropped; null: nothing was
	Incarnation  string  `json:"incarnation,omitempty"` // of the upstream
	Unproven     bool    `json:"unproven"`              // nothing acknowledges what it says: covered_until is up to when it was listened to
	Untimed      int64   `json:"untimed"`               // records without time of their own, on which twins cannot be compared
}

// An IntervalDocument is an interval by which is counted.
type IntervalDocument struct {
	Start    Moment `json:"start"`
	Complete bool   `json:"complete"` // every feed that is collected was heard all of it
}

// A Moment is an instant that documents show to the whole second.
type Moment record.Instant

// Time returns the moment as a time in UTC.
func (m Moment) Time() time.Time { return record.Instant(m).Time() }

// MarshalText implements encoding.TextMarshaler: RFC 3339 in UTC.
func (m Moment) MarshalText() ([]byte, error) { return m.Time().AppendFormat(nil, time.RFC3339), nil }

// UnmarshalText reads any RFC 3339 time.
func (m *Moment) UnmarshalText(text []byte) error { return (*record.Instant)(m).UnmarshalText(text) }

// A TwinDocument is what is known of the other server. What it never told is null.
type TwinDocument struct {
	Name    string     `json:"name"`
	State   string     `json:"state"`           // ok, unreachable, mute, refused, frozen; unknown until it was asked
	Error   string     `json:"error,omitempty"` // why it is not ok
	Role    *Role      `json:"role"`
	Epoch   *int64     `json:"epoch"`
	Store   *string    `json:"store"`
	SeenAt  *time.Time `json:"seen_at"`  // its last answer
	AskedAt *time.Time `json:"asked_at"` // when it last asked us
	AheadMS *int64     `json:"ahead_ms"` // its clock less ours
	// Maintenance is why no timetable starts anything there, as it said last.
	Maintenance *MaintenanceDocument `json:"maintenance"`
	People      *PeopleDocument      `json:"people"` // who is there, as it said last
}

// A PeopleDocument is how people come to a server by SSH, and who is there.
type PeopleDocument struct {
	Port     *int             `json:"port"`     // of its own SSH server; null: it lets no people in
	Sessions []PersonDocument `json:"sessions"` // by way of any; at most 100, the oldest first
}

// A PersonDocument is one session of a person.
type PersonDocument struct {
	Login    string `json:"login"`
	From     string `json:"from"` // host:port of the client; "": not by SSH
	Since    Moment `json:"since"`
	Terminal bool   `json:"terminal"`
	Verb     string `json:"verb"` // what was asked for; "": the screens
}

// A FillDocument is how far a fill has come.
type FillDocument struct {
	Feed       string  `json:"feed"`
	Done       int64   `json:"done"`  // records that came
	Total      int64   `json:"total"` // and that will come, as far as is known
	Rate       float64 `json:"rate"`  // records a second
	RemainingS int64   `json:"remaining_s"`
}

// A SyncDocument is how the administration data of the pair stands, as far as
// this server knows.
type SyncDocument struct {
	State      string    `json:"state"`             // in_sync, pending, first, drift, conflict, failed, syncing, bases_differ, disconnected, ...
	Word       string    `json:"word"`              // that, for people
	Generation int64     `json:"generation"`        // of this server
	Pending    int64     `json:"pending"`           // rows changed on the primary that the secondary has not got
	Drift      int64     `json:"drift"`             // rows edited on the secondary
	CheckedAt  *Moment   `json:"checked_at"`        // when the twin told what is said of it here; null: never
	Overdue    bool      `json:"overdue"`           // what is pending on this primary has waited for longer than it may
	Command    string    `json:"command,omitempty"` // the sensible next one, on the primary
	Because    string    `json:"because,omitempty"` // why the last sync failed; foreign text, made inert
	Base       SyncPlace `json:"base"`              // what this server and its twin agreed on last
}

// A BackupDocument is how backups of this server stand, as far as it knows.
type BackupDocument struct {
	Last          string  `json:"last"` // by name; "" while there is none
	Kind          string  `json:"kind"` // full or incremental
	At            *Moment `json:"at"`   // what it holds is as it was then
	Bytes         int64   `json:"bytes"`
	Apart         bool    `json:"apart"`            // a backup lies on another disk than the data, or on the twin
	SentAt        *Moment `json:"sent_at"`          // when the twin had read back the last one; null: it has not got it
	Unsent        string  `json:"unsent,omitempty"` // why it has not
	Proven        string  `json:"proven"`           // the last that a drill proved
	ProvenAt      *Moment `json:"proven_at"`
	Failed        string  `json:"failed,omitempty"` // the last that was drilled, if it was not proven
	FailedBecause string  `json:"failed_because,omitempty"`
	Held          string  `json:"held,omitempty"` // from which this server was restored; it has not rejoined
	HeldSince     *Moment `json:"held_since,omitempty"`
}

// A TimetablesDocument is how the timetables of this server stand.
type TimetablesDocument struct {
	Total      int          `json:"total"`      // that can be read
	Unreadable int          `json:"unreadable"` // beside them
	Armed      int          `json:"armed"`      // run here, as this server stands
	Paused     int          `json:"paused"`     // of those
	Held       int          `json:"held"`       // of those: they wait until it is known who is primary
	Because    string       `json:"held_because,omitempty"`
	Until      *Moment      `json:"held_until,omitempty"` // at the latest; null: for as long as that is so
	Running    []RunningRun `json:"running"`              // at most 100
	Waiting    int          `json:"waiting"`              // runs that were claimed and have not begun
	Next       *NextRun     `json:"next"`                 // null: there is none, or twind does not run
	Coming     []NextRun    `json:"coming"`               // the next three runs, of which Next is the first
	Failed     []FailedRun  `json:"failed"`               // those whose last run failed; at most 100
}

// A RunningRun is a run that goes on.
type RunningRun struct {
	Run       int64  `json:"run"`
	Timetable string `json:"timetable"` // its name
	Slot      Moment `json:"slot"`
	Started   Moment `json:"started"`
}

// A NextRun is which timetable is due next.
type NextRun struct {
	Timetable string `json:"timetable"` // its name
	At        Moment `json:"at"`
}

// A FailedRun is the last run of a timetable, which failed.
type FailedRun struct {
	Timetable string `json:"timetable"` // its name
	Run       int64  `json:"run"`
	At        Moment `json:"at"` // when it ended
	Reason    string `json:"reason"`
}

// A SyncPlace is where a server stands with its twin.
type SyncPlace struct {
	Catalogue  int    `json:"catalogue"`  // version of the kinds of rows
	Generation int64  `json:"generation"` // 0: they never agreed on anything
	Root       string `json:"root"`       // of the rows then, in hexadecimal digits
	Edited     int64  `json:"edited"`     // rows that this server changed since
}

// A MaintenanceDocument is what a person said of a maintenance.
type MaintenanceDocument struct {
	Since  Moment  `json:"since"`
	Until  *Moment `json:"until"` // null: until a person ends it
	Reason string  `json:"reason"`
	Actor  string  `json:"actor"`
}

// Readiness says whether the role could be moved now, and why not.
type Readiness struct {
	Switchover bool     `json:"switchover"`
	Promote    bool     `json:"promote"`
	Because    []string `json:"because"`
	// Checks are those of a switch-over that are not as they should be, the
	// gravest first.
	Checks []ReadyCheck `json:"checks,omitempty"`
	At     *Moment      `json:"at,omitempty"` // when it was looked at; null: not yet
}

// NotLooked is why nothing is ready as long as nobody has looked.
const NotLooked = "it was not looked at yet"

// Unknown reports that it was not looked at yet.
func (r Readiness) Unknown() bool {
	return r.At == nil && !r.Switchover && !r.Promote && len(r.Because) == 1 && r.Because[0] == NotLooked
}

// Since returns the readiness, or that it is not known if the last move of the role
// has ended after it was looked at: then it was about a role that was being moved. What
// is to have ended later than now was told by another clock, and is waited for.
func (r Readiness) Since(ended record.Instant, now time.Time) Readiness {
	if r.At == nil || r.At.Time().After(ended.Time()) || ended.Time().After(now) {
		return r
	}
	return Readiness{Because: []string{NotLooked}}
}

// A ReadyCheck is one thing that keeps the role from being moved, or that a
// person should know before.
type ReadyCheck struct {
	Name     string `json:"name"`
	Side     string `json:"side"`     // the server that it is about; "": the pair
	Level    string `json:"level"`    // blocker or warning
	Compared string `json:"compared"` // foreign text may be in it
	Fix      string `json:"fix"`      // a command line, or words; "" where there is nothing to do
}

// An Alarm is a state that wants a person.
type Alarm struct {
	ID       int64     `json:"id,omitempty"` // by which it is acknowledged; 0: it is not written down
	Code     string    `json:"code"`
	Object   string    `json:"object,omitempty"` // the feed or agent that it is about
	Severity string    `json:"severity"`         // warning or error
	Since    time.Time `json:"since"`
	Text     string    `json:"text"`
	AckedBy  string    `json:"acked_by,omitempty"` // who has taken note of it
}
