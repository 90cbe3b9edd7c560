// Package admin is admin.db: what people administer. Rows of a closed list of
// kinds are validated and refer to each other; every change raises the
// generation and is written down with what stood before. The file also keeps
// the base, which is what both twins agreed on last, so that each of them knows
// by itself what it changed since.
//
// A row is named by kind and key and carries a Body. Whatever compares, stores
// or carries rows does so by canonical bytes and their Hash. A Root covers the
// hashes of all rows in the order of their names, in bytes.
package admin

import "errors"

// File is the name of the database within the data directory.
const File = "admin.db"

// Catalogue is the version of the list of kinds. It rises with each
// release that adds a kind or a field: an older Twin could not check such a row.
// Rows that do not use what is new keep their hashes.
const Catalogue = 1

// What a caller may branch on.
var (
	// ErrNotPrimary is returned for a change on the secondary.
	ErrNotPrimary = errors.New("this server is not the primary")
	// ErrMoving is returned for a change on a primary whose role is being moved:
	// the other server would not have it.
	ErrMoving = errors.New("the role of this server is being moved: try again in a moment")
	// ErrNotSecondary is returned when the primary is told to apply.
	ErrNotSecondary = errors.New("this server is not the secondary")
	// ErrAlone is returned when a server without a twin is told to apply.
	ErrAlone = errors.New("this server has no twin")
	// ErrInvalid is returned for a row that cannot be: what is wrong follows.
	ErrInvalid = errors.New("not valid")
	// ErrNoKind is returned for a kind that is not in the catalogue.
	ErrNoKind = errors.New("no such kind")
	// ErrNoRow is returned when the row that was asked for does not exist.
	ErrNoRow = errors.New("no such row")
	// ErrReferenced is returned when rows that would go are used by others. The
	// error is a *Referenced.
	ErrReferenced = errors.New("still in use")
	// ErrConflict is returned when a row is not what the caller saw. The error
	// is a *Conflict.
	ErrConflict = errors.New("changed since")
	// ErrNoGeneration is returned for a generation that no change made.
	ErrNoGeneration = errors.New("no such generation")
	// ErrStale is returned for a bundle that was made for another base, or for
	// other edits on this side, than there are; a replayed one is.
	ErrStale = errors.New("made for another state than this one")
	// ErrOtherPair is returned for a bundle of another pair.
	ErrOtherPair = errors.New("of another pair")
	// ErrEpoch is returned for a bundle of a primary that was replaced since.
	ErrEpoch = errors.New("of an older epoch")
	// ErrCatalogue is returned for rows of another version of Twin that this
	// one cannot check.
	ErrCatalogue = errors.New("of another version")
	// ErrRoot is returned when applying would not end where it was promised.
	ErrRoot = errors.New("not the state that was promised")
)
