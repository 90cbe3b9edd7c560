// Package upgrade is the order in which both twins get a newer version so that
// nothing is lost: one of them hears the feeds at any time, and the role is
// never on the one that is being changed. It is a plan for people: nothing here
// does any of it.
package upgrade

import (
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/node"
)

// ErrRoles is returned for a pair that has not one primary and one secondary.
var ErrRoles = errors.New("not one primary and one secondary")

// A Server is one of the twins, before it is begun.
type Server struct {
	Name    string    `json:"name"`
	Role    node.Role `json:"role"`
	Version string    `json:"version"` // that it runs; "": it is not known
	Home    bool      `json:"home"`    // it was made primary, and --failback leads to it
}

// A Plan is what is left to do, in order. Without steps both have the version.
type Plan struct {
	To      string   `json:"to"` // the version that both are to have; "": the new one, whichever
	Servers []Server `json:"servers"`
	Steps   []Step   `json:"steps"`
}

// A Step is what is typed on one server, and what must be so before the next.
type Step struct {
	On       string   `json:"on"`
	Do       string   `json:"do"`
	Why      string   `json:"why"`
	Commands []string `json:"commands"`
	Until    string   `json:"until"`
}

// Order returns the plan for two servers, in which one that runs that version
// already is left as it is. With an empty version neither is taken to.
func Order(a, b Server, to string) (Plan, error) {
	primary, secondary := a, b
	if a.Role == node.Secondary {
		primary, secondary = b, a
	}
	if primary.Role != node.Primary || secondary.Role != node.Secondary {
		return Plan{}, fmt.Errorf("%w: %s is %s and %s is %s", ErrRoles, a.Name, a.Role, b.Name, b.Role)
	}
	p := Plan{To: to, Servers: []Server{primary, secondary}, Steps: []Step{}}
	first, second := !secondary.has(to), !primary.has(to)
	if !first && !second {
		return p, nil
	}
	p.Steps = append(p.Steps, look(primary.Name), save(primary.Name), save(secondary.Name))
	if first {
		p.Steps = append(p.Steps, install(secondary, primary), fill(secondary.Name, primary.Name))
	}
	if second {
		p.Steps = append(p.Steps, move(primary, secondary), install(primary, secondary), fill(primary.Name, secondary.Name))
		primary, secondary = secondary, primary
	}
	if secondary.Home {
		p.Steps = append(p.Steps, home(secondary, primary))
	}
	p.Steps = append(p.Steps, prove(a.Name), prove(b.Name))
	return p, nil
}

func (s Server) has(version string) bool { return version != "" && s.Version == version }

func look(on string) Step {
	return Step{
		On: on, Do: "see that both are well",
		Why:      "what is wrong before is not better afterwards, and an upgrade takes each server away for a moment: the other must hear every feed",
		Commands: []string{"twinctl status", "twinctl check", "twinctl sync"},
		Until:    "the twin is ok, every feed is live on both, and the administration data is in sync",
	}
}

func save(on string) Step {
	return Step{
		On: on, Do: "make a full backup",
		Why:      "it is the way back for the history: only node.db and admin.db are copied before a schema changes",
		Commands: []string{"twinctl backup full"},
		Until:    "twinctl backup list shows it",
	}
}

func install(s, other Server) Step {
	return Step{
		On: s.Name, Do: "stop it, install the new version, start it",
		Why: fmt.Sprintf("%s is secondary now: %s hears the feeds and runs the timetables meanwhile. The first start copies node.db and admin.db as .pre-vN before it changes their schema", s.Name, other.Name),
		Commands: []string{
			"sudo systemctl stop twind",
			"sudo scripts/install.sh",
			"twinctl config check",
			"sudo systemctl start twind",
			"twinctl version",
			"twinctl pair check",
		},
		Until: "config check finds nothing wrong before the start; after it twinctl status shows every feed live and the twin ok",
	}
}

func fill(on, from string) Step {
	return Step{
		On: on, Do: "fetch what it missed",
		Why:      fmt.Sprintf("what was said while it was stopped is on %s alone until then", from),
		Commands: []string{"twinctl fill", "twinctl compare"},
		Until:    "compare exits 0: both hold the same",
	}
}

func move(from, to Server) Step {
	return Step{
		On: from.Name, Do: "switch over to " + to.Name,
		Why:      fmt.Sprintf("no timetable misses a slot, and %s can be stopped then. It is the last moment to go back without loss: until here %s runs as ever", from.Name, from.Name),
		Commands: []string{"twinctl switchover --dry-run", "twinctl switchover --reason upgrade"},
		Until:    fmt.Sprintf("twinctl status shows %s as primary, on both", to.Name),
	}
}

func home(to, from Server) Step {
	return Step{
		On: from.Name, Do: "go home to " + to.Name,
		Why:      "it was made primary; leave this out if it does not matter which one is. It wants half an hour of calm after the switch-over",
		Commands: []string{"twinctl switchover --failback --dry-run", "twinctl switchover --failback --reason upgrade"},
		Until:    fmt.Sprintf("twinctl status shows %s as primary, on both", to.Name),
	}
}

func prove(on string) Step {
	return Step{
		On: on, Do: "see that it is well",
		Why:      "done is what was read back",
		Commands: []string{"twinctl version", "twinctl check", "twinctl audit verify"},
		Until:    "each exits 0",
	}
}
