package switchover

import (
	"encoding/json"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// Prefix stands before the verbs that a server is asked when its role is moved.
const Prefix = "role."

// The verbs, each with its question and answer.
const (
	VerbRead     = "role.read"      // ReadQuestion, Reading
	VerbOpen     = "role.open"      // node.Runbook
	VerbNote     = "role.note"      // NoteQuestion
	VerbEnd      = "role.end"       // EndQuestion
	VerbDrain    = "role.drain"     // Of
	VerbRefill   = "role.refill"    // Of
	VerbSync     = "role.sync"      // Of, Synced
	VerbCancel   = "role.cancel"    // CancelQuestion, Cancelled
	VerbDemote   = "role.demote"    // DemoteQuestion, node.Token
	VerbLedger   = "role.ledger"    // LedgerQuestion, node.RunPage
	VerbTold     = "role.told"      // ToldQuestion, Told
	VerbPromote  = "role.promote"   // TokenQuestion, Standing
	VerbVoid     = "role.void"      // TokenQuestion
	VerbTakeBack = "role.take-back" // TakeBackQuestion, Standing
	VerbProbe    = "role.probe"     // Of, node.Run
	VerbHook     = "role.hook"      // HookQuestion, Hooked
)

// Of names the move that a question belongs to. Whoever asks must go through it.
type Of struct {
	Runbook string `json:"runbook"`
}

// A ReadQuestion asks how a server stands to a move.
type ReadQuestion struct {
	Of
	Seen    int64 `json:"seen"`    // the highest epoch that the asker knows of
	Journal bool  `json:"journal"` // with the notes
}

// A Standing is who a server is to its twin.
type Standing struct {
	Server    string         `json:"server"`
	Name      string         `json:"name"`
	Role      node.Role      `json:"role"`
	Epoch     int64          `json:"epoch"`
	Seen      int64          `json:"seen"`
	Since     record.Instant `json:"since"`
	OwnsFrom  record.Instant `json:"owns_from,omitzero"`
	OwnsUntil record.Instant `json:"owns_until,omitzero"`
	Draining  string         `json:"draining"` // the move for which it starts nothing that needs its role; "": it does
}

// Primary tells whether it acts as primary.
func (s Standing) Primary() bool { return s.Role == node.Primary && s.Epoch >= s.Seen }

// A Reading is how a server stands to a move.
type Reading struct {
	Standing
	Pair    string          `json:"pair"`    // "": it is alone
	Twin    string          `json:"twin"`    // its twin, for ever
	Open    *node.Runbook   `json:"open"`    // the move that is open there, without notes
	Runbook *node.Runbook   `json:"runbook"` // the move that was asked about; nil: it does not know of it
	Token   *node.Token     `json:"token"`   // of that; nil: it has noted none
	State   node.TokenState `json:"state"`   // what became of that
	Told    int64           `json:"told"`    // rev up to which its twin has told it of its runs
	Going   []Going         `json:"going"`   // that need its role and run; at most maxGoing
	Now     record.Instant  `json:"now"`
}

// Going is a run that needs the role and goes on.
type Going struct {
	Run       int64          `json:"run"`
	Timetable string         `json:"timetable"`
	Since     record.Instant `json:"since"`
}

// A NoteQuestion tells what is to stand in the journal. Without a note it is a
// sign of life.
type NoteQuestion struct {
	Of
	Notes []node.RunbookNote `json:"notes"`
}

// An EndQuestion closes the journal.
type EndQuestion struct {
	Of
	State  node.RunbookState `json:"state"`
	Result json.RawMessage   `json:"result"`
}

// Synced is where both stand after the last sync before the role moves.
type Synced struct {
	Generation int64  `json:"generation"`
	Changes    bool   `json:"changes"` // something had to be sent
	Refused    string `json:"refused"` // why it is not this server's to sync, by its role; "": it is
}

// A CancelQuestion has runs ended that need the role.
type CancelQuestion struct {
	Of
	Repeatable bool `json:"repeatable"` // those alone that their timetable lets run again
}

// Cancelled is how many were.
type Cancelled struct {
	Runs int `json:"runs"`
}

// A DemoteQuestion has a primary of that epoch give its role away.
type DemoteQuestion struct {
	Of
	Epoch int64 `json:"epoch"`
}

// A LedgerQuestion asks for changes of runs after a rev.
type LedgerQuestion struct {
	After int64 `json:"after"`
}

// A ToldQuestion tells the twin's runs.
type ToldQuestion struct {
	Of
	Page node.RunPage `json:"page"`
}

// Told is up to where they are known then.
type Told struct {
	Through int64 `json:"through"`
}

// A TokenQuestion brings a token.
type TokenQuestion struct {
	Of
	Token node.Token `json:"token"`
}

// A TakeBackQuestion names a token that the twin has made void.
type TakeBackQuestion struct {
	Of
	Token string `json:"token"`
}

// A HookQuestion has a program of the site called.
type HookQuestion struct {
	Of
	Point string         `json:"point"`
	Step  string         `json:"step"`
	Epoch int64          `json:"epoch"`
	At    record.Instant `json:"at,omitzero"` // the cut-over, once there is one
}

// Hooked is what came of it.
type Hooked struct {
	Ran    bool   `json:"ran"` // false: the site has none for that
	Failed string `json:"failed"`
	TookMS int64  `json:"took_ms"`
}
