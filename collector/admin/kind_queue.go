package admin

func queue() Kind {
	return Kind{
		Name: "queue", Short: "a queue of the feed, by the name that the feed has for it", Label: "name",
		Fields: []Field{
			name(),
			{Name: "synonym", Short: "a short name for narrow columns", Type: Text, check: isName},
			description(),
			{Name: "service_level", Short: "answered within so many seconds is good; 0: as the setting says", Type: Integer, Max: 3600},
		},
	}
}
