package push

import (
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/sync/bundle"
)

// A Drift is what a person chose to do with all that was edited on the
// secondary alone.
type Drift string

// The choices.
const (
	DriftStop      Drift = ""          // nothing was chosen: stop, and show it
	DriftKeep      Drift = "keep"      // leave it there; it stays drift
	DriftOverwrite Drift = "overwrite" // make it again what the primary has
	DriftAdopt     Drift = "adopt"     // take it over on the primary
)

// ParseDrift reads a choice.
func ParseDrift(s string) (Drift, error) {
	switch d := Drift(s); d {
	case DriftStop, DriftKeep, DriftOverwrite, DriftAdopt:
		return d, nil
	}
	return "", fmt.Errorf("drift %q: want keep, overwrite or adopt", s)
}

// A Side is the one of the twins whose row is to stand on both.
type Side string

// The sides.
const (
	Primary   Side = "primary"
	Secondary Side = "secondary"
)

// ParseSide reads a side.
func ParseSide(s string) (Side, error) {
	switch d := Side(s); d {
	case Primary, Secondary:
		return d, nil
	}
	return "", fmt.Errorf("side %q: want primary or secondary", s)
}

// Choices are what a person decided about rows that nobody else can decide, and
// which rows a sync is about. A name without a key is all rows of its kind.
type Choices struct {
	Drift   Drift
	Resolve map[admin.Name]Side // of each conflict
	Only    map[admin.Name]bool // it is about these alone; none: about all
	Except  map[admin.Name]bool // and not about these
}

// takes reports whether a sync is about a row.
func (c Choices) takes(n admin.Name) bool {
	all := admin.Name{Kind: n.Kind}
	if c.Except[n] || c.Except[all] {
		return false
	}
	return len(c.Only) == 0 || c.Only[n] || c.Only[all]
}

// A Finding is who edited a row since the base.
type Finding string

// The findings.
const (
	Edited      Finding = "edited"   // on the primary alone
	Drifted     Finding = "drift"    // on the secondary alone
	Equal       Finding = "equal"    // on both, to the same
	Conflicting Finding = "conflict" // on both, to different things
)

// An Action is what sync does with a row.
type Action string

// The actions.
const (
	Push  Action = "push"  // the secondary takes what the primary has
	Adopt Action = "adopt" // the primary takes what the secondary has
	Agree Action = "agree" // both have it; it becomes their base
	Keep  Action = "keep"  // nothing; it stays drift
	Stop  Action = "stop"  // nothing, and nothing else either, until a person chooses
	Leave Action = "leave" // nothing: it was left out, and stays pending on both as it is
)

// A Decision is what was found about a row, and what is to be done. A zero
// hash means that there is no such row.
type Decision struct {
	admin.Name
	Finding Finding    `json:"finding"`
	Action  Action     `json:"action"`
	Base    admin.Hash `json:"base"`
	Ours    admin.Hash `json:"ours"`   // on the primary
	Theirs  admin.Hash `json:"theirs"` // on the secondary
}

// Decide compares what was edited on the primary and on the secondary since
// their base, each row of a side once. A row that is listed on one side alone
// is on the other what the base holds. The decisions are ordered by their names.
//
// Without a base (first) nobody can tell whether a row that only the secondary
// has was added there or deleted here: it is a conflict then, not drift.
func Decide(ours, theirs []bundle.Edited, first bool, c Choices) []Decision {
	all := make(map[admin.Name]Decision, len(ours)+len(theirs))
	for _, e := range ours {
		all[e.Name] = Decision{Name: e.Name, Finding: Edited, Base: e.Base, Ours: e.Hash, Theirs: e.Base}
	}
	for _, e := range theirs {
		d, both := all[e.Name]
		switch {
		case !both:
			d = Decision{Name: e.Name, Finding: Drifted, Base: e.Base, Ours: e.Base}
			if first {
				d.Finding = Conflicting
			}
		case d.Ours == e.Hash:
			d.Finding = Equal
		default:
			d.Finding = Conflicting
		}
		d.Theirs = e.Hash
		all[e.Name] = d
	}
	decisions := make([]Decision, 0, len(all))
	for _, d := range all {
		d.Action = c.action(d)
		decisions = append(decisions, d)
	}
	slices.SortFunc(decisions, func(a, b Decision) int { return a.Compare(b.Name) })
	return decisions
}

// action says what is done with a row of which the finding is known.
func (c Choices) action(d Decision) Action {
	if !c.takes(d.Name) {
		return Leave
	}
	switch d.Finding {
	case Edited:
		return Push
	case Equal:
		return Agree
	case Drifted:
		return map[Drift]Action{DriftStop: Stop, DriftKeep: Keep, DriftOverwrite: Push, DriftAdopt: Adopt}[c.Drift]
	case Conflicting:
		return map[Side]Action{"": Stop, Primary: Push, Secondary: Adopt}[c.Resolve[d.Name]]
	}
	return Stop
}

// A Move is what becomes of a row on one side.
type Move string

// The moves.
const (
	None    Move = ""
	Added   Move = "added"
	Changed Move = "changed"
	Removed Move = "removed"
)

// move returns what becomes of a row that was one thing and will be another.
func move(was, will admin.Hash) Move {
	none := admin.Hash{}
	switch {
	case was == will:
		return None
	case was == none:
		return Added
	case will == none:
		return Removed
	}
	return Changed
}

// There returns what becomes of the row on the secondary.
func (d Decision) There() Move {
	if d.Action != Push {
		return None
	}
	return move(d.Theirs, d.Ours)
}

// Here returns what becomes of the row on the primary.
func (d Decision) Here() Move {
	if d.Action != Adopt {
		return None
	}
	return move(d.Ours, d.Theirs)
}

// Outward reports whether the row is shown as what the secondary becomes by it,
// or would if it were not left out; else as what the secondary has of it.
func (d Decision) Outward() bool {
	return d.Action == Push || d.Action == Leave && d.Finding == Edited
}

// Seen returns what was done to the row on the secondary, as drift and
// conflicts are shown.
func (d Decision) Seen() Move { return move(d.Base, d.Theirs) }

// Agreed returns the hash that the base of both sides becomes; false means
// that it stays what it is.
func (d Decision) Agreed() (admin.Hash, bool) {
	switch d.Action {
	case Push:
		return d.Ours, true
	case Adopt, Agree:
		return d.Theirs, true
	case Keep, Stop, Leave:
	}
	return d.Base, false
}
