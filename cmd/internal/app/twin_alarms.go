package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/sync/exchange"
)

const (
	twinLostAfter   = 10 * time.Second // a twin that restarts is back sooner
	clocksTolerance = 2 * time.Second  // that the twins' clocks may differ
	sameRun         = 15 * time.Second // an upstream's start, as two servers see it
)

// A bond is what alarms of the pair are raised for.
type bond struct {
	name     string // of the twin; "" while this server is alone
	standing exchange.Standing
	asked    time.Time // when the twin asked us last
	ours     exchange.Word
	differs  map[string]int64 // by feed: records that no gap had announced
}

// concerns are gathered one by one.
type concerns []concern

func (cs *concerns) add(c concern, format string, args ...any) {
	c.text = fmt.Sprintf(format, args...)
	*cs = append(*cs, c)
}

// alarms returns what is wrong between the twins.
func (b bond) alarms(now time.Time) concerns {
	var all concerns
	if b.name == "" {
		return nil
	}
	for _, feed := range slices.Sorted(maps.Keys(b.differs)) {
		all.add(concern{code: "twins_differed", of: feed, severity: "warning"},
			"feed %q: %d records were missing here and no gap had announced it; they were copied from %s", feed, b.differs[feed], b.name)
	}
	switch b.standing.State {
	case exchange.OK:
		b.compare(&all)
		b.compareUpstreams(&all)
	case exchange.Unknown:
	default:
		b.lost(&all, now)
	}
	return all
}

// compare says what is not the same on both and should be.
func (b bond) compare(all *concerns) {
	ours, theirs := b.ours, b.standing.Word
	if b.standing.OneWay() {
		all.add(concern{code: "link_one_way", severity: "warning", after: twinLostAfter},
			"this server reaches %s, %s does not reach this server: %s", b.name, b.name, theirs.Doc.Twin.Error)
	}
	if b.standing.Ahead.Abs() > clocksTolerance {
		all.add(concern{code: "clocks_differ", severity: "warning"},
			"the clock of %s differs from ours by %s: let both follow NTP", b.name, b.standing.Ahead.Round(100*time.Millisecond))
	}
	if ours.Zones != theirs.Zones && ours.Zones != "" && theirs.Zones != "" {
		all.add(concern{code: "zones_differ", severity: "warning"},
			"time-zone data is %s here and %s on %s: install the same", ours.Zones, theirs.Zones, b.name)
	}
	if ours.Doc.Role == theirs.Doc.Role {
		// For a while that is so whenever the role moves: each tells what it was a moment ago.
		all.add(concern{code: "roles_equal", severity: "error", after: twinLostAfter}, "this server and %s are both %s", b.name, ours.Doc.Role)
	}
	if n := len(config.Diff(sections(ours), sections(*theirs))); n > 0 {
		all.add(concern{code: "feeds_differ", severity: "error"},
			"the feeds are not configured as on %s (%s): twinctl config diff", b.name, Counted(n, "difference"))
	}
}

// lost says that the twin does not answer as it should, and whether it hears us.
func (b bond) lost(all *concerns, now time.Time) {
	reaches := ""
	if ago := now.Sub(b.asked); ago < twinLostAfter {
		reaches = fmt.Sprintf("; it reaches this server, though (%s ago)", ago.Round(time.Second))
	}
	all.add(concern{code: "twin_" + string(b.standing.State), severity: "error", after: twinLostAfter}, "%s%s", b.plight(), reaches)
}

// plight says once who is how: an error of the link says it all.
func (b bond) plight() string {
	why := b.standing.Err.Error()
	if strings.HasPrefix(why, "twin "+b.name+" at ") {
		return why
	}
	return fmt.Sprintf("%s is %s: %s", b.name, b.standing.State, why)
}

// compareUpstreams says where the twins hear different runs of an upstream.
func (b bond) compareUpstreams(all *concerns) {
	theirs := map[string]string{}
	for _, f := range b.standing.Word.Doc.Feeds {
		theirs[f.Name] = f.Incarnation
	}
	for _, f := range b.ours.Doc.Feeds {
		if differentRuns(f.Incarnation, theirs[f.Name]) {
			all.add(concern{code: "upstreams_differ", of: f.Name, severity: "error", after: twinLostAfter},
				"feed %q: the upstream was started at %s for this server and at %s for %s: are they two?",
				f.Name, f.Incarnation, theirs[f.Name], b.name)
		}
	}
}

// differentRuns compares the names of two runs of an upstream. Where they are
// times, as ami's are, two servers see the same one a little differently.
func differentRuns(a, b string) bool {
	if a == b || a == "" || b == "" {
		return false
	}
	ta, errA := time.Parse(time.RFC3339, a)
	tb, errB := time.Parse(time.RFC3339, b)
	return errA != nil || errB != nil || ta.Sub(tb).Abs() > sameRun
}

func sections(w exchange.Word) []config.Section {
	all := make([]config.Section, len(w.Feeds))
	for i, s := range w.Feeds {
		all[i] = config.Section(s)
	}
	return all
}
