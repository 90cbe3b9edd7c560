package admin

func agentGroup() Kind {
	return Kind{
		Name: "agent-group", Short: "agents that are reported together", Label: "name",
		Fields: []Field{
			name(), description(),
			{Name: "agents", Short: "its agents", Type: Refs, To: "agent", Gone: Clears},
		},
	}
}
