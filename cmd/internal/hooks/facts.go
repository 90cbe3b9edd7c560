package hooks

import (
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/inert"
)

// The intents of a change of role.
const (
	Planned   = "planned"
	Unplanned = "unplanned"
	Failback  = "failback"
	Drill     = "drill"
)

// Facts are what a program is told. What is not known is empty or 0. They only
// ever grow.
type Facts struct {
	Hook    string    `json:"hook"`        // the point; Run fills it in
	Node    string    `json:"node"`        // this server's name
	Role    string    `json:"role"`        // of this server now: primary, secondary, or held
	Epoch   int64     `json:"epoch"`       // by which it has that role
	From    string    `json:"from"`        // the server that gives the role of primary away
	To      string    `json:"to"`          // and the one that gets it
	Pair    string    `json:"pair"`        // the same on both twins
	Intent  string    `json:"intent"`      // planned, unplanned, failback or drill
	Runbook string    `json:"runbook"`     // the one that calls
	Step    string    `json:"step"`        // and its step
	Tc      time.Time `json:"tc,omitzero"` // from when on slots are those of the new primary
	Reason  string    `json:"reason"`      // as a person gave it; of held, why
}

// pairs are the same as the environment has them: all of them always, so that
// a script may insist that they are set.
func (f Facts) pairs() [][2]string {
	tc := ""
	if !f.Tc.IsZero() {
		tc = f.Tc.Format(time.RFC3339Nano)
	}
	return [][2]string{
		{"TWIN_HOOK", f.Hook},
		{"TWIN_NODE", f.Node},
		{"TWIN_ROLE", f.Role},
		{"TWIN_EPOCH", strconv.FormatInt(f.Epoch, 10)},
		{"TWIN_FROM", f.From},
		{"TWIN_TO", f.To},
		{"TWIN_PAIR", f.Pair},
		{"TWIN_INTENT", f.Intent},
		{"TWIN_RUNBOOK", f.Runbook},
		{"TWIN_STEP", f.Step},
		{"TWIN_TC", tc},
		{"TWIN_REASON", f.Reason},
	}
}

// variables writes them for a process, names made inert.
func (f Facts) variables() (env []string) {
	for _, p := range f.pairs() {
		env = append(env, p[0]+"="+inert.Text(p[1]))
	}
	return env
}

// Variables returns the names of all that a program is given besides PATH and
// LANG. None is a setting: it may well call twinctl.
func Variables() (names []string) {
	for _, p := range (Facts{}).pairs() {
		names = append(names, p[0])
	}
	return names
}
