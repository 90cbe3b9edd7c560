package admin

func agent() Kind {
	return Kind{
		Name: "agent", Short: "a person who answers, by the number or name that the feed has", Label: "name",
		Fields: []Field{
			name(),
			{Name: "synonym", Short: "a short name for narrow columns", Type: Text, check: isName},
			description(),
			{Name: "aliases", Short: "interfaces and member names of the feed that are this agent, as PJSIP/101", Type: List, Unique: true, check: isName},
		},
	}
}
