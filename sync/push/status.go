package push

import (
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/bundle"
)

// A State is how the administration data of the pair stands, in a word for
// programs.
type State string

// The states.
const (
	InSync       State = "in_sync"
	Unsent       State = "pending"       // edited on the primary, not sent yet
	NeverSynced  State = "first"         // they have never agreed on anything
	EditedThere  State = "drift"         // edited on the secondary alone
	InConflict   State = "conflict"      // edited on both, to different things
	BasesDiffer  State = "bases_differ"  // their bases differ: a sync was cut off, or one of them was restored
	Syncing      State = "syncing"       // it is being done
	Failed       State = "failed"        // it was tried, and nothing was changed
	Skewed       State = "version_skew"  // their versions lie too far apart
	RolesClash   State = "role_conflict" // they do not have one primary
	Disconnected State = "disconnected"  // the twin cannot be asked; what was known of it still stands
	Unasked      State = "unknown"       // the twin was never asked
	Alone        State = "alone"         // there is no twin
)

// Known is what this server knows when it is asked how the pair stands. Counts
// are of rows.
type Known struct {
	Role    node.Role // of this server
	Paired  bool
	Ours    admin.Position
	Oldest  time.Time       // when the oldest row that is pending here was changed; zero: none is
	Patient time.Duration   // how long it may wait before it is an alarm: if the primary is lost, it is lost with it
	Theirs  *admin.Position // as the twin told it last; nil: it never did
	Their   node.Role       // the twin's, as told with it
	Told    time.Time       // when
	Reached bool            // the twin answered when it was asked last
	Since   time.Time       // of that
	Last    *Attempt        // the last sync that was tried; nil: none was
}

// An Attempt is what became of a sync.
type Attempt struct {
	Running    bool
	Generation int64 // of the primary at that time
	Conflicts  int   // that it found; they stand until the next attempt
	Err        string
}

// A Status says how the pair stands, and what to do about it.
type Status struct {
	State   State  `json:"state"`
	Word    string `json:"word"`              // for people, in capitals
	Count   int64  `json:"count"`             // rows that the word is about
	Pending int64  `json:"pending"`           // rows that wait on the primary; as far as is known
	Drift   int64  `json:"drift"`             // rows edited on the secondary; as far as is known
	Age     int64  `json:"age_s"`             // of what is known of the twin, in seconds; -1: nothing is
	Command string `json:"command,omitempty"` // the sensible next one, on the primary
	Because string `json:"because,omitempty"` // why it failed; foreign text
	Alarm   bool   `json:"alarm"`             // changes wait for longer than they may
}

// StatusOf tells how the pair stands. That it is in sync is only said of what
// the twin told; Age says how old that is.
func StatusOf(k Known, now time.Time) Status {
	s := Status{State: k.state(), Pending: k.Ours.Pending, Age: -1}
	if k.Theirs != nil {
		s.Drift, s.Age = k.Theirs.Pending, int64(max(0, now.Sub(k.Told)).Seconds())
	}
	if k.Role == node.Secondary {
		s.Pending, s.Drift = s.Drift, s.Pending
	}
	s.Word, s.Command = words(s.State)
	s.Count = s.count(k)
	if s.State == Failed {
		s.Because = k.Last.Err
	}
	s.Alarm = k.Paired && k.Role == node.Primary && !k.Oldest.IsZero() && now.Sub(k.Oldest) > k.Patient
	return s
}

func (s Status) count(k Known) int64 {
	switch s.State {
	case Unsent, Failed, Disconnected:
		return s.Pending
	case EditedThere:
		return s.Drift
	case InConflict:
		return int64(k.Last.Conflicts)
	case NeverSynced:
		return k.Ours.Rows
	default:
		return 0
	}
}

// state finds the word: the first that keeps the others from mattering.
func (k Known) state() State {
	switch {
	case !k.Paired:
		return Alone
	case k.Last != nil && k.Last.Running:
		return Syncing
	case k.Theirs == nil && !k.Reached && k.Since.IsZero():
		return Unasked
	case !k.Reached:
		return Disconnected
	case k.Theirs == nil:
		return Unasked
	case k.Role == k.Their:
		return RolesClash
	case !bundle.Near(k.Ours, *k.Theirs):
		return Skewed
	}
	return k.standing()
}

// standing tells where the two stand once both have spoken.
func (k Known) standing() State {
	ours, theirs := k.Ours, *k.Theirs
	primary, secondary := ours, theirs
	if k.Role == node.Secondary {
		primary, secondary = theirs, ours
	}
	last := k.Last != nil && k.Last.Generation == primary.Generation // nothing was changed since it
	switch {
	case ours.BaseGeneration == 0 && theirs.BaseGeneration == 0:
		return NeverSynced
	case ours.BaseGeneration != theirs.BaseGeneration || ours.BaseRoot != theirs.BaseRoot:
		return BasesDiffer
	case last && k.Last.Conflicts > 0 && primary.Pending > 0 && secondary.Pending > 0:
		return InConflict
	case secondary.Pending > 0:
		return EditedThere
	case last && k.Last.Err != "" && primary.Pending > 0:
		return Failed
	case primary.Pending > 0:
		return Unsent
	}
	return InSync
}

// words returns what people read, and the command that comes next.
func words(s State) (word, command string) {
	switch s {
	case InSync:
		return "IN SYNC", ""
	case Unsent:
		return "CHANGES PENDING", "twinctl sync"
	case NeverSynced:
		return "AWAITING FIRST SYNC", "twinctl sync --dry-run"
	case EditedThere:
		return "SECONDARY EDITED", "twinctl sync --dry-run"
	case InConflict:
		return "CONFLICT", "twinctl sync --dry-run"
	case BasesDiffer:
		return "BASES DIFFER", "twinctl sync"
	case Syncing:
		return "SYNCING", ""
	case Failed:
		return "SYNC FAILED", "twinctl sync"
	case Skewed:
		return "VERSION SKEW", "twinctl version"
	case RolesClash:
		return "ROLE CONFLICT", "twinctl role show"
	case Disconnected:
		return "DISCONNECTED", "twinctl pair check"
	case Unasked:
		return "UNKNOWN", "twinctl status"
	case Alone:
		return "ALONE", "twinctl pair show"
	}
	return "UNKNOWN", "twinctl status"
}
