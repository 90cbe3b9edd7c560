package preflight

import (
	"fmt"
	"time"
)

// A scope is what a check is about.
type scope int

const (
	pair scope = iota // the two together
	each              // each server by itself
	way               // each server with regard to the other
	one               // the server that becomes primary
)

// A row is one check of the list.
type row struct {
	name  string
	of    scope
	alone Level // how much it matters at the most where its server is promoted without the twin; "": it does not
	judge func(question) finding
}

func (r row) check(side string, q question) Check {
	f := r.judge(q)
	return Check{Name: r.name, Side: side, Level: f.level, Compared: f.text, Fix: f.fix}
}

// A question is what one check looks at.
type question struct {
	it     Facts // the server that it is about; of the pair: the one that has the role
	other  Facts // its twin; not told where alone
	target bool  // it is the one that becomes primary
	alone  bool  // nothing is known of the twin
	limits Limits
	paths  []Path
}

// path returns what came of asking from it to the other; nil: it was not tried.
func (q question) path() *Path {
	for i := range q.paths {
		if q.paths[i].From == q.it.Name {
			return &q.paths[i]
		}
	}
	return nil
}

// back returns what came of asking the other way.
func (q question) back() *Path { return question{it: q.other, paths: q.paths}.path() }

// open tells whether it was tried, and answered.
func (p *Path) open() bool { return p != nil && p.Err == nil }

// A finding is what a check comes to.
type finding struct {
	level Level
	text  string
	fix   string
}

func ok(format string, args ...any) finding {
	return finding{level: OK, text: fmt.Sprintf(format, args...)}
}

func warn(fix, format string, args ...any) finding {
	return finding{Warning, fmt.Sprintf(format, args...), fix}
}

func block(fix, format string, args ...any) finding {
	return finding{Blocker, fmt.Sprintf(format, args...), fix}
}

// grave blocks what is wrong with the server that becomes primary, and warns of
// it where it is to be primary no more.
func (q question) grave(fix, format string, args ...any) finding {
	if q.target {
		return block(fix, format, args...)
	}
	return warn(fix, format, args...)
}

// rows lists the checks, in the order in which the steps need what they look at.
func rows() []row {
	return []row{
		{"pair-id", pair, "", pairID},
		{"twin-identity", way, "", twinIdentity},
		{"login-key", way, "", loginKey},
		{"host-key", way, "", hostKey},
		{"roles", pair, "", roles},
		{"epochs", pair, "", epochs},
		{"held", each, Blocker, held},
		{"runbook", each, Warning, runbook},
		{"link", way, "", linked},
		{"round-trip", way, "", roundTrip},
		{"twind", each, Blocker, twind},
		{"twind-speaks", each, Blocker, twindSpeaks},
		{"version", pair, "", versions},
		{"schema", pair, "", schemas},
		{"zones", pair, "", zones},
		{"clock", pair, "", clock},
		{"clock-steady", each, Warning, clockSteady},
		{"clock-synced", each, Warning, clockSynced},
		{"store", each, Blocker, stored},
		{"disk", each, Blocker, disk},
		{"reserve", each, Warning, reserve},
		{"integrity", each, Blocker, integrity},
		{"sync-base", one, Warning, syncBase},
		{"sync-state", pair, "", syncState},
		{"sync-pending", one, Warning, syncPending},
		{"sync-age", one, Warning, syncAge},
		{"drift", one, Warning, drift},
		{"feeds-same", pair, "", feedsSame},
		{"feeds-live", each, Warning, feedsLive},
		{"feeds-paused", each, Warning, feedsPaused},
		{"incarnation", pair, "", incarnation},
		{"feed-behind", pair, "", feedBehind},
		{"gaps", each, Warning, gaps},
		{"fill", each, Warning, filling},
		{"timetables-read", each, Warning, timetablesRead},
		{"timetables-run", one, Warning, timetablesRun},
		{"timetables-always", each, Warning, timetablesAlways},
		{"timetables-running", each, "", timetablesRunning},
		{"maintenance", each, Blocker, maintenance},
		{"hooks", each, Blocker, hooks},
		{"boot", each, Warning, boot},
		{"backup-age", each, Warning, backupAge},
		{"drill-age", each, Warning, drillAge},
		{"calm", pair, "", calm},
	}
}

// rough writes a length of time for people.
func rough(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}

// either returns the words for one, or for that many.
func either(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
