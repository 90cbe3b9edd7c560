package admin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/record"
)

// A Row is one thing that people administer.
type Row struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
	Body Body   `json:"body"`
}

// Hash returns the row's hash, the zero Hash if its Body is nil.
func (r Row) Hash() Hash { return hashOf(r.Kind, r.Key, r.Body.Canonical()) }

// A Name tells rows apart.
type Name struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
}

// String returns KIND/KEY, as people write it.
func (n Name) String() string { return n.Kind + "/" + n.Key }

// ParseName reads KIND/KEY.
func ParseName(text string) (Name, error) {
	kind, key, ok := strings.Cut(text, "/")
	if !ok || kind == "" || key == "" {
		return Name{}, fmt.Errorf("%q: want KIND/KEY, as queue/support", text)
	}
	return Name{kind, key}, nil
}

// Compare orders names as roots do, by their bytes.
func (n Name) Compare(o Name) int {
	return cmp.Or(strings.Compare(n.Kind, o.Kind), strings.Compare(n.Key, o.Key))
}

// CompareShown orders names as people and bundles see them: kinds as the
// catalogue lists them (those it does not have come last), then keys.
func CompareShown(a, b Name) int {
	return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), a.Compare(b))
}

func rank(kind string) int {
	if i := slices.Index(order[:], kind); i >= 0 {
		return i
	}
	return len(order)
}

// An Edit is a wish: that a row be as Body says.
type Edit struct {
	Kind string
	Key  string // "" makes a row of a kind with random keys
	Body Body   // nil deletes
	Old  *Hash  // what the row is now, as the caller saw it; nil: whatever
}

// An Author is who changes something.
type Author struct {
	Actor       string // a login
	From        string // where it was done from, as "local" or an address
	Verb        string // "admin.set"
	OnSecondary bool   // an emergency: may change on the secondary too, as drift
	// Allow says why the author may not make a change, nil if he may. It is asked of
	// each within the transaction, of which nothing is left where it refuses one; nil:
	// he may all.
	Allow func(Change) error
}

// A Change is what became of one row.
type Change struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	Before Body   `json:"before"` // nil: there was none
	After  Body   `json:"after"`  // nil: there is none
}

// A Set is what one act changed: all of it or nothing.
type Set struct {
	Generation int64          `json:"generation"` // that it made; 0: nothing had to change
	At         record.Instant `json:"at"`
	Actor      string         `json:"actor"`
	From       string         `json:"from"`
	Verb       string         `json:"verb"`
	Undoes     int64          `json:"undoes,omitempty"` // the generation whose changes it took back
	Drift      bool           `json:"drift,omitempty"`  // made on the secondary
	Rows       int64          `json:"rows"`             // how many changed
	Changes    []Change       `json:"changes"`          // in the order of their names
}

// A Pending is a row that this server changed since the base.
type Pending struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
	Base Hash   `json:"base"` // what both agreed on; zero: no such row
	Hash Hash   `json:"hash"` // what it is here; zero: deleted
	Body Body   `json:"body"` // nil where Hash is zero, or where bodies were not asked for
}

// A RowHash is a row without what it says.
type RowHash struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
	Hash Hash   `json:"hash"`
}

// An Op is one row of a bundle. It makes the row and the base of it the same
// on both sides.
type Op struct {
	Kind string
	Key  string
	Old  Hash // what the row is on the secondary now; zero: no such row
	New  Body // what it becomes; nil: it is deleted
	Same bool // the row is Old on both already: nothing but the base moves, New is nil
}

// Hash returns what the row is afterwards.
func (o Op) Hash() Hash {
	if o.Same {
		return o.Old
	}
	return Row{o.Kind, o.Key, o.New}.Hash()
}

// A Position is where a server stands, in what two servers tell each other.
type Position struct {
	Catalogue      int        `json:"catalogue"`
	Generation     int64      `json:"generation"`
	BaseGeneration int64      `json:"base_generation"` // 0: there is no base
	BaseRoot       Root       `json:"base_root"`
	Root           Root       `json:"root,omitzero"`  // of the rows as they are now
	Drift          Root       `json:"drift,omitzero"` // of what is pending: see DriftOf
	Rows           int64      `json:"rows"`           // that live
	Pending        int64      `json:"pending"`        // rows changed since the base
	Head           audit.Head `json:"head"`           // of admin.db's own audit
}
