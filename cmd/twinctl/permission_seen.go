package main

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/collector/node"
)

// seen returns what a person sees of what a server is doing. Whom anything is kept
// from sees how its feeds are, but no agent of theirs, no crossing, and not what
// somebody else asked of them.
func (s *site) seen(doc node.Document) node.Document {
	if !s.person.Limited() {
		return doc
	}
	doc.Told = nil
	doc.Alarms = slices.DeleteFunc(slices.Clone(doc.Alarms), func(a node.Alarm) bool { return !s.seesAlarm(a.Code, a.Object) })
	doc.People = s.seenPeople(doc.People)
	if doc.Twin != nil {
		twin := *doc.Twin
		twin.People = s.seenPeople(twin.People)
		doc.Twin = &twin
	}
	return doc
}

// seenPeople leaves of a line that somebody else typed its first word alone: behind
// it stands which call, number or agent was asked for.
func (s *site) seenPeople(d *node.PeopleDocument) *node.PeopleDocument {
	if d == nil {
		return nil
	}
	all := *d
	all.Sessions = slices.Clone(d.Sessions)
	for i, one := range all.Sessions {
		if one.Login != s.person.Login {
			all.Sessions[i].Verb, _, _ = strings.Cut(one.Verb, " ")
		}
	}
	return &all
}

// seesAlarm tells whether an alarm may be seen. One names an agent.
func (s *site) seesAlarm(code, object string) bool {
	if !s.person.Limited() || code != app.AgentTwice {
		return true
	}
	feed, _, _ := strings.Cut(object, " ")
	return len(s.person.Groups) == 0 && slices.Contains(s.person.Feeds, feed)
}

// seenAlarms returns those that may be seen.
func (s *site) seenAlarms(all []node.KeptAlarm) []node.KeptAlarm {
	return slices.DeleteFunc(all, func(a node.KeptAlarm) bool { return !s.seesAlarm(a.Code, a.Object) })
}

// seenMessages returns those that may be seen: where anything is kept from a person,
// those about alarms that are seen alone, and none with a report or about a crossing.
func (s *site) seenMessages(all []node.Message, alarms []node.KeptAlarm) []node.Message {
	if !s.person.Limited() {
		return all
	}
	return slices.DeleteFunc(all, func(m node.Message) bool {
		return !slices.ContainsFunc(alarms, func(a node.KeptAlarm) bool { return m.About == node.AboutAlarm(a.ID) })
	})
}
