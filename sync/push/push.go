// Package push makes the secondary's administration data what the primary's is.
// It compares both with the base that they agreed on last, row by row, shows
// what it found as a Plan, and carries that out when it was confirmed.
//
// Nothing is decided here that a person has to decide: what was edited on the
// secondary, or on both, stops everything until it was chosen what is to stand.
// Keys, bodies and names in a plan are as people or the twin wrote them; make
// them inert before a terminal sees them.
package push

import (
	"errors"

	"github.com/twinctl/twin/sync/bundle"
)

// Why nothing was pushed. Where one of them is returned the secondary is what it
// was, but for ErrUnknown; so is the primary, unless it had adopted rows already.
var (
	// ErrRole: this is not the primary, or the twin is not its secondary.
	ErrRole = bundle.ErrRole
	// ErrEpoch: the twin has seen a higher epoch: there was a switch-over since.
	ErrEpoch = bundle.ErrEpoch
	// ErrPair: the two are not each other's twin.
	ErrPair = bundle.ErrPair
	// ErrVersion: the two know rows of kinds that lie too far apart.
	ErrVersion = bundle.ErrVersion
	// ErrUntrusted: what the twin says cannot be.
	ErrUntrusted = bundle.ErrUntrusted
	// ErrFirst: there is no base that both hold.
	ErrFirst = errors.New("a first sync has to be asked for")
	// ErrDrift: rows were edited on the secondary.
	ErrDrift = errors.New("edited on the secondary")
	// ErrConflict: rows were edited on both.
	ErrConflict = errors.New("edited on both")
	// ErrDeletes: more would be deleted than anybody deletes by hand.
	ErrDeletes = errors.New("many rows would be deleted")
	// ErrDeclined: the person who was asked did not say yes.
	ErrDeclined = errors.New("not confirmed")
	// ErrMoved: one of the two is being edited all the while.
	ErrMoved = errors.New("edited meanwhile")
	// ErrUnknown: the bundle was sent, and what became of it could not be asked.
	ErrUnknown = errors.New("outcome unknown")
)
