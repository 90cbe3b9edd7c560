package bundle

import (
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// The verbs by which the primary asks the secondary. Only Apply changes
// something there, and it changes all or nothing.
const (
	VerbHello  = "sync.hello"  // HelloQuestion, HelloAnswer
	VerbDrift  = "sync.drift"  // DriftQuestion, DriftAnswer
	VerbHashes = "sync.hashes" // HashesQuestion, HashesAnswer
	VerbRows   = "sync.rows"   // RowsQuestion, RowsAnswer
	VerbChunks = "sync.chunks" // Manifest, ChunksAnswer
	VerbApply  = "sync.apply"  // ApplyQuestion, ApplyAnswer
	VerbAudit  = "sync.audit"  // AuditQuestion, AuditAnswer; either server may ask
)

// How much one answer holds. What is more is asked for again, behind the last.
const (
	MaxEdits = 1500      // rows of a DriftAnswer or a HashesAnswer
	MaxNames = 1500      // rows of a RowsQuestion
	MaxTold  = 512 << 10 // bytes of a RowsAnswer as it travels, unless its one row is larger
)

// A Hello is what a server says of itself before rows travel.
type Hello struct {
	Server   string           `json:"server"` // its own, for ever
	Name     string           `json:"name"`
	Pair     string           `json:"pair"`
	Role     node.Role        `json:"role"`
	Epoch    int64            `json:"epoch"` // the highest that it has seen
	Version  string           `json:"version"`
	At       record.Instant   `json:"at"` // by its clock
	Position admin.Position   `json:"position"`
	Rows     map[string]int64 `json:"rows,omitzero"` // how many there are of each kind
}

// HelloQuestion is the primary's own hello.
type HelloQuestion struct {
	Hello Hello `json:"hello"`
}

// HelloAnswer is the secondary's, and the first of what was edited there. It
// has no Rows where they are the asker's: where both roots are the same.
type HelloAnswer struct {
	Hello Hello       `json:"hello"`
	Drift DriftAnswer `json:"drift"` // as a DriftQuestion for the asker's base is answered
}

// An Edited is a row that is not what the base holds, or of which there is no
// base. A zero hash means that there is no such row.
type Edited struct {
	admin.Name
	Base admin.Hash `json:"base"`
	Hash admin.Hash `json:"hash"` // now
}

// DriftQuestion asks what was edited on the secondary since a base.
type DriftQuestion struct {
	Since int64       `json:"since"` // generation of the base that the asker holds; 0: none
	Root  admin.Root  `json:"root"`  // of that base
	After *admin.Name `json:"after,omitempty"`
}

// DriftAnswer tells it. Since is the asker's base if that is held here too,
// else the base that is held here.
type DriftAnswer struct {
	Since      int64      `json:"since"`
	Root       admin.Root `json:"root"`
	Generation int64      `json:"generation"` // at which this was read
	Edits      []Edited   `json:"edits"`      // in the order of their names
	More       bool       `json:"more,omitempty"`
}

// HashesQuestion asks for all rows, for a first sync.
type HashesQuestion struct {
	After *admin.Name `json:"after,omitempty"`
}

// HashesAnswer tells them; the bases in it are zero.
type HashesAnswer struct {
	Generation int64    `json:"generation"` // at which this was read
	Rows       []Edited `json:"rows"`       // in the order of their names
	More       bool     `json:"more,omitempty"`
}

// RowsQuestion asks for rows as they are now.
type RowsQuestion struct {
	Names []admin.Name `json:"names"`
}

// RowsAnswer tells the first of them, in the order asked for. It may be shorter
// than the question, never empty. A row that is not there has no body.
type RowsAnswer struct {
	Rows []admin.Row `json:"rows"`
}

// ChunksAnswer tells which pieces of a manifest are not there yet, in order.
type ChunksAnswer struct {
	Missing []int `json:"missing"`
}

// ApplyQuestion asks to apply a bundle.
type ApplyQuestion struct {
	Name  Digest `json:"name"`
	Bytes []byte `json:"bytes,omitempty"` // all of it; nothing: it was put into the twin's tree
	From  string `json:"from"`            // where the author sits, for the audit
}

// ApplyAnswer tells what stands on the secondary's disk then.
type ApplyAnswer struct {
	Position admin.Position `json:"position"`
	Counts   []Count        `json:"counts"`
}

// AuditQuestion asks whether the twin's audit of administration data still has
// in it what was its last act at the last sync.
type AuditQuestion struct {
	Head audit.Head `json:"head"` // as the asker wrote it down then
}

// AuditAnswer tells it, and what the twin wrote down of the asker's.
type AuditAnswer struct {
	Held  bool       `json:"held"`
	Yours audit.Head `json:"yours"` // of id 0: there was no sync
}
