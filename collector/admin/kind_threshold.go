package admin

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/acd"
)

// mostLimit and mostCount are what a threshold may say.
const (
	mostLimit = 28_800 // seconds, eight hours
	mostCount = 999
)

// A measure is what a threshold may watch, and what it must say for it.
type measure struct {
	name    string
	of      string // queue, agent or feed
	limited bool   // a limit of 0 would be crossed all the time
	binned  bool   // limit is one of the lengths that waits are kept by
	percent bool
	state   bool
}

func measures() []measure {
	return []measure{
		{name: "waiting", of: "queue"},
		{name: "longest_wait", of: "queue", limited: true},
		{name: "abandoned", of: "queue", binned: true},
		{name: "service_level", of: "queue", binned: true, percent: true},
		{name: "average_wait", of: "queue", limited: true},
		{name: "ring_no_answer", of: "queue", binned: true},
		{name: "agent_ring_no_answer", of: "agent", binned: true},
		{name: "agent_state", of: "agent", limited: true, state: true},
		{name: "feed_silent", of: "feed", limited: true},
	}
}

// states are those that an agent can be in for too long: see acd.Standing.
func states() []string {
	return []string{"available", "paused", "ringing", "talk", "other_call", "unreachable"}
}

func threshold() Kind {
	var names []string
	for _, m := range measures() {
		names = append(names, m.name)
	}
	return Kind{
		Name: "threshold", Short: "a limit whose crossing is an exception, once in an interval", Label: "name",
		Fields: []Field{
			name(), description(),
			{Name: "measure", Short: "what is watched", Type: Choice, Required: true, Choices: names},
			{Name: "limit", Short: "seconds that a wait, a ring, a state or a silence may last", Type: Integer, Max: mostLimit},
			{Name: "count", Short: "how many may be: one more crosses", Type: Integer, Max: mostCount},
			{Name: "percent", Short: "service_level: below this it is crossed", Type: Integer, Max: 100},
			{Name: "state", Short: "agent_state: which of " + strings.Join(states(), ", "), Type: Text, check: oneOf(states()...)},
			{Name: "reason", Short: "agent_state: of the pause; none: whatever", Type: Text, check: isName},
			{Name: "feed", Short: "of this feed; none: of each", Type: Text, check: isName},
			{Name: "queue", Short: "of this queue; none: of each", Type: Ref, To: "queue"},
			{Name: "queue_group", Short: "of the queues of this group", Type: Ref, To: "queue-group"},
			{Name: "agent", Short: "of this agent; none: of each", Type: Ref, To: "agent"},
			{Name: "agent_group", Short: "of the agents of this group", Type: Ref, To: "agent-group"},
			{Name: "calendar", Short: "only while this one is open", Type: Ref, To: "calendar", Gone: Clears},
			{Name: "severity", Short: "how bad it is", Type: Choice, Choices: []string{"warning", "error"}, Default: "warning"},
			{Name: "targets", Short: "who is told; none: nobody, it is only kept", Type: Refs, To: "target", Gone: Clears},
			{Name: "off", Short: "it is not watched for now", Type: Bool},
		},
		check: checkThreshold,
	}
}

func checkThreshold(r Row) error {
	all := measures()
	m := all[slices.IndexFunc(all, func(m measure) bool { return m.name == r.Body.Text("measure") })]
	for _, field := range []struct{ name, of string }{
		{"queue", "queue"}, {"queue_group", "queue"}, {"agent", "agent"}, {"agent_group", "agent"},
	} {
		if r.Body.Text(field.name) != "" && m.of != field.of {
			return fmt.Errorf("%s is said, but %s is of the %s", field.name, m.name, m.of)
		}
	}
	switch limit, percent := r.Body.Integer("limit"), r.Body.Integer("percent"); {
	case r.Body.Text("queue") != "" && r.Body.Text("queue_group") != "":
		return errors.New("queue and queue_group are both said: want one")
	case r.Body.Text("agent") != "" && r.Body.Text("agent_group") != "":
		return errors.New("agent and agent_group are both said: want one")
	case m.limited && limit == 0:
		return fmt.Errorf("limit is missing: %s wants seconds", m.name)
	case m.binned && limit != 0 && !slices.Contains(acd.Bins(), int(limit)):
		return fmt.Errorf("limit is %d: %s is counted by %s, and 0 is all", limit, m.name, listed(acd.Bins()))
	case m.percent && percent == 0:
		return errors.New("percent is missing: want 1 to 100")
	case !m.percent && percent != 0:
		return fmt.Errorf("percent is said: %s has none", m.name)
	}
	return checkState(r, m)
}

func checkState(r Row, m measure) error {
	state, reason := r.Body.Text("state"), r.Body.Text("reason")
	switch {
	case m.state && state == "":
		return errors.New("state is missing: want one, as paused")
	case !m.state && state != "":
		return fmt.Errorf("state is said: %s has none", m.name)
	case reason != "" && state != "paused":
		return errors.New("reason is said: only state=paused has one")
	}
	return nil
}

func listed(numbers []int) string {
	var all []string
	for _, n := range numbers {
		all = append(all, strconv.Itoa(n))
	}
	return strings.Join(all, ", ")
}
