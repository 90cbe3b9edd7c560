package admin

func queueGroup() Kind {
	return Kind{
		Name: "queue-group", Short: "queues that are reported and permitted together", Label: "name",
		Fields: []Field{
			name(), description(),
			{Name: "queues", Short: "its queues", Type: Refs, To: "queue", Gone: Clears},
		},
	}
}
