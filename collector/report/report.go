// Package report asks the history what people ask of it, and answers in tables:
// how queues and agents did, what became of a call, what was heard at all.
//
// A row is made of sums of quarter hours, and a ratio is a ratio of sums. What
// was not heard is nil, never zero: a row tells how much of its time was heard
// (coverage_pct, rounded down) and whether all of it was, is over and is
// counted (complete). Interval, zone, week, service level and what counts as a
// short wait are the site's settings at the time of asking: they change no
// stored count.
package report

import (
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
)

// Sources is what reports are made from.
type Sources struct {
	History *history.DB
	Admin   *admin.DB
	Feeds   []Feed // those of the configuration, in its order
}

// A Feed is what a report must know of a configured feed.
type Feed struct {
	Name   string
	Format string
	Source string // feeds that tell of the same calls have the same
	Counts *bool  // as the configuration says; nil: it says nothing
}
