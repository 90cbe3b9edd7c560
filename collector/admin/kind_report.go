package admin

func report() Kind {
	return Kind{
		Name: "report", Short: "a saved question to the history", ID: true, Label: "title", key: isID,
		Fields: []Field{
			{Name: "title", Short: "its name", Type: Text, Required: true, Unique: true, check: isName},
			description(),
			{Name: "question", Short: "what it asks", Type: Choice, Required: true, Choices: []string{
				"queue", "agent", "call", "exception", "coverage", "now",
			}},
			{Name: "by", Short: "a row for each", Type: Choice, Default: "day", Choices: []string{
				"interval", "day", "week", "month", "hour-of-day",
			}},
			{Name: "period", Short: "of which time, as today, yesterday, last-week", Type: Choice, Default: "yesterday", Choices: []string{
				"today", "yesterday", "this-week", "last-week", "this-month", "last-month",
			}},
			{Name: "queues", Short: "of these queues; none: of all", Type: Refs, To: "queue"},
			{Name: "queue_groups", Short: "of the queues of these groups", Type: Refs, To: "queue-group"},
			{Name: "agents", Short: "of these agents; none: of all", Type: Refs, To: "agent"},
			{Name: "agent_groups", Short: "of the agents of these groups", Type: Refs, To: "agent-group"},
			{Name: "columns", Short: "its columns, in order; none: all", Type: List, check: isWord},
			{Name: "order", Short: "by these columns, -column downward", Type: List, check: isOrder},
			{Name: "format", Short: "how it is written", Type: Choice, Choices: []string{"table", "csv", "json", "html"}, Default: "table"},
			{Name: "receivers", Short: "who is sent it", Type: Refs, To: "target", Gone: Clears},
			owner(),
		},
	}
}
