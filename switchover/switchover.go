// Package switchover moves the role from one server to the other: a literal
// list of steps that know whether they are done, and the runner that goes
// through them. Both servers are asked through the same closed set of verbs, the
// one that the runner is on in process and the other over the link, so that it
// does not matter on which of the two it runs.
//
// What is done stands in a journal on both. Until the role was given away a move
// that fails is undone, after that it is finished; where the other server cannot
// be reached it halts, and goes on from either of the two.
package switchover

import (
	"context"
	"errors"
)

// Why the role was not moved, or not to its end.
var (
	// ErrAway: a server gave no answer, so it is not known whether it did what it
	// was asked. A Caller wraps what came of it.
	ErrAway = errors.New("it gives no answer")
	// ErrBlocked: a check says that it would not go well. Nothing was changed.
	ErrBlocked = errors.New("the role cannot be moved now")
	// ErrRolledBack: the server that had the role has it still, or again.
	ErrRolledBack = errors.New("rolled back")
	// ErrHalted: it stands somewhere in between, and is to be resumed or aborted.
	ErrHalted = errors.New("halted part-way")
	// ErrAborted is the cause of a runner's context when somebody ends the move.
	ErrAborted = errors.New("it was aborted")
	// ErrOvertaken: a higher epoch was seen, so somebody else has moved the role.
	ErrOvertaken = errors.New("the role was moved by somebody else meanwhile")
)

// A Caller asks one server the verbs of this package. args and answer are values
// that JSON can carry; answer may be nil. An error that wraps ErrAway leaves open
// whether it was done, any other is the server's refusal.
type Caller interface {
	Call(ctx context.Context, verb string, args, answer any) error
}
