package switchover

import (
	"context"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// A Step is one line of the runbook.
type Step struct {
	Name    string        `json:"name"`
	What    string        `json:"what"`             // is done
	Why     string        `json:"why"`              //
	Waits   string        `json:"waits,omitempty"`  // for what, if it may take its time
	Undo    string        `json:"undo,omitempty"`   // what becomes of it when a later step fails; "": there is nothing to undo
	Limit   time.Duration `json:"-"`                // until it has failed
	Changes bool          `json:"changes"`          // something on a server: it stands in both journals before it is done
	Return  bool          `json:"return,omitempty"` // the point of no return: what fails after it is finished, not undone

	limit func(*Move) time.Duration // instead of Limit, if it is asked for
	done  func(*Move) bool          // by what was read last; nil: only the journal tells
	do    func(*Move, context.Context) (said string, err error)
	undo  func(*Move, context.Context) error // nil: nothing to undo
}

// isDone tells whether a step need not be done (again).
func (s Step) isDone(m *Move) bool {
	if s.done != nil {
		return s.done(m)
	}
	return m.journal.last(s.Name) == node.NoteDone
}

func (s Step) within(m *Move) time.Duration {
	if s.limit != nil {
		return s.limit(m)
	}
	return s.Limit
}

// Steps lists what a planned move of the role is made of, in order.
func Steps() []Step { return slices.Concat(before(), beyond()) }

// before are those up to the point of no return.
func before() []Step {
	return []Step{
		{
			Name: "check", What: "both servers tell how they are, and are held against each other",
			Why: "what a later step will wait for is looked at now", Limit: time.Minute,
			done: (*Move).given, do: (*Move).preflight,
		},
		{
			Name: "hooks", What: "pre_switch of both servers is called",
			Why: "a site may say no, or silence its own alarms", Waits: "the programs of the site", Limit: 5 * time.Minute, Changes: true,
			done: (*Move).hooked, do: (*Move).preSwitch,
		},
		{
			Name: "drain", What: "on the primary nothing starts any more that needs its role, and nobody edits",
			Why: "what is decided from now on is the other server's", Undo: "starts again", Limit: 10 * time.Second, Changes: true,
			done: (*Move).given, do: (*Move).drain, undo: (*Move).refill,
		},
		{
			Name: "sync", What: "a last sync: administration data goes to the secondary",
			Why: "the next primary works with what people see now", Limit: 2 * time.Minute, Changes: true,
			done: (*Move).given, do: (*Move).sync,
		},
		{
			Name: "wait", What: "runs that need the role come to their end",
			Why: "nothing of the old primary goes on beside the new one", Waits: "runs of timetables; see --on-running", Changes: true,
			limit: func(m *Move) time.Duration { return m.options.drain() },
			done:  (*Move).given, do: (*Move).wait,
		},
		{
			Name: "demote", What: "the primary gives its role away, with a token that says from when on slots are the other's",
			Why: "in one transaction, so that each slot is one server's", Undo: "its token is made void, and it takes the role back by its next epoch",
			Limit: time.Minute, Changes: true, Return: true,
			done: (*Move).given, do: (*Move).demote,
		},
	}
}

// beyond are those after it.
func beyond() []Step {
	return []Step{
		{
			Name: "carry", What: "the last rows of its ledger go over",
			Why: "the new primary knows of every slot that was decided", Limit: time.Minute, Changes: true,
			done: (*Move).carried, do: (*Move).carry,
		},
		{
			Name: "promote", What: "the secondary takes the role, by that token",
			Why: "it owns the slots from the cut-over on", Limit: time.Minute, Changes: true,
			done: (*Move).promoted, do: (*Move).promote,
		},
		{
			Name: "verify", What: "both roles are read back, and a sync the old way round is refused",
			Why: "what is said at the end was seen", Limit: time.Minute,
			do: (*Move).verify,
		},
		{
			Name: "probe", What: "a timetable that does nothing runs on the new primary",
			Why: "runs of its epoch can be claimed and come to their end", Limit: time.Minute, Changes: true,
			do: (*Move).probe,
		},
		{
			Name: "publish", What: "post_switch of both servers is called",
			Why: "whoever follows the role may rely on it now", Waits: "the programs of the site", Limit: 5 * time.Minute, Changes: true,
			do: (*Move).publish,
		},
	}
}
