package preflight

import (
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// Facts are what one server tells of itself before a role is moved. Whoever has
// no Server in them did not tell any.
type Facts struct {
	At     record.Instant `json:"at"` // by its clock, by which all below is
	Name   string         `json:"name"`
	Server string         `json:"server"` // its own, for ever
	Pair   string         `json:"pair"`   // "" while it is alone
	Role   node.Role      `json:"role"`
	Epoch  int64          `json:"epoch"` // of its own last change of role
	Seen   int64          `json:"seen"`  // the highest that it ever heard of
	Since  record.Instant `json:"since"` // of the role

	// Fingerprints of the key that it logs in with, and of the one that it
	// shows to who logs in; "" where it cannot tell.
	Key     string `json:"key"`
	HostKey string `json:"host_key"`

	Twin    Other    `json:"twin"`
	Held    string   `json:"held"`              // why it does nothing that only a primary does; "": it would
	Runbook *Runbook `json:"runbook,omitempty"` // that is open; nil: none
	Drains  string   `json:"drains"`            // the id of the one by which its role is being moved; "": none does
	Process Process  `json:"process"`
	Version string   `json:"version"`
	Schemas Schemas  `json:"schemas"`
	Zones   string   `json:"zones"` // version of its time-zone data; "" if it cannot tell
	Clock   Clock    `json:"clock"`

	Rows        Rows       `json:"rows"`
	Feeds       []Feed     `json:"feeds"`
	Filling     string     `json:"filling"` // the feed into which it copies records of the twin; "": none
	Timetables  Timetables `json:"timetables"`
	Disk        Disk       `json:"disk"`
	Backup      Backup     `json:"backup"`
	Boot        string     `json:"boot"`  // enabled or disabled: whether systemd starts it; "": it cannot tell
	Hooks       []string   `json:"hooks"` // what is wrong with its hooks
	Maintenance *string    `json:"maintenance,omitempty"`

	// Deep is what takes a while to find out; nil: it was not looked at.
	Deep *Deep `json:"deep,omitempty"`
}

// Told tells whether there are any facts.
func (f Facts) Told() bool { return f.Server != "" }

// Other is the twin, as a person accepted it on this server and as this server
// hears it.
type Other struct {
	Server  string `json:"server"`
	Name    string `json:"name"`
	Key     string `json:"key"`      // fingerprint of the one by which it is let in
	HostKey string `json:"host_key"` // and of the one that it must show
	State   string `json:"state"`    // ok, unreachable, mute, refused, frozen or unknown
	Error   string `json:"error"`    // why it is not ok
	AheadMS *int64 `json:"ahead_ms"` // its clock less ours; null: not known
}

// A Runbook is a move of the role that was begun and has not ended.
type Runbook struct {
	ID     string         `json:"id"`
	Intent string         `json:"intent"`
	Actor  string         `json:"actor"`
	Runner string         `json:"runner"` // the server whose twind goes through it
	Step   string         `json:"step"`   // that was noted last
	Begun  record.Instant `json:"begun"`
	Stale  bool           `json:"stale"` // its runner has given no sign of life for long
}

// Process is the running twind.
type Process struct {
	PID     int   `json:"pid"`      // 0: none runs
	SilentS int64 `json:"silent_s"` // for how long it has not said what it does
}

// Schemas are the versions of what the three files hold.
type Schemas struct {
	Node    int `json:"node"`
	Admin   int `json:"admin"`
	History int `json:"history"`
}

// Clock is how far this server's clock can be relied on.
type Clock struct {
	Stepped record.Instant `json:"stepped"` // when it was set, or the machine slept, lately; 0: neither
	Synced  *bool          `json:"synced"`  // the kernel is told that it is right; null: not known
}

// Rows is where the administration data stands.
type Rows struct {
	State      string         `json:"state"` // as of status: in_sync, failed, ...
	Because    string         `json:"because"`
	Catalogue  int            `json:"catalogue"` // version of the kinds of rows
	Generation int64          `json:"generation"`
	Base       int64          `json:"base"` // what the twins agreed on last; 0: on nothing
	Root       string         `json:"root"` // of the rows then
	Edited     int64          `json:"edited"`
	Checked    record.Instant `json:"checked"` // when the twin told last; 0: never
}

// A Feed is one that this server hears.
type Feed struct {
	Name        string         `json:"name"`
	State       string         `json:"state"` // live, connecting, down, paused or ended
	Error       string         `json:"error"`
	Last        record.Instant `json:"last"`    // of its last record; 0: none
	Covered     record.Instant `json:"covered"` // up to when it was provably heard; 0: never
	Incarnation string         `json:"incarnation"`
	Gaps        int64          `json:"gaps"`     // that are open
	Settings    string         `json:"settings"` // digest of what both must have configured alike
}

// Timetables is what is run by the clock.
type Timetables struct {
	Total      int   `json:"total"`
	Unreadable int   `json:"unreadable"` // beside them
	Running    []Run `json:"running"`    // what only a primary runs; at most MaxListed
	More       int   `json:"more"`       // of those beyond
}

// A Run is one that goes on, or waits to begin.
type Run struct {
	Key       string         `json:"key"` // of the timetable
	Timetable string         `json:"timetable"`
	Started   record.Instant `json:"started"` // 0: it waits
	TimeoutS  int64          `json:"timeout_s"`
}

// Disk is the one that the data lies on. Sizes are in bytes.
type Disk struct {
	Free    int64  `json:"free"`
	All     int64  `json:"all"`
	Reserve bool   `json:"reserve"` // room is kept back for when it is full
	Store   string `json:"store"`   // ok, full, read_only or failed; "" while nothing runs
}

// Backup is how backups stand.
type Backup struct {
	At       record.Instant `json:"at"`     // what the last holds is as it was then; 0: there is none
	Proven   record.Instant `json:"proven"` // the last drill that proved one; 0: none did
	Failed   string         `json:"failed"` // the last that was drilled, if it was not proven
	Because  string         `json:"because"`
	Restored bool           `json:"restored"` // this server came from one, and has not rejoined
}

// Deep is what takes a while to find out.
type Deep struct {
	Unsound []string `json:"unsound"` // what is wrong with node.db and admin.db
	Unread  []string `json:"unread"`  // which of them could not be read through in time
	Asked            // of the timetables that only a primary runs
	Always  Asked    `json:"always"` // of those that run there whatever its role is
}

// Asked is what became of asking timetables whether they can run on a server.
type Asked struct {
	Looked int        `json:"looked"` // how many could be looked at in time,
	Left   int        `json:"left"`   // and could not
	Cannot []Hindered `json:"cannot"` // those that cannot run there; at most MaxListed
	More   int        `json:"more"`   // of those beyond
}

// A Hindered is a timetable that cannot run on a server.
type Hindered struct {
	Timetable string `json:"timetable"`
	Why       string `json:"why"`
}
