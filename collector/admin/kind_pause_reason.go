package admin

func pauseReason() Kind {
	return Kind{
		Name: "pause-reason", Short: "why agents pause, by the word that the feed has for it", Label: "name",
		Fields: []Field{
			name(), description(),
			{Name: "productive", Short: "counts as work when occupancy is computed", Type: Bool},
		},
	}
}
