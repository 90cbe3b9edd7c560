package acd_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// A day of an agent, in stretches of whole seconds after eight.
type stretch struct {
	from, to int
	queue    string
	why      string // of a pause; the leg of a ring or a talk
}

type day struct{ belongs, pauses, rings, talks, others []stretch }

const dayLength = 2000 // seconds

// days draws a day that can have been: stretches of one kind and queue do not
// touch, all else happens in a queue while the agent belongs to it, and talks
// come one after the other.
func days() *rapid.Generator[day] {
	return rapid.Custom(func(t *rapid.T) (d day) {
		for i, queue := range []string{"night", "sales", "support"} {
			for _, b := range apiece(t, stretch{0, dayLength / 3, queue, ""}, 3, "belongs") {
				// At different times in each, so that none is the moment of a login.
				d.belongs = append(d.belongs, stretch{3*b.from + i, 3*b.to + i, queue, ""})
			}
		}
		for i, b := range d.belongs {
			for n, p := range apiece(t, b, 3, "pauses") {
				p.why = fmt.Sprintf("why%d.%d", i, n)
				d.pauses = append(d.pauses, p)
			}
			for n, r := range apiece(t, b, 4, "rings") {
				r.why = fmt.Sprintf("1.%d", 100*i+n)
				d.rings = append(d.rings, r)
			}
			for n, k := range apiece(t, b, 4, "talks") {
				k.why = fmt.Sprintf("2.%d", 100*i+n)
				if !slices.ContainsFunc(d.talks, k.touches) {
					d.talks = append(d.talks, k)
				}
			}
		}
		for _, b := range d.belongs {
			for _, o := range apiece(t, b, 3, "others") {
				if !slices.ContainsFunc(d.others, o.touches) && !slices.ContainsFunc(d.talks, o.touches) {
					d.others = append(d.others, o)
				}
			}
		}
		return d
	})
}

// apiece draws stretches inside of another.
func apiece(t *rapid.T, in stretch, most int, label string) (all []stretch) {
	cuts := rapid.SliceOfNDistinct(rapid.IntRange(in.from+1, max(in.from+1, in.to-1)), 0, 2*most, rapid.ID).Draw(t, label)
	slices.Sort(cuts)
	for i := 0; i+1 < len(cuts); i += 2 {
		all = append(all, stretch{cuts[i], cuts[i+1], in.queue, ""})
	}
	return all
}

func (s stretch) touches(o stretch) bool { return s.from <= o.to && o.from <= s.to }

func (s stretch) at(second int) bool { return s.from <= second && second < s.to }

// told is what AMI tells of the day; what has the same time in any order.
func (d day) told(t *rapid.T) []acd.Event {
	var all []acd.Event
	say := func(second int, e acd.Event, queue string) {
		e.At, e.Queue, e.Agent = eight+record.Instant(second)*record.Second, queue, "Ana"
		e.Interface = "SIP/7"
		all = append(all, e)
	}
	both := func(s stretch, begin, end acd.Event) { say(s.from, begin, s.queue); say(s.to, end, s.queue) }
	for _, s := range d.belongs {
		both(s, acd.Event{Type: acd.LoggedIn}, acd.Event{Type: acd.LoggedOut})
	}
	for _, s := range d.pauses {
		both(s, acd.Event{Type: acd.Paused, Reason: s.why}, acd.Event{Type: acd.Unpaused})
	}
	for _, s := range d.others {
		both(s, acd.Event{Type: acd.AgentState, Device: acd.InUse}, acd.Event{Type: acd.AgentState, Device: acd.Idle})
	}
	for _, s := range d.rings {
		say(s.from, acd.Event{Type: acd.Offered, Leg: s.why}, s.queue)
		both(s, acd.Event{Type: acd.Called, Leg: s.why}, acd.Event{Type: acd.RingNoAnswer, Leg: s.why})
	}
	for _, s := range d.talks {
		say(s.from, acd.Event{Type: acd.Offered, Leg: s.why}, s.queue)
		say(s.from, acd.Event{Type: acd.Left, Leg: s.why}, s.queue)
		both(s, acd.Event{Type: acd.Answered, Leg: s.why}, acd.Event{Type: acd.Completed, Leg: s.why})
	}
	all = rapid.Permutation(all).Draw(t, "order")
	slices.SortStableFunc(all, func(a, b acd.Event) int { return cmp.Compare(a.At, b.At) })
	return all
}

// counted asks of every second what the agent did in it.
func (d day) counted() map[string]map[string]int64 {
	all := map[string]map[string]int64{}
	was := false
	for second := range dayLength {
		at := eight + record.Instant(second)*record.Second
		name := acd.Interval(at).Time().Format("2006-01-02T15:04:05Z") + " Ana"
		row := all[name]
		if row == nil {
			row = map[string]int64{}
			all[name] = row
		}
		now := func(s stretch) bool { return s.at(second) }
		is := slices.ContainsFunc(d.belongs, now)
		if is && !was && row["first_login"] == 0 {
			row["first_login"] = int64(at)
		}
		if was && !is {
			row["last_logout"] = int64(at)
		}
		if was = is; !is {
			continue
		}
		row["staffed"] += int64(record.Second)
		for _, column := range d.does(now) {
			row[column] += int64(record.Second)
		}
	}
	return all
}

// does names the counts of a second.
func (d day) does(now func(stretch) bool) []string {
	switch {
	case slices.ContainsFunc(d.talks, now):
		return []string{"talk"}
	case slices.ContainsFunc(d.rings, now):
		return []string{"ringing"}
	case slices.ContainsFunc(d.others, now):
		return []string{"other"}
	case slices.ContainsFunc(d.pauses, now):
		last := stretch{from: -1}
		for _, p := range d.pauses {
			if now(p) && (p.from > last.from || p.from == last.from && p.queue < last.queue) {
				last = p
			}
		}
		return []string{"paused", "paused for " + last.why}
	}
	return []string{"available"}
}

// times are the columns that a day has.
func times(rows []acd.AgentRow) map[string]map[string]int64 {
	all := agentColumns(rows)
	for name, row := range all {
		for _, column := range []string{"answered", "completed", "ring_no_answer"} {
			delete(row, column)
		}
		if len(row) == 0 {
			delete(all, name)
		}
	}
	return all
}

// An agent's time is a union over queues, whatever the queues, the order of
// what has one time, and the places where the fold is carried over.
func TestAgentTimeIsAUnion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := days().Draw(t, "day")
		all := d.told(t)
		f := acd.NewFold("ami")
		var rows []acd.AgentRow
		for _, e := range all {
			f.Add(e)
			if rapid.IntRange(0, 9).Draw(t, "carry") == 0 {
				rows = append(rows, f.Take().Agents...)
				var err error
				if f, err = acd.RestoreFold("ami", f.Carry()); err != nil {
					t.Fatal(err)
				}
			}
		}
		f.Advance(eight + 2*dayLength*record.Second)
		want := d.counted()
		for name, row := range want {
			if len(row) == 0 {
				delete(want, name)
			}
		}
		if diff := gocmp.Diff(want, times(append(rows, f.Take().Agents...))); diff != "" {
			t.Fatalf("second by second, folded: %s", diff)
		}
	})
}
