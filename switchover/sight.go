package switchover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// The verbs that a server's machine answers also while its files cannot be read
// and its twind does not run, each with its question and answer.
const (
	VerbSight = "role.sight" // nothing, Vitals
	VerbFence = "role.fence" // FenceQuestion, Fenced
)

// Whether a server's data directory can be written, as DESIGN has it.
const (
	StoreOK       = "ok"
	StoreReadOnly = "read_only"
	StoreFull     = "full"
	StoreFailed   = "failed"
)

// Vitals are what a server's machine tells of it. What stands in files that
// cannot be read is left out.
type Vitals struct {
	Name      string    `json:"name"`
	Server    string    `json:"server"` // "": its files cannot be read
	Role      node.Role `json:"role"`   // likewise
	Epoch     int64     `json:"epoch"`
	Seen      int64     `json:"seen"`
	Unread    string    `json:"unread"`   // why its files cannot be read
	PID       int       `json:"pid"`      // of its twind; 0: none runs
	SilentS   int64     `json:"silent_s"` // for how long that has said nothing
	Stopped   bool      `json:"stopped"`  // somebody stopped that process, and nobody let it go on
	Store     string    `json:"store"`    // ok, read_only, full or failed
	StoreText string    `json:"store_text"`
	Fence     *Fence    `json:"fence"` // that is in force; nil: none
	// Harmless says why its twind can start nothing that needs the role, as long
	// as the fence is in force; "": it may.
	Harmless string `json:"harmless"`
}

// A Fence keeps a server from acting as primary until it has heard of an epoch.
type Fence struct {
	Server string         `json:"server"` // for whom it is, for ever; "": whoever's files are there
	Epoch  int64          `json:"epoch"`  // from which on it is lifted
	By     string         `json:"by"`     // the name of who wants the role
	Reason string         `json:"reason"`
	At     record.Instant `json:"at"`
}

// A FenceQuestion has a server fenced.
type FenceQuestion struct {
	Server string `json:"server"` // for ever: another one is not fenced
	Epoch  int64  `json:"epoch"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// What became of the twind of a server that was fenced.
const (
	TwindNone   = "none"   // none ran
	TwindEnded  = "ended"  // it was told to end, and did
	TwindKilled = "killed" // it was killed, and can do nothing any more
	TwindObeys  = "obeys"  // it runs, and starts nothing that needs the role
)

// Fenced is what was done.
type Fenced struct {
	Fence Fence  `json:"fence"`
	PID   int    `json:"pid"`   // of the twind that ran, 0 if none did
	Twind string `json:"twind"` // what became of it
	Tasks string `json:"tasks"` // what is wrong with what it ran; "": all of that has ended
}

// frozenAfter is for how long a twind may say nothing that says each second what
// it does.
const frozenAfter = 8

// Frozen tells whether a twind is there that does nothing.
func (v Vitals) Frozen() bool { return v.PID != 0 && (v.Stopped || v.SilentS > frozenAfter) }

// Acts tells whether the server acts as primary, as far as its machine tells: a
// role that cannot be read may be that.
func (v Vitals) Acts() bool {
	return v.Role == "" || v.Role == node.Primary && v.Epoch >= v.Seen
}

// IsFenced tells whether a fence is in force, and nothing is left that it could
// come too late for.
func (v Vitals) IsFenced() bool { return v.Fence != nil && v.Harmless != "" }

// String says how the server does.
func (v Vitals) String() string {
	said := "its files cannot be read: " + brief(v.Unread)
	if v.Role != "" {
		said = fmt.Sprintf("it is %s, epoch %d", v.Role, v.Epoch)
		if v.Seen > v.Epoch {
			said += fmt.Sprintf(", and has seen %d", v.Seen)
		}
	}
	switch {
	case v.PID == 0:
		said += "; its twind does not run"
	case v.Stopped:
		said += fmt.Sprintf("; its twind (process %d) was stopped", v.PID)
	case v.Frozen():
		said += fmt.Sprintf("; its twind (process %d) has said nothing for %s", v.PID, time.Duration(v.SilentS)*time.Second)
	default:
		said += fmt.Sprintf("; its twind (process %d) runs", v.PID)
	}
	if v.Store != StoreOK {
		said += "; its disk: " + brief(v.StoreText)
	}
	if v.Fence != nil {
		said += "; fenced until it hears of epoch " + fmt.Sprint(v.Fence.Epoch)
		if v.Harmless != "" {
			said += ", " + brief(v.Harmless)
		}
	}
	return said
}

func (v Vitals) check() error {
	switch v.Role {
	case "", node.Primary, node.Secondary:
	default:
		return fmt.Errorf("role %s", brief(string(v.Role)))
	}
	switch v.Store {
	case StoreOK, StoreReadOnly, StoreFull, StoreFailed:
	default:
		return fmt.Errorf("its disk is %s", brief(v.Store))
	}
	if v.PID < 0 || v.SilentS < 0 || v.SilentS > maxCount || len(v.Unread) > maxText || len(v.StoreText) > maxText {
		return fmt.Errorf("process %d, which says nothing for %d s", v.PID, v.SilentS)
	}
	err := errors.Join(names(v.Name), short(v.Server, v.Harmless), epochs(v.Epoch, v.Seen))
	if v.Fence != nil {
		err = errors.Join(err, v.Fence.Check())
	}
	return err
}

// Check tells whether a fence has its form. Who sets it need not be a twin.
func (f Fence) Check() error {
	if len(f.Reason) > maxText {
		return fmt.Errorf("a reason of %d bytes", len(f.Reason))
	}
	return errors.Join(names(f.By), short(f.Server), epochs(f.Epoch), instants(f.At))
}

// Sight asks a server's machine how it does.
func (s Side) Sight(ctx context.Context, within time.Duration) (v Vitals, err error) {
	if err := s.ask(ctx, within, VerbSight, struct{}{}, &v); err != nil {
		return Vitals{}, err
	}
	if err := v.check(); err != nil {
		return Vitals{}, s.odd(err)
	}
	if v.Name != s.Name {
		return Vitals{}, s.odd(fmt.Errorf("it calls itself %s", brief(v.Name)))
	}
	return v, nil
}
