package preflight

import (
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// listed says a few names of many.
func listed(names []string) string {
	const most = 5
	if n := len(names) - most; n > 0 {
		return strings.Join(names[:most], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}

func (f Facts) feed(name string) (Feed, bool) {
	i := slices.IndexFunc(f.Feeds, func(f Feed) bool { return f.Name == name })
	if i < 0 {
		return Feed{}, false
	}
	return f.Feeds[i], true
}

// feedsWith returns the names of those feeds that both have and of which that
// holds.
func feedsWith(q question, holds func(ours, theirs Feed) bool) (names []string) {
	for _, f := range q.it.Feeds {
		if other, there := q.other.feed(f.Name); there && holds(f, other) {
			names = append(names, f.Name)
		}
	}
	return names
}

func lacks(it, other Facts) (names []string) {
	for _, f := range other.Feeds {
		if _, there := it.feed(f.Name); !there {
			names = append(names, f.Name)
		}
	}
	return names
}

// feedsSame is that nothing goes unheard afterwards: a feed that only the old
// primary has is lost with its role in all that people look at.
func feedsSame(q question) finding {
	const fix = "twinctl config diff"
	if names := lacks(q.other, q.it); len(names) > 0 {
		return block(fix, "%s does not collect %s", q.other.Name, listed(names))
	}
	if names := lacks(q.it, q.other); len(names) > 0 {
		return warn(fix, "%s does not collect %s", q.it.Name, listed(names))
	}
	if names := feedsWith(q, func(a, b Feed) bool { return a.Settings != b.Settings }); len(names) > 0 {
		return warn(fix, "what both must have configured alike differs: %s", listed(names))
	}
	return ok("both collect the same %d", len(q.it.Feeds))
}

// feedsLive blocks for what the new primary does not hear and the old one does:
// an upstream that nobody hears is no reason to leave the role where it is.
func feedsLive(q question) finding {
	var names []string
	worse := false
	for _, f := range q.it.Feeds {
		if f.State == "live" || f.State == "paused" || f.State == "ended" {
			continue
		}
		names = append(names, strings.TrimSuffix(f.Name+" is "+f.State+": "+f.Error, ": "))
		other, there := q.other.feed(f.Name)
		worse = worse || !there || other.State == "live"
	}
	switch {
	case len(names) == 0:
		return ok("every feed is heard")
	case worse:
		return q.grave("twinctl feed list, on "+q.it.Name, "%s", listed(names))
	}
	return warn("twinctl feed list, on "+q.it.Name, "%s", listed(names))
}

func feedsPaused(q question) finding {
	var names []string
	for _, f := range q.it.Feeds {
		if f.State == "paused" {
			names = append(names, f.Name)
		}
	}
	if len(names) > 0 {
		return warn("twinctl feed resume, on "+q.it.Name, "paused by a person: %s", listed(names))
	}
	return ok("no feed is paused")
}

// incarnation is that both hear the same upstream, and not one that is about to
// take the place of the other.
func incarnation(q question) finding {
	names := feedsWith(q, func(a, b Feed) bool {
		return a.State == "live" && b.State == "live" && a.Incarnation != "" && b.Incarnation != "" && !feed.SameIncarnation(a.Incarnation, b.Incarnation)
	})
	if len(names) > 0 {
		return block("twinctl feed test, on both", "the twins hear different upstreams: %s", listed(names))
	}
	return ok("both hear the same upstreams")
}

func feedBehind(q question) finding {
	names := feedsWith(q, func(a, b Feed) bool {
		return a.State == "live" && b.State == "live" && a.Last != 0 && a.Last.Sub(b.Last) > q.limits.Behind
	})
	if len(names) > 0 {
		return warn("twinctl compare", "the last record that %s has is more than %s older: %s", q.other.Name, rough(q.limits.Behind), listed(names))
	}
	return ok("%s is not behind", q.other.Name)
}

func gaps(q question) finding {
	var names []string
	open := int64(0)
	for _, f := range q.it.Feeds {
		if f.Gaps > 0 {
			names = append(names, f.Name)
			open += f.Gaps
		}
	}
	if open > 0 {
		return warn("twinctl gap list, on "+q.it.Name, "%s: %s",
			either(open, "stretch was not heard, and is not filled", "stretches were not heard, and are not filled"), listed(names))
	}
	return ok("no gap is open")
}

func filling(q question) finding {
	if q.it.Filling != "" {
		return warn("wait until it is done: twinctl status, on "+q.it.Name, "it copies records of %s from its twin", q.it.Filling)
	}
	return ok("nothing is being copied")
}

func backupAge(q question) finding {
	b := q.it.Backup
	if b.At == 0 {
		return warn("twinctl backup full, on "+q.it.Name, "there is no backup")
	}
	if age := q.it.At.Sub(b.At); age > q.limits.Backup {
		return warn("twinctl backup full, on "+q.it.Name, "the last backup is %s old", rough(age))
	}
	return ok("the last backup is of %s", b.At.Time().Format(time.RFC3339))
}

func drillAge(q question) finding {
	b := q.it.Backup
	fix := "twinctl backup drill, on " + q.it.Name
	switch age := q.it.At.Sub(b.Proven); {
	case b.Failed != "":
		return warn(fix, "backup %s was not proven: %s", b.Failed, b.Because)
	case b.Proven == 0:
		return warn(fix, "no backup was proven yet")
	case age > q.limits.Drill:
		return warn(fix, "the last restore was proven %s ago", rough(age))
	}
	return ok("the last restore was proven at %s", b.Proven.Time().Format(time.RFC3339))
}
