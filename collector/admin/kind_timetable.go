package admin

func timetable() Kind {
	return Kind{
		Name: "timetable", Short: "tasks that are run at set times", ID: true, Label: "name", key: isID,
		Fields: []Field{
			{Name: "name", Short: "its name", Type: Text, Required: true, Unique: true, check: isName},
			description(),
			{Name: "schedule", Short: `when it runs, as "0 6 * * *"`, Type: Text, Required: true},
			{Name: "zone", Short: "the time zone of the schedule; left out: as the setting says", Type: Text, check: isZone},
			{Name: "calendar", Short: "only while this one is open", Type: Ref, To: "calendar", Gone: Stands},
			{Name: "runs_on", Short: "primary, secondary, both, or the name of a server", Type: Text, Default: "primary", check: isName},
			{Name: "tasks", Short: "what is done, in order: a kind and its arguments", Type: List, Required: true},
			{Name: "paused", Short: "it does not start for now", Type: Bool},
			owner(),
		},
	}
}
