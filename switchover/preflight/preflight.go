// Package preflight decides whether a role could be moved now, by what both
// servers tell of themselves: a literal list of checks, each with what was
// compared and what to do about it. It is pure.
package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// A Level is how much a check matters.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning" // a person should know before saying yes
	Blocker Level = "blocker" // the role is not moved
)

func (l Level) rank() int { return slices.Index([]Level{OK, Warning, Blocker}, l) }

// A Check is one thing that was looked at.
type Check struct {
	Name     string `json:"name"` // stable: people say it to leave the check out
	Side     string `json:"side"` // the server that it is about; "": the pair
	Level    Level  `json:"level"`
	Compared string `json:"compared"` // foreign text may be in it
	Fix      string `json:"fix"`      // a command line, or words; "" where there is nothing to do
}

// String says it on one line.
func (c Check) String() string {
	if c.Side == "" {
		return c.Name + ": " + c.Compared
	}
	return c.Side + ": " + c.Name + ": " + c.Compared
}

// Limits turn what was measured into a warning or a blocker.
type Limits struct {
	// Runbook is the id of the move of the role that asks, which is not in its
	// own way; "": none was begun.
	Runbook string

	Skew      time.Duration // between the clocks, beside half a round trip
	RoundTrip time.Duration
	Silent    time.Duration // of a twind that runs
	Behind    time.Duration // one twin's last record of a feed behind the other's
	SyncAge   time.Duration // since the twins last told each other where their rows stand
	Backup    time.Duration // of the last backup
	Drill     time.Duration // of the last one that was proven
	Calm      time.Duration // since the last change of role
	Free      int64         // bytes, without which nothing can be promised of a disk,
	Room      int64         // and with which one is not nearly full, however large it is
}

// Usual returns the limits that hold where nobody says otherwise.
func Usual() Limits {
	return Limits{
		Skew: 2 * time.Second, RoundTrip: 500 * time.Millisecond, Silent: 5 * time.Second, Behind: time.Minute,
		SyncAge: 10 * time.Minute, Backup: 8 * 24 * time.Hour, Drill: 35 * 24 * time.Hour, Calm: 30 * time.Minute,
		Free: 32 << 20, Room: 10 << 30,
	}
}

// A Path is what came of asking over the link in one direction.
type Path struct {
	From  string        // the name of the server that asked
	Err   error         // nil: it was answered
	Trip  time.Duration // there and back
	Ahead time.Duration // the clock of the one that answered less the other's
}

// Switchover checks whether the role could be moved from one server to the
// other now. Of one that cannot be asked the facts are the zero ones: that is a
// blocker, and what can be told without them is told. A direction that was not
// tried is judged by what its server says of it.
func Switchover(from, to Facts, limits Limits, paths ...Path) []Check {
	all := []Check{answers(from, to, paths)}
	q := question{it: from, other: to, limits: limits, paths: paths}
	back := question{it: to, other: from, target: true, limits: limits, paths: paths}
	both := from.Told() && to.Told()
	for _, r := range rows() {
		if r.of == pair {
			if both {
				all = append(all, r.check("", q))
			}
			continue
		}
		for _, side := range []question{q, back} {
			if r.of == one && !side.target || !side.it.Told() || r.of != each && !both {
				continue
			}
			all = append(all, r.check(side.it.Name, side))
		}
	}
	return all
}

// Promote checks whether a server could become primary without its twin.
func Promote(here Facts, limits Limits) []Check {
	all := []Check{role(here)}
	if !here.Told() {
		return all
	}
	for _, r := range rows() {
		if r.alone == "" {
			continue
		}
		c := r.check(here.Name, question{it: here, target: true, alone: true, limits: limits})
		if c.Level.rank() > r.alone.rank() {
			c.Level = r.alone
		}
		all = append(all, c)
	}
	return all
}

// Blocked tells whether a check is a blocker.
func Blocked(all []Check) bool {
	return slices.ContainsFunc(all, func(c Check) bool { return c.Level == Blocker })
}

// Because says what keeps the role from being moved; "" if nothing does.
func Because(all []Check) string {
	var said []string
	for _, c := range all {
		if c.Level == Blocker {
			said = append(said, c.String())
		}
	}
	return strings.Join(said, "; ")
}

// Sorted returns the checks with the blockers first, then the warnings, each in
// the order of the list.
func Sorted(all []Check) []Check {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Check) int { return cmp.Compare(b.Level.rank(), a.Level.rank()) })
	return all
}

// Sides returns the facts of who has the role and of who is to have it. Where
// the roles do not tell, here has it.
func Sides(here, there Facts) (from, to Facts) {
	if here.Role == node.Secondary && there.Role != node.Secondary {
		return there, here
	}
	return here, there
}

// answers is the check that both have told their facts.
func answers(from, to Facts, paths []Path) Check {
	c := Check{Name: "twin-answers", Level: OK, Compared: fmt.Sprintf("%s and %s have told their facts", from.Name, to.Name)}
	for _, f := range []struct{ it, other Facts }{{from, to}, {to, from}} {
		if f.it.Told() {
			continue
		}
		c.Side, c.Level, c.Fix = cmp.Or(f.other.Twin.Name, f.it.Name), Blocker, "twinctl pair check"
		c.Compared = "what it is doing is not known"
		if f.other.Pair == "" {
			c.Compared, c.Fix = "no twin is paired", "twinctl pair accept LINE"
			continue
		}
		for _, p := range paths {
			if p.From == f.other.Name && p.Err != nil {
				c.Compared += ": " + p.Err.Error()
			}
		}
	}
	return c
}

// role is the check that there is a secondary to be promoted.
func role(here Facts) Check {
	c := Check{Name: "role", Side: here.Name, Level: OK, Compared: "it is " + string(here.Role)}
	switch {
	case !here.Told():
		c.Level, c.Compared, c.Fix = Blocker, "what the secondary is doing is not known", "twinctl pair check"
	case here.Role != node.Secondary:
		c.Level, c.Fix = Blocker, "twinctl status"
	}
	return c
}
