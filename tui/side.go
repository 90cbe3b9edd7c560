package tui

import (
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// oldAfter is how old the twin's last word may be: it speaks every five
// seconds, and three may be missed.
const oldAfter = 15 * time.Second

// A side is one of the two servers, and one of the two columns.
type side struct {
	name string // inert
	here bool   // this server
	doc  *node.Document
	told time.Duration // how old doc is; 0 for this server
	gaps []history.Gap
	link node.TwinDocument // of the twin: what this server knows of it
}

// sides returns the servers, one or two, in the order of their names: the
// columns stay where they are when the role moves, and are the same on both.
func (v view) sides() []side {
	own := side{name: foreign(v.Own.Name), here: true, doc: &v.Own, gaps: v.Gaps}
	if v.Own.Twin == nil && v.Twin == nil {
		return []side{own}
	}
	twin := side{link: v.link()}
	if t := v.Twin; t != nil {
		twin.doc, twin.gaps, twin.told = &t.Document, t.Gaps, max(0, v.Now.Sub(t.At))
		twin.name = foreign(t.Document.Name)
	}
	if twin.name == "" {
		twin.name = foreign(twin.link.Name)
	}
	if twin.name < own.name {
		return []side{twin, own}
	}
	return []side{own, twin}
}

// link is what is known of the session to the twin.
func (v view) link() node.TwinDocument {
	link := node.TwinDocument{State: "unknown"}
	if v.Own.Twin != nil {
		link = *v.Own.Twin
	}
	if v.Link != nil && v.Link.State != "" {
		link.State = v.Link.State
	}
	return link
}

// fresh reports whether what the side said is true of now: it said so lately,
// and nothing has been seen of it since that says otherwise.
func (s side) fresh() bool {
	if s.doc == nil || s.told > oldAfter {
		return false
	}
	switch s.link.State {
	case "unreachable", "mute", "refused", "frozen":
		return !s.doc.Running // said by a machine that answers; else it was said before
	default:
		return true
	}
}

// asleep reports that the machine of the twin answers, and its twind does not run.
func (s side) asleep() bool { return !s.here && s.stands() }

// stands reports that the twind of the side does not run: nothing is done there.
func (s side) stands() bool { return s.doc != nil && !s.doc.Running && s.fresh() }

// feed returns what the side says of a feed; nil if it has none of that name,
// or never said anything.
func (s side) feed(name string) *node.FeedDocument {
	if s.doc == nil {
		return nil
	}
	for i := range s.doc.Feeds {
		if s.doc.Feeds[i].Name == name {
			return &s.doc.Feeds[i]
		}
	}
	return nil
}

// hears reports whether the side hears the feed now, as far as is known.
func (s side) hears(name string) bool {
	f := s.feed(name)
	return f != nil && s.fresh() && s.doc.Running && f.State == "live"
}

// untold returns how many gaps the side has open that it did not tell one by one.
func (s side) untold() int {
	if s.gaps != nil || s.doc == nil {
		return 0
	}
	n := int64(0)
	for _, f := range s.doc.Feeds {
		n += f.GapsOpen
	}
	return int(n)
}

// feedNames returns the names of the feeds of all, each once, first those of
// the side that this server is, in the order of its configuration.
func feedNames(sides []side) []string {
	var names []string
	seen := map[string]bool{}
	for _, here := range []bool{true, false} {
		for _, s := range sides {
			if s.here != here || s.doc == nil {
				continue
			}
			for _, f := range s.doc.Feeds {
				if !seen[f.Name] {
					seen[f.Name] = true
					names = append(names, f.Name)
				}
			}
		}
	}
	return names
}
