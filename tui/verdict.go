package tui

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// A grade is how much a finding matters.
type grade int

const (
	well    grade = iota
	look          // nothing is lost yet, but a person should look
	trouble       // data is being missed, or may be
)

// A finding is one thing that a person should know, and what to type next.
type finding struct {
	grade grade
	text  string
	next  string // a command line or words; "" when there is nothing to do
	on    string // the server to type it on; "" means here
}

// findings returns what is to be said, the gravest first; at least one.
func (v view) findings() []finding {
	sides := v.sides()
	var all []finding
	if v.Failed != nil {
		all = append(all, finding{trouble, "this server cannot be read: " + foreign(v.Failed.Error()), "twinctl status", ""})
	}
	if !v.known() {
		return append(all, finding{look, "reading what this server knows", "", ""})[:1]
	}
	for _, s := range sides {
		all = append(all, v.aboutServer(s)...)
	}
	all = append(all, aboutFeeds(sides)...)
	for _, s := range sides {
		all = append(all, v.aboutOpen(s)...)
	}
	for _, s := range sides {
		all = append(all, v.aboutLost(s)...)
	}
	for _, s := range sides {
		all = append(all, aboutAlarms(s)...)
	}
	if len(all) == 0 {
		return []finding{v.allWell(sides)}
	}
	slices.SortStableFunc(all, func(a, b finding) int { return cmp.Compare(b.grade, a.grade) })
	return all
}

// allWell says that nothing is missing, and what there is to do all the same: to
// send what waits for it.
func (v view) allWell(sides []side) finding {
	if len(sides) == 1 {
		return finding{well, "every feed is heard, nothing is missing; it runs alone", "twinctl pair show", ""}
	}
	is := finding{well, "both servers hear every feed, nothing is missing", "", ""}
	for _, s := range sides {
		if s.doc.Role == node.Primary && waitsToBeSent(s.doc.Sync) {
			is.next, is.on = foreign(s.doc.Sync.Command), elsewhere(s)
		}
	}
	return is
}

// waitsToBeSent tells whether rows wait for a sync that could be done.
func waitsToBeSent(s *node.SyncDocument) bool {
	return s != nil && s.Command != "" && slices.Contains([]string{"first", "pending", "drift", "conflict", "bases_differ"}, s.State)
}

func (v view) aboutServer(s side) []finding {
	switch {
	case !s.here:
		return v.aboutTwin(s)
	case !s.doc.Running:
		return []finding{{trouble, "twind is not running on " + s.name + ": it collects nothing", "systemctl start twind", ""}}
	}
	return nil
}

func (v view) aboutTwin(s side) []finding {
	// First, because its machine may answer where its twind does not run.
	if s.asleep() {
		return []finding{{look, "twind is not running on " + s.name + ": it collects nothing", "systemctl start twind", s.name}}
	}
	if text, ok := s.linkTrouble(); ok {
		if !v.Own.Running { // nobody asks it then: nothing follows from its silence
			return []finding{{look, text + ": twind, which asks it, does not run here", "systemctl start twind", ""}}
		}
		if v.Own.Role == node.Secondary {
			return []finding{{trouble, text + ", and this is the secondary: no timetable of the pair runs. If " + s.name + " is dead, and not only out of reach, this server can take over", promoteLine, ""}}
		}
		return []finding{{look, text, "twinctl pair check", ""}}
	}
	if s.doc != nil && !s.fresh() {
		return []finding{{look, fmt.Sprintf("%s has said nothing for %s", s.name, age(s.told)), "twinctl pair check", ""}}
	}
	return nil
}

// aboutAlarms repeats what a server says of itself, but for what was seen of
// its feeds and is said in fewer words.
func aboutAlarms(s side) []finding {
	if !s.fresh() {
		return nil
	}
	var all []finding
	for _, a := range s.doc.Alarms {
		if a.Code == "feed_down" || a.Code == "feed_warning" {
			continue
		}
		found := finding{gradeOf(a), foreign(a.Text), remedy(a.Code), elsewhere(s)}
		if !s.here {
			found.text = s.name + ": " + found.text
		}
		all = append(all, found)
	}
	return all
}

// remedy returns what to type about an alarm.
func remedy(code string) string {
	switch code {
	case "twind_silent":
		return "systemctl restart twind"
	case "feeds_differ":
		return "twinctl config diff"
	case "twins_differed":
		return "twinctl compare"
	case "clocks_differ":
		return "timedatectl"
	case "config_invalid":
		return "twinctl config check"
	case "link_one_way", "roles_equal", "twin_unreachable", "twin_mute", "twin_refused", "twin_frozen":
		return "twinctl pair check"
	case "gap_open":
		return "twinctl fill"
	case "sync_overdue":
		return "twinctl sync"
	case "secondary_edited":
		return "twinctl sync --dry-run"
	case "backup_old":
		return "twinctl backup full"
	case "backup_unsent":
		return "twinctl backup send"
	case "maintenance_long":
		return "twinctl maintenance off"
	case "switchover_halted":
		return "twinctl switchover status"
	default:
		return "twinctl log"
	}
}

func gradeOf(a node.Alarm) grade {
	if a.Severity == "error" {
		return trouble
	}
	return look
}

