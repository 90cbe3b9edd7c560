package acd

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// A Standing is what an agent is doing at present, by the same rules as are
// counted by; but that a phone cannot be reached is told of every member. Who is
// not known to be logged in, or a member of a queue, has none.
type Standing string

// The standings; of several that would be true the first counts.
const (
	Talking     Standing = "talk"        // with a caller of a queue
	BeingRung   Standing = "ringing"     // for a caller of a queue, or the phone rings for another call
	OnOtherCall Standing = "other_call"  // the phone is in use
	Away        Standing = "unreachable" // no phone of the agent's can be reached
	OnPause     Standing = "paused"      // in one queue at least
	Available   Standing = "available"
)

// A LiveState is what is known of the queues and agents of a feed at present.
type LiveState struct {
	Through record.Instant `json:"through,omitzero"` // the latest that it knows of; 0: nothing yet
	Queues  []LiveQueue    `json:"queues"`           // by name
	Agents  []LiveAgent    `json:"agents"`           // by name
}

// A LiveQueue is a queue at present.
type LiveQueue struct {
	Queue        string         `json:"queue"`
	Waiting      int            `json:"waiting"`
	LongestSince record.Instant `json:"longest_since,omitzero"` // when who waits longest joined; 0: nobody waits
	// Agents are its members by standing. Who is paused in other queues only is
	// available here.
	Agents map[Standing]int `json:"agents"`
}

// A LiveAgent is an agent at present.
type LiveAgent struct {
	Agent    string         `json:"agent"`
	Standing Standing       `json:"state"`
	Since    record.Instant `json:"since,omitzero"`   // of the standing; 0: unknown
	Queue    string         `json:"queue,omitempty"`  // of the talk or the ringing; "" where unknown or of none
	Reason   string         `json:"reason,omitempty"` // of the latest pause that has one
	Queues   []string       `json:"queues"`           // that the agent is a member of, by name
	// Interfaces are the agent's phones. Several mean that the agent is logged
	// in more than once.
	Interfaces []string `json:"interfaces"`
}

// State returns what stands at present. Later events do not change it.
func (l *Live) State() LiveState {
	s := LiveState{Through: l.through, Queues: []LiveQueue{}, Agents: []LiveAgent{}}
	at := map[string]*LiveQueue{}
	for name := range l.queues.all() {
		at[name] = &LiveQueue{Queue: name, Agents: map[Standing]int{}}
	}
	for _, w := range l.waits.all() {
		if q := at[w.queue]; q != nil {
			q.Waiting++
			if q.LongestSince == 0 || w.since < q.LongestSince {
				q.LongestSince = w.since
			}
		}
	}
	for _, a := range l.agents.all() {
		s.Agents = append(s.Agents, a.state())
		for queue, standing := range a.standings() {
			if q := at[queue]; q != nil {
				q.Agents[standing]++
			}
		}
	}
	for _, q := range at {
		s.Queues = append(s.Queues, *q)
	}
	slices.SortFunc(s.Queues, func(a, b LiveQueue) int { return strings.Compare(a.Queue, b.Queue) })
	slices.SortFunc(s.Agents, func(a, b LiveAgent) int { return strings.Compare(a.Agent, b.Agent) })
	return s
}

func (a *liveAgent) state() LiveAgent {
	s := LiveAgent{Agent: a.name, Standing: a.standing, Since: a.since, Queues: []string{}, Interfaces: []string{}}
	began := record.Instant(0)
	for _, m := range a.members {
		if m.queue != "" {
			s.Queues = append(s.Queues, m.queue)
		}
		if m.phone != "" {
			s.Interfaces = append(s.Interfaces, m.phone)
		}
		if m.paused && a.standing == OnPause && m.reason != "" && m.since >= began {
			s.Reason, began = m.reason, m.since
		}
	}
	for _, c := range a.calls {
		if c.talk == (a.standing == Talking) {
			s.Queue = c.queue
		}
	}
	slices.Sort(s.Queues)
	slices.Sort(s.Interfaces)
	s.Queues, s.Interfaces = slices.Compact(s.Queues), slices.Compact(s.Interfaces)
	return s
}

// standings returns how the agent stands in each queue: as everywhere, but for
// a pause, which is of a queue.
func (a *liveAgent) standings() map[string]Standing {
	all := map[string]Standing{}
	for _, m := range a.members {
		if m.queue == "" {
			continue
		}
		standing := a.standing
		if standing == Available || standing == OnPause {
			standing = Available
			if m.paused {
				standing = OnPause
			}
		}
		if all[m.queue] != Available { // by the other phone, if there are two
			all[m.queue] = standing
		}
	}
	return all
}

// Twice reports whether the agent is logged in more than once.
func (a LiveAgent) Twice() bool { return len(a.Interfaces) > 1 }
