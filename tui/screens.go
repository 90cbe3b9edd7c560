package tui

// screens are those that there are sources for, in the order of their tabs.
func screens(from Sources) []screen {
	all := []screen{{tab: "1", name: "Twins", about: "both servers side by side"}}
	for _, s := range []struct {
		has    bool
		screen func() screen
	}{
		{from.Reports != nil, nowScreen},
		{from.Feeds != nil, feedScreen},
		{from.Reports != nil, historyScreen},
		{from.Timetables != nil, timetableScreen},
		{from.Runs != nil, runScreen},
		{from.Admin != nil, adminScreen},
		{from.Sync != nil, syncScreen},
		{from.Moves != nil, moveScreen},
		{from.Books != nil, alarmScreen},
		{from.Journal != nil, logScreen},
		{from.Journal != nil, auditScreen},
	} {
		if s.has {
			all = append(all, s.screen())
		}
	}
	return all
}
