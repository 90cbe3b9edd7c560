package feed

import (
	"time"

	"github.com/twinctl/twin/collector/record"
)

// A Batch is what a source told since the last one was taken. The collector
// stores it in one transaction, or all of it again; a snapshot it hands on once
// what was told before is stored.
type Batch struct {
	Records    []record.Record
	Position   []byte      // after the last record; nil leaves the stored one
	Marks      []Mark      // in the order in which they were told
	Rejected   int         // frames and records that cannot be kept
	Quarantine []Rejection // the beginnings of some of them
	Bytes      int         // of raw
	Snapshot   *Snapshot   // nil as a rule
	After      int         // so many of the records were told before the snapshot

	aging time.Duration // how soon after its first item it is due; 0 while it has none
}

// Empty tells whether there is nothing in it to store.
func (b *Batch) Empty() bool {
	return len(b.Records) == 0 && len(b.Marks) == 0 && b.Rejected == 0 && b.Position == nil && b.Snapshot == nil
}

// A Rejection is a frame or record that was not stored.
type Rejection struct {
	At     record.Instant // local time of arrival
	Reason Reason
	Text   string // what is wrong with it
	Head   []byte // its first 256 bytes
}

// A Mark moves coverage. Which fields matter depends on What.
type Mark struct {
	What   MarkKind
	From   record.Instant // Begin: heard from here on. Hole: nothing provable after this. Found: of that ...
	Until  record.Instant // Proof: heard up to here. Hole: ... and before this. Found: ... what lies before this is
	Reason Reason         // End, Hole, Found
	Begin  *Session       // Begin
	Told   record.Instant // Begin: our own time
	Missed time.Duration  // Begin: by our clock, since the session before was last heard; 0 if nobody knows
}

// A MarkKind tells marks apart.
type MarkKind int

// The marks.
const (
	BeginMark MarkKind = iota + 1
	ProofMark
	HoleMark
	EndMark
	FoundMark
)

// A Session is one stretch of listening to one incarnation of the upstream.
type Session struct {
	// From is the first instant from which on everything is heard.
	From record.Instant
	// Continues says that nothing was missed since the position that the source
	// was started with: the stretch before is covered as soon as it is proven.
	Continues bool
	// Again says that the source reads again what may be stored already, so that
	// duplicates in this session are nothing to wonder about.
	Again bool
	// Several says that what is heard comes in several deliveries side by side, as
	// files or connections: not in order of time.
	Several bool
	// Incarnation names the running upstream: another one after it restarts.
	// Empty where the upstream does not tell.
	Incarnation string
	// UpSince is when this incarnation started; zero if unknown.
	UpSince record.Instant
	// Away says that the upstream said that it shuts down, ended the last session
	// itself, and that since then nobody answered at its addresses: whatever it
	// said before it went was heard. With UpSince it tells how long it was away.
	Away bool
}

// State is what a feed is doing.
type State string

// The states, as status shows them.
const (
	Live       State = "live"
	Connecting State = "connecting"
	Down       State = "down"
	Held       State = "paused"
	Ended      State = "ended"
)

// Health is the latest that a source said of itself.
type Health struct {
	State   State
	Address string // where it listens or is connected to
	Err     error  // why it is not live; or a warning while it is
}
