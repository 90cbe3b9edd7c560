package replay

import (
	"slices"
	"strings"
)

// A mask is which classes of events a client wants. The zero value wants all.
type mask struct {
	some    bool // only the classes that are named, of which there may be none
	classes []string
}

// parseMask reads what an Events header says: on, off, or classes.
func parseMask(s string) mask {
	switch strings.ToLower(s) {
	case "", "on", "1", "true", "yes", "all":
		return mask{}
	case "off", "0", "false", "no", "none":
		return mask{some: true}
	}
	return mask{some: true, classes: classesOf(strings.ToLower(s))}
}

// off says that no event is wanted.
func (m mask) off() bool { return m.some && len(m.classes) == 0 }

// admits says whether an event of these classes, all of which must be wanted, is.
func (m mask) admits(classes []string) bool {
	if !m.some {
		return true
	}
	return !m.off() && !slices.ContainsFunc(classes, func(c string) bool { return !slices.Contains(m.classes, c) })
}
