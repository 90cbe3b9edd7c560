package preflight

import (
	"slices"

	"github.com/twinctl/twin/collector/node"
)

// A Verdict is what the facts of two servers come to.
type Verdict struct {
	From       string  // who has the role, by name; "": not known
	To         string  // who would get it
	Switchover []Check // whether it could be moved in an orderly way
	Promote    []Check // and whether the secondary could take it alone
}

// Judge decides for the twins, of which there may have told nothing.
func Judge(here, there Facts, limits Limits, paths ...Path) Verdict {
	if here.Told() && here.Pair == "" {
		alone := []Check{answers(here, there, paths)}
		return Verdict{From: here.Name, Switchover: alone, Promote: alone}
	}
	from, to := Sides(here, there)
	v := Verdict{From: from.Name, To: to.Name, Switchover: Switchover(from, to, limits, paths...), Promote: Promote(to, limits)}
	if !from.Told() {
		v.From = to.Twin.Name
	}
	if !to.Told() {
		v.To = from.Twin.Name
	}
	return v
}

// Blockers returns what keeps the role from being moved in either way, each once.
func (v Verdict) Blockers() []Check {
	var all []Check
	for _, c := range slices.Concat(v.Switchover, v.Promote) {
		if c.Level == Blocker && !slices.ContainsFunc(all, func(o Check) bool { return o.Name == c.Name && o.Side == c.Side }) {
			all = append(all, c)
		}
	}
	return all
}

// Readiness says it for the document of a server.
func (v Verdict) Readiness() node.Readiness {
	r := node.Readiness{Switchover: !Blocked(v.Switchover), Promote: !Blocked(v.Promote), Because: []string{}}
	for _, c := range v.Blockers() {
		r.Because = append(r.Because, c.String())
	}
	for _, c := range Sorted(v.Switchover) {
		if c.Level != OK {
			r.Checks = append(r.Checks, node.ReadyCheck{Name: c.Name, Side: c.Side, Level: string(c.Level), Compared: c.Compared, Fix: c.Fix})
		}
	}
	return r
}
