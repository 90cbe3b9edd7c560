package admin

import "errors"

func threshold() Kind {
	return Kind{
		Name: "threshold", Short: "a limit whose crossing is an exception", Label: "name",
		Fields: []Field{
			name(), description(),
			{Name: "measure", Short: "what is watched", Type: Choice, Required: true, Choices: []string{
				"waiting", "longest-wait", "abandoned", "abandoned-pct", "service-level-pct", "asa", "aht",
				"available-agents", "staffed-agents", "talk-time", "pause-time", "ring-no-answer", "feed-silent",
			}},
			{Name: "when", Short: "which side of the limit is wrong", Type: Choice, Choices: []string{"above", "below"}, Default: "above"},
			{Name: "limit", Short: "in the measure's own unit: calls, agents, seconds or percent", Type: Integer, Max: 1_000_000},
			{Name: "for", Short: "crossed for so many seconds before it counts", Type: Integer, Max: 86400},
			{Name: "queue", Short: "of this queue; none: of each", Type: Ref, To: "queue"},
			{Name: "queue-group", Short: "of the queues of this group", Type: Ref, To: "queue-group"},
			{Name: "agent-group", Short: "of the agents of this group", Type: Ref, To: "agent-group"},
			{Name: "calendar", Short: "only while this one is open", Type: Ref, To: "calendar", Gone: Clears},
			{Name: "severity", Short: "how bad it is", Type: Choice, Choices: []string{"warning", "error"}, Default: "warning"},
			{Name: "targets", Short: "who is told", Type: Refs, To: "target", Gone: Clears},
			{Name: "off", Short: "it is not watched for now", Type: Bool},
		},
		check: func(r Row) error {
			if r.Body.Text("queue") != "" && r.Body.Text("queue-group") != "" {
				return errors.New("queue and queue-group are both said: want one")
			}
			return nil
		},
	}
}