// linkTrouble says what is wrong with the session to the twin, if anything is.
func (s side) linkTrouble() (string, bool) {
	name := s.name
	switch state := s.link.State; state {
	case "ok":
		return "", false
	case "unknown", "":
		if s.link.SeenAt != nil {
			return "how " + name + " is now is not known", true
		}
		return name + " has not been heard yet", true
	case "unreachable":
		if s.asleep() {
			return "the machine of " + name + " answers, its twind does not run", true
		}
		return name + " cannot be reached", true
	case "mute":
		return name + " accepts the connection and says nothing", true
	case "refused":
		return name + " does not let this server in", true
	case "frozen":
		return name + " answers, but its twind stands still", true
	default:
		return name + ": the link is " + word(state), true
	}
}

func aboutFeeds(sides []side) []finding {
	names := feedNames(sides)
	if len(names) == 0 {
		return []finding{{look, "no feeds are configured: nothing is collected; what writes the first one is", "twinctl setup", ""}}
	}
	var all []finding
	for _, name := range names {
		if f, ok := aboutFeed(name, sides); ok {
			all = append(all, f)
		}
	}
	return all
}

// aboutFeed says who does not hear a feed. What a server that is not heard of
// does is not known, and is said once, of the server.
func aboutFeed(name string, sides []side) (finding, bool) {
	var deaf, hears []side
	stopped := 0 // of the deaf, those whose twind does not run: that was said of the server
	for _, s := range sides {
		switch {
		case s.hears(name):
			hears = append(hears, s)
		case s.here || s.fresh():
			deaf = append(deaf, s)
			if !s.doc.Running {
				stopped++
			}
		}
	}
	if len(deaf) == stopped && len(hears) > 0 {
		return warned(name, hears)
	}
	shown, at := foreign(name), deaf[0]
	if last := deaf[len(deaf)-1]; last.here {
		at = last // what can be typed here comes first
	}
	found := finding{look, fmt.Sprintf("feed %s is not heard on %s", shown, at.name), "twinctl feed test " + argument(shown), elsewhere(at)}
	f := at.feed(name)
	switch {
	case f == nil:
		found.text, found.next = fmt.Sprintf("feed %s is not configured on %s", shown, at.name), "twinctl config show"
	case !at.doc.Running:
		found.grade, found.next = trouble, "systemctl start twind"
		found.text += onNone(len(deaf), len(sides))
	case f.State == "paused":
		found.text, found.next = fmt.Sprintf("feed %s is paused on %s", shown, at.name), "twinctl feed resume "+argument(shown)
	case len(hears) > 0:
		found.text += ", only on " + hears[0].name
	case f.State == "connecting":
		found.text = fmt.Sprintf("feed %s is being connected on %s, nobody hears it yet", shown, at.name)
	default:
		found.grade = trouble
		found.text += onNone(len(deaf), len(sides))
	}
	return found, true
}

// onNone completes "is not heard on A" when nobody is known to hear it.
func onNone(deaf, sides int) string {
	switch {
	case sides == 1:
		return ""
	case deaf == sides:
		return ", nor on its twin: it is being missed"
	default:
		return "; what its twin hears is not known"
	}
}

// warned finds a feed that is heard, though not as it should be.
func warned(name string, hears []side) (finding, bool) {
	for _, s := range hears {
		if f := s.feed(name); f.Error != "" {
			text := fmt.Sprintf("feed %s on %s: %s", foreign(name), s.name, foreign(f.Error))
			return finding{look, text, "twinctl feed test " + argument(foreign(name)), elsewhere(s)}, true
		}
	}
	return finding{}, false
}

func elsewhere(s side) string {
	if s.here {
		return ""
	}
	return s.name
}

// aboutOpen says what is missing on a side and whether something is done about it.
func (v view) aboutOpen(s side) []finding {
	open := s.untold()
	for _, g := range s.gaps {
		if g.State == history.GapOpen && g.To != nil {
			open++
		}
	}
	if open == 0 {
		return nil
	}
	found := finding{look, gapsOf(open) + " open on " + s.name, "twinctl gap list", elsewhere(s)}
	if doing := v.filling(s.name); doing != "" {
		found.text, found.next = found.text+", "+doing, ""
	} else if v.link().State == "ok" {
		found.next = "twinctl fill"
	}
	return []finding{found}
}

// aboutLost says, for a day, what nobody has.
func (v view) aboutLost(s side) []finding {
	lost := 0
	for _, g := range s.gaps {
		if g.State == history.GapLost && v.recent(g) {
			lost++
		}
	}
	if lost == 0 {
		return nil
	}
	return []finding{{look, gapsOf(lost) + " on " + s.name + " that nobody can fill", "twinctl gap list", elsewhere(s)}}
}

// recent reports whether a gap ended within a day.
func (v view) recent(g history.Gap) bool {
	return g.To != nil && v.Now.Sub(g.To.Time()) < 24*time.Hour
}

// filling says what is being copied to a server; "" if nothing is.
func (v view) filling(name string) string {
	for _, f := range v.Fills {
		if foreign(f.To) != name {
			continue
		}
		if f.Remaining > 0 {
			return "being filled, " + length(f.Remaining) + " left"
		}
		return "being filled"
	}
	return ""
}
