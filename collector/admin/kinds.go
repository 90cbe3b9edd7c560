package admin

import (
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/nearest"
)

// order has the names of the kinds as Kinds lists them.
var order = [...]string{
	"queue", "queue-group", "agent", "agent-group", "pause-reason", "calendar",
	"user", "target", "threshold", "report", "timetable", "setting",
}

// Kinds returns everything that people administer. What a kind refers to
// stands before it. Each kind has a file of its own.
func Kinds() []Kind {
	kinds := make([]Kind, len(order))
	for i, name := range order {
		kinds[i], _ = KindNamed(name)
	}
	return kinds
}

// KindNamed returns a kind of the catalogue.
func KindNamed(name string) (Kind, bool) {
	makers := [...]func() Kind{
		queue, queueGroup, agent, agentGroup, pauseReason, calendar,
		user, target, threshold, report, timetable, setting,
	}
	i := slices.Index(order[:], name)
	if i < 0 {
		return Kind{}, false
	}
	return makers[i](), true
}

// A catalogue is the rows that a version of Twin can check.
type catalogue struct {
	version int
	kinds   map[string]Kind // by name
}

func newCatalogue() catalogue {
	c := catalogue{Catalogue, map[string]Kind{}}
	for _, k := range Kinds() {
		c.kinds[k.Name] = k
	}
	return c
}

func (c catalogue) kind(name string) (Kind, error) {
	k, ok := c.kinds[name]
	if ok {
		return k, nil
	}
	if near, ok := nearest.Word(name, order[:]); ok {
		return k, fmt.Errorf("%w: %q: did you mean %s?", ErrNoKind, inert.Text(name), near)
	}
	return k, fmt.Errorf("%w: %q", ErrNoKind, inert.Text(name))
}
