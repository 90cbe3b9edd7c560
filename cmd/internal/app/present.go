package app

import (
	"strings"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/watch"
)

// present returns what stands at the upstream of a feed now, nil while nobody
// knows.
func (s *server) present(feed string) *present {
	state, known := s.live.state(feed)
	if !known {
		return nil
	}
	return presentOf(feed, state)
}

// presentOf takes from a state what thresholds and alarms are about.
func presentOf(feed string, state acd.LiveState) *present {
	var p present
	for _, q := range state.Queues {
		p.lines = append(p.lines, watch.Line{Queue: q.Queue, Waiting: int64(q.Waiting), Longest: q.LongestSince})
	}
	for _, a := range state.Agents {
		p.agents = append(p.agents, watch.Agent{Agent: a.Agent, State: string(a.Standing), Since: a.Since, Reason: a.Reason})
		if len(a.Interfaces) > 1 {
			p.twice = append(p.twice, loggedInTwice{feed, a.Agent, strings.Join(a.Interfaces, ", ")})
		}
	}
	return &p
}
