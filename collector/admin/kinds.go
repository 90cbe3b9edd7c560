package admin

import "slices"

// order has the names of the kinds as Kinds lists them.
var order = [...]string{
	"queue", "queue-group", "agent", "agent-group", "pause-reason", "calendar",
	"user", "target", "threshold", "report", "timetable", "setting",
}

// Kinds returns everything that people administer. What a kind refers to
// stands before it. Each kind has a file of its own.
func Kinds() []Kind {
	return []Kind{
		queue(), queueGroup(), agent(), agentGroup(), pauseReason(), calendar(),
		user(), target(), threshold(), report(), timetable(), setting(),
	}
}

// KindNamed returns a kind of the catalogue.
func KindNamed(name string) (Kind, bool) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}
