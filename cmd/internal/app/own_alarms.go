package app

import (
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

const (
	gapOpenAfter     = time.Minute // a twin fills within seconds
	undeliveredAfter = time.Minute // what is tried again soon is no alarm
	diskPart         = 20          // a disk of which less than so great a part is free is nearly full,
	diskRoom         = 10 << 30    // if that is less than so many bytes
	maintainedLong   = 24 * time.Hour
)

// AgentTwice is the code of the alarm that an agent is logged in more than once. Its
// object is the feed and the agent.
const AgentTwice = "agent_twice"

// ownAlarms returns what is wrong with this server, beside its feeds: doc is
// what it is doing.
func (s *server) ownAlarms(doc node.Document, unsent []node.Undelivered) concerns {
	var all concerns
	gapAlarms(&all, doc.Feeds)
	s.disk.alarm(&all)
	backupAlarms(&all, doc.Backups, time.Now())
	maintenanceAlarms(&all, doc.Maintenance, time.Now())
	s.timekeeper.alarms(&all, time.Now())
	s.timekeeper.nowhereAlarms(&all, doc)
	s.publisher.alarms(&all)
	s.roles.alarms(&all)
	for _, t := range s.lookout.twice() {
		all.add(concern{code: AgentTwice, of: t.feed + " " + t.agent, severity: "warning"},
			"feed %q: agent %q is logged in more than once: %s", t.feed, t.agent, t.phones)
	}
	if n := s.lookout.leftOut(); n > 0 {
		all.add(concern{code: "too_many_crossings", severity: "warning"},
			"%d crossings of thresholds were not kept: a threshold has too many in an interval", n)
	}
	for _, u := range unsent {
		since := time.Since(u.Since.Time())
		if u.GivenUp == 0 && since < undeliveredAfter {
			continue
		}
		all.add(concern{code: "undelivered", of: u.Receiver, severity: "warning"},
			"%s could not be told of everything: %d messages wait, %d were given up: %s", u.Receiver, u.Waiting, u.GivenUp, u.Error)
	}
	return all
}

// maintenanceAlarms tells of a maintenance that seems to be forgotten: it goes on
// until somebody ends it, and for long.
func maintenanceAlarms(all *concerns, m *node.MaintenanceDocument, now time.Time) {
	if m == nil || m.Until != nil {
		return
	}
	if goes := now.Sub(record.Instant(m.Since).Time()); goes > maintainedLong {
		all.add(concern{code: "maintenance_long", severity: "warning"},
			"no timetable has started anything for %d h: maintenance: %s (%s): twinctl maintenance off", int(goes.Hours()), m.Reason, m.Actor)
	}
}

// gapAlarms says which feeds have gaps that the twin has not filled. Of one
// that is not heard now its own alarm tells.
func gapAlarms(all *concerns, feeds []node.FeedDocument) {
	for _, f := range feeds {
		if f.GapsOpen > 0 && f.State == string(feed.Live) {
			all.add(concern{code: "gap_open", of: f.Name, severity: "warning", after: gapOpenAfter},
				"feed %q: %s not heard, and not filled from the twin: twinctl gap list", f.Name, were(f.GapsOpen))
		}
	}
}

func were(gaps int64) string {
	if gaps == 1 {
		return "1 stretch was"
	}
	return fmt.Sprintf("%d stretches were", gaps)
}
