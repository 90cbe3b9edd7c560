// Package bundle is what travels when the twins make their administration data
// the same: a bundle of changed rows, named by its hash, the pieces in which a
// large one goes, and the documents that the two ends tell each other.
//
// It only encodes and checks. What is to travel sync/push decides, and what
// becomes of it sync/apply.
package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
)

// What a bundle may hold. A pair that changes more at once makes copies of its
// files instead.
const (
	MaxBytes = 64 << 20  // of a bundle as it travels
	MaxRows  = 250_000   // agreed ones included
	maxPlain = 256 << 20 // before it is compressed
)

var (
	// ErrBundle is returned for what is no bundle, or was altered on its way.
	ErrBundle = errors.New("not a bundle")
	// ErrTooLarge is returned for one that does not fit.
	ErrTooLarge = errors.New("too much for a bundle")
)

// A Bundle is the way from a base that both twins hold to the next one. It holds
// nothing that tells when it was made: the same way is the same bundle, so that
// what has come of a large one before a cut need not come again.
type Bundle struct {
	Pair       string     // of the twins
	Sender     string     // the primary's name
	Head       audit.Head // of the primary's audit
	Epoch      int64      // of the primary that made it
	From, To   int64      // generations: of the base, 0 for none, and what it becomes
	BaseRoot   admin.Root // of the base
	TargetRoot admin.Root // of what it becomes
	Drift      admin.Root // admin.DriftOf what the secondary had pending since From
	Catalogue  int        // version of the kinds of rows
	Author     string     // who asked for it
	Kinds      []string   // the kinds of its rows, in the catalogue's order
	Ops        []admin.Op // each row once
}

// Facts returns what admin.db wants to know of the bundle, whose bytes are text.
func (b *Bundle) Facts(text []byte) admin.Facts {
	return admin.Facts{
		Pair: b.Pair, Epoch: b.Epoch, Catalogue: b.Catalogue, From: b.From, To: b.To,
		BaseRoot: b.BaseRoot, Drift: b.Drift, Target: b.TargetRoot,
		Bundle: audit.Hash(DigestOf(text)), Bytes: int64(len(text)), Sender: b.Sender, Head: b.Head,
	}
}

// A Count is how many rows of a kind a bundle moves.
type Count struct {
	Kind    string `json:"kind"`
	Added   int    `json:"added,omitempty"`
	Changed int    `json:"changed,omitempty"`
	Removed int    `json:"removed,omitempty"`
	Agreed  int    `json:"agreed,omitempty"`
}

// Counts returns a count for each of Kinds, in their order.
func (b *Bundle) Counts() []Count {
	counts := make([]Count, len(b.Kinds))
	place := map[string]*Count{}
	for i, kind := range b.Kinds {
		counts[i].Kind = kind
		place[kind] = &counts[i]
	}
	for _, op := range b.Ops {
		if c := place[op.Kind]; c != nil {
			c.count(op)
		}
	}
	return counts
}

func (c *Count) count(op admin.Op) {
	switch {
	case op.Same:
		c.Agreed++
	case op.New == nil:
		c.Removed++
	case op.Old == (admin.Hash{}):
		c.Added++
	default:
		c.Changed++
	}
}

// An entry is an op as it stands among the others.
type entry struct {
	kind int // index in Kinds
	key  string
	hash admin.Hash // expected on the secondary
	body []byte     // canonical; nil where nothing is set
	same bool
}

func (e entry) compare(o entry) int {
	return cmp.Or(cmp.Compare(e.kind, o.kind), cmp.Compare(e.key, o.key))
}

// entries returns all rows in the order in which they travel: by kind, then by
// key. A row that stands there twice, or of a kind that is not listed, is an error.
func (b *Bundle) entries() ([]entry, error) {
	kinds := make(map[string]int, len(b.Kinds))
	for i, kind := range b.Kinds {
		if _, twice := kinds[kind]; twice {
			return nil, fmt.Errorf("%w: kind %q is listed twice", ErrBundle, kind)
		}
		kinds[kind] = i
	}
	all := make([]entry, 0, len(b.Ops))
	used := make([]bool, len(b.Kinds))
	for _, op := range b.Ops {
		e := entry{key: op.Key, hash: op.Old, body: op.New.Canonical(), same: op.Same}
		i, ok := kinds[op.Kind]
		switch {
		case !ok:
			return nil, fmt.Errorf("%w: kind %q is not listed", ErrBundle, op.Kind)
		case op.Same && op.New != nil:
			return nil, fmt.Errorf("%w: %s %q is the same and not", ErrBundle, op.Kind, op.Key)
		case !op.Same && op.New == nil && op.Old == (admin.Hash{}):
			return nil, fmt.Errorf("%w: %s %q is to be removed, and is not there", ErrBundle, op.Kind, op.Key)
		}
		e.kind, used[i] = i, true
		all = append(all, e)
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, fmt.Errorf("%w: kind %q is listed for nothing", ErrBundle, b.Kinds[i])
	}
	slices.SortFunc(all, entry.compare)
	for i := 1; i < len(all); i++ {
		if all[i-1].compare(all[i]) == 0 {
			return nil, fmt.Errorf("%w: %s %q stands in it twice", ErrBundle, b.Kinds[all[i].kind], all[i].key)
		}
	}
	return all, nil
}
