// Package backup makes sets of files from which a server's history,
// administration data and identity come back, and proves that they do.
//
// A set is full, or it is incremental and goes on from the set before it: its
// parent. A full set and those that go on from it, one after the other, are a
// chain. Sets lie at a [Destination]; each is complete from the moment that it
// can be seen there. A [Manifest] says what is in a set and holds the hash of
// each file and of itself, so that no byte of it can change unseen.
//
// [Keeper] makes, verifies and restores; what is deleted [Retain] decides.
package backup

import (
	"context"
	"errors"
	"io"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// What a caller may branch on.
var (
	// ErrDamaged is returned for a set that is not what was written.
	ErrDamaged = errors.New("the backup is damaged")
	// ErrNeedsFull is returned where no set is there that an incremental one
	// could go on from.
	ErrNeedsFull = errors.New("a full backup is needed first")
	// ErrNoBackup is returned when there is no such set.
	ErrNoBackup = errors.New("no such backup")
	// ErrForeign is returned for a set of another server.
	ErrForeign = errors.New("a backup of another server")
	// ErrNoRoom is returned, before anything is written, where the disk has not
	// the room.
	ErrNoRoom = errors.New("not enough room")
	// ErrThere is returned where something is in the way that is not ours to
	// replace.
	ErrThere = errors.New("is there already")
)

// A Kind is what a set holds.
type Kind string

// The kinds.
const (
	Full        Kind = "full"        // all of it
	Incremental Kind = "incremental" // what changed since its parent
)

// A Destination is where sets lie. Only one at a time may Put or Delete.
type Destination interface {
	// Sets returns the names of those that are complete, in no order.
	Sets(ctx context.Context) ([]string, error)
	// Files returns the names of a set's files, in no order.
	Files(ctx context.Context, set string) ([]string, error)
	Open(ctx context.Context, set, file string) (io.ReadCloser, error)
	// Put makes a set of what fill writes: after an error there is none, and
	// when it returns nil it is on disk.
	Put(ctx context.Context, set string, fill func(Folder) error) error
	Delete(ctx context.Context, set string) error
}

// A Folder is a set that is being made. What was closed can be read back.
type Folder interface {
	Create(file string) (io.WriteCloser, error)
	Open(file string) (io.ReadCloser, error)
}

// A Source is what is backed up: an open data directory, and files beside it
// that hold no secrets.
type Source struct {
	History *history.DB
	Admin   *admin.DB
	Node    *node.DB
	Beside  []Beside
	Version string // of the program
	Actor   string // who asked for it
}

// A Beside is a file that goes along. One that does not exist is left out.
type Beside struct{ Name, Path string }

// A Keeper makes and reads sets.
type Keeper struct {
	At   Destination
	Work string // a directory of this server with room for what is being made
}

// The names within a set.
const (
	manifestFile  = "manifest"
	incrementFile = "history.increment"
	packed        = ".zst"
)
