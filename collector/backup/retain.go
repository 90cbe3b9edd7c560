package backup

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// ErrNoPolicy is returned for one that would keep nothing.
var ErrNoPolicy = errors.New("says nothing of what to keep")

// All keeps without end, as a number of a policy.
const All = -1

// A Policy says which backups are kept. Its words mean what those of restic
// mean: Daily 7 keeps the newest backup of each of the seven newest days that
// have one, and while there are fewer, the oldest backup too.
type Policy struct {
	Last, Hourly, Daily, Weekly, Monthly, Yearly int
	Within                                       time.Duration // before the newest
}

func (p Policy) empty() bool { return p == Policy{} }

// A Circumstance is what a decision rests on beside the sets.
type Circumstance struct {
	Now    time.Time
	Zone   *time.Location            // whose days they are
	Proven map[string]record.Instant // by a drill, by title
}

// A Verdict says what becomes of a set, and why.
type Verdict struct {
	Set     Set
	Keep    bool
	Reasons []string // to keep it
}

// Retain decides which sets of one server are kept; it takes them in the order
// of Sets, and returns them so. Whatever the policy, kept are: what a kept one
// goes on from, the newest chain that was proven, or the newest if none was,
// what has a time to come, and what cannot be read or restored: that is counted
// as nothing, so that it takes the place of none that can. A policy that is empty
// is ErrNoPolicy.
func Retain(sets []Set, p Policy, c Circumstance) ([]Verdict, error) {
	if p.empty() {
		return nil, ErrNoPolicy
	}
	verdicts, broken := make([]Verdict, len(sets)), Broken(sets)
	var by []*Verdict // that the policy decides on, the newest first
	for i := range sets {
		v := &verdicts[i]
		v.Set = sets[i]
		switch {
		case v.Set.Err != nil:
			v.keep("cannot be read")
		case broken[i] != nil:
			v.keep("cannot be restored")
		case v.Set.When().Time().After(c.Now):
			v.keep("of a time to come")
		default:
			by = append(by, v)
		}
	}
	slices.SortStableFunc(by, func(a, b *Verdict) int { return b.Set.When().Time().Compare(a.Set.When().Time()) })
	p.decide(by, c.Zone)
	keepProven(by, c.Proven)
	for _, v := range slices.Backward(verdicts) { // a child stands behind its parent
		if v.Keep && v.Set.Parent != "" {
			for j := range verdicts {
				if verdicts[j].Set.Title() == v.Set.Parent {
					verdicts[j].keep("needed by " + v.Set.Title())
				}
			}
		}
	}
	return verdicts, nil
}

func (v *Verdict) keep(reason string) { v.Keep, v.Reasons = true, append(v.Reasons, reason) }

// keepProven keeps the newest that was proven, or the newest.
func keepProven(newestFirst []*Verdict, proven map[string]record.Instant) {
	for _, v := range newestFirst {
		if _, ok := proven[v.Set.Title()]; ok {
			v.keep("newest proven")
			return
		}
	}
	if len(newestFirst) > 0 {
		newestFirst[0].keep("newest, and none is proven")
	}
}

// A rule keeps the newest set of each period, as many as left says.
type rule struct {
	name   string
	left   int
	period func(time.Time) string
	last   string
}

func (p Policy) rules() []rule {
	return []rule{
		{name: "last", left: p.Last},
		{name: "hourly", left: p.Hourly, period: func(t time.Time) string { return t.Format("2006-01-02T15 -0700") }},
		{name: "daily", left: p.Daily, period: func(t time.Time) string { return t.Format(time.DateOnly) }},
		{name: "weekly", left: p.Weekly, period: func(t time.Time) string {
			year, week := t.ISOWeek()
			return strconv.Itoa(year) + "-" + strconv.Itoa(week)
		}},
		{name: "monthly", left: p.Monthly, period: func(t time.Time) string { return t.Format("2006-01") }},
		{name: "yearly", left: p.Yearly, period: func(t time.Time) string { return t.Format("2006") }},
	}
}

func (p Policy) decide(newestFirst []*Verdict, zone *time.Location) {
	rules := p.rules()
	for i, v := range newestFirst {
		at := v.Set.When().Time().In(zone)
		if newest := newestFirst[0].Set.When().Time(); p.Within > 0 && at.After(newest.Add(-p.Within)) {
			v.keep("within " + p.Within.String())
		}
		for r := range rules {
			rules[r].decide(v, at, i, i == len(newestFirst)-1)
		}
	}
}

// decide looks at the i-th set; oldest says that there is no further one.
func (r *rule) decide(v *Verdict, at time.Time, i int, oldest bool) {
	if r.left == 0 {
		return
	}
	period := strconv.Itoa(i) // of its own
	if r.period != nil {
		period = r.period(at)
	}
	switch {
	case period != r.last:
		v.keep(r.name)
	case oldest:
		v.keep("oldest " + r.name)
	default:
		return
	}
	r.last = period
	if r.left != All {
		r.left--
	}
}

// Check refuses numbers that mean nothing.
func (p Policy) Check() error {
	for _, r := range p.rules() {
		if r.left < All {
			return fmt.Errorf("keep %s %d: want a number from 0, or %d for all", r.name, r.left, All)
		}
	}
	if p.Within < 0 {
		return fmt.Errorf("keep within %s: want a duration above 0", p.Within)
	}
	return nil
}
