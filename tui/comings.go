package tui

import (
	"strings"

	"github.com/twinctl/twin/collector/node"
)

// comings are the next runs of a server, the first first.
func (v view) comings(s side) line {
	switch {
	case s.doc == nil:
		return line{{"? not known", warn}}
	case s.stands():
		return line{{"x no twind", bad}}
	case s.doc.Timetables == nil:
		return line{{"- none", quiet}}
	}
	coming := s.doc.Timetables.Coming
	if next := s.doc.Timetables.Next; len(coming) == 0 && next != nil {
		coming = []node.NextRun{*next} // by a twin that tells no more
	}
	if len(coming) == 0 {
		return line{{"- none", quiet}}
	}
	var all []string
	for _, r := range coming {
		all = append(all, age(r.At.Time().Sub(v.Now))+" "+foreign(r.Timetable))
	}
	return line{{"in " + strings.Join(all, ", "), usual}}
}

// interval is the newest one that is over, and whether it was heard in full.
func interval(s side) line {
	switch {
	case s.doc == nil:
		return line{{"? not known", warn}}
	case s.doc.Interval == nil:
		return line{{"- none is over", quiet}}
	}
	at := s.doc.Interval.Start.Time().Format("01-02 15:04")
	if !s.doc.Interval.Complete {
		return line{{"! " + at + " incomplete", warn}}
	}
	return line{{"+ " + at + " complete", usual}}
}

func intervalSign(l, r *node.Document) piece {
	switch {
	case l.Interval == nil || r.Interval == nil:
		return sameSign(l.Interval == r.Interval)
	case l.Interval.Start != r.Interval.Start:
		return aheadSign(int64(l.Interval.Start), int64(r.Interval.Start))
	}
	return sameSign(l.Interval.Complete == r.Interval.Complete)
}

// people is who is on a server by SSH. They belong on the primary, as long as
// there is one.
func (v view) people(s side) line {
	switch {
	case s.doc == nil:
		return line{{"? not known", warn}}
	case s.doc.People == nil:
		return line{{"? not known", warn}}
	case len(s.doc.People.Sessions) == 0:
		return line{{"- nobody by SSH", quiet}}
	}
	var logins []string
	for _, p := range s.doc.People.Sessions {
		logins = append(logins, foreign(p.Login))
	}
	said := count(int64(len(logins))) + " by SSH"
	if primary := v.primary(s); primary != "" {
		return line{{"! " + said + ", belong on " + primary + ": " + strings.Join(logins, ", "), warn}}
	}
	return line{{"  " + said + ": " + strings.Join(logins, ", "), usual}}
}

// primary returns the name of the other server where that is the primary, and up,
// and s is not; else "".
func (v view) primary(s side) string {
	if s.doc.Role != node.Secondary {
		return ""
	}
	for _, other := range v.sides() {
		if other.here != s.here && other.fresh() && other.doc.Running && other.doc.Role == node.Primary {
			return other.name
		}
	}
	return ""
}
