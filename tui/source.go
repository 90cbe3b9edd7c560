package tui

import (
	"strings"

	"github.com/twinctl/twin/collector/node"
)

// A source is where something belongs: a screen, and a place or a filter there.
type source struct {
	screen string
	path   []string
	filter string
}

// words say where it is.
func (s source) words() string {
	return foreign(strings.Join(append([]string{s.screen}, s.path...), ", "))
}

// sourceOf returns where an alarm belongs: where that what it is about is seen,
// and something can be done about it.
func sourceOf(a node.KeptAlarm) source {
	about := func(screen string) source {
		if a.Object == "" {
			return source{screen: screen}
		}
		return source{screen: screen, path: []string{a.Object}}
	}
	switch a.Code {
	case "feed_down", "feed_warning", "upstreams_differ", "twins_differed":
		return about("Feeds")
	case "gap_open":
		s := about("Feeds")
		if s.path != nil {
			s.path = append(s.path, seeGaps)
		}
		return s
	case "feeds_differ":
		return source{screen: "Feeds"}
	case "timetable_failed", "timetable_late", "timetable_problem", "timetable_unreadable":
		return about("Timetables")
	case "held", "maintenance_long":
		return source{screen: "Timetables"}
	case "backup_unproven", "backup_old", "backup_unsent", "backup_beside":
		return source{screen: "Timetables", filter: "backup"}
	case "slots_doubled", "slots_in_doubt":
		return source{screen: "Runs"}
	case "sync_overdue", "secondary_edited":
		return source{screen: "Sync"}
	case "switchover_halted", "superseded", "fenced", "old_primary", "roles_equal", "role_unpublished", "restored":
		return source{screen: "Switch"}
	case "agent_twice":
		return source{screen: "Admin", path: []string{"agent"}, filter: a.Object[strings.LastIndex(a.Object, " ")+1:]}
	case "undelivered":
		return source{screen: "Admin", path: []string{"target"}}
	case "too_many_crossings":
		return source{screen: "Admin", path: []string{"threshold"}}
	case "not_stored", "disk_low", "server_unknown", "clocks_differ", "zones_differ", "link_one_way",
		"twin_unreachable", "twin_mute", "twin_refused", "twin_frozen", "twin_unknown":
		return source{screen: "Twins"}
	}
	return source{screen: "Log"}
}

// follow goes from an alarm to where it belongs.
func (f frame) follow(s source) (frame, wish) {
	f, w := f.goTo(s)
	if w.look {
		f.message = notice{"! goes back to the alarms", usual}
	}
	return f, w
}

// goTo goes to where something belongs.
func (f frame) goTo(s source) (frame, wish) {
	for i, one := range f.screens {
		if one.name != s.screen {
			continue
		}
		f.at = i
		b := newBrowse()
		for _, key := range s.path {
			b = b.open(key)
		}
		f = f.moved(b.at(spot{filter: s.filter})).settled()
		return f, wish{look: true}
	}
	f.message = notice{"that belongs to the screen " + s.screen + ", which is not to be seen from here", warn}
	return f, wish{}
}
