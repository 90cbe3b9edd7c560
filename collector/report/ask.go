package report

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// What a caller may branch on.
var (
	// ErrUnknown is returned for a queue, agent, group, calendar or feed that
	// nothing is known of.
	ErrUnknown = errors.New("unknown")
	// ErrTooMuch is returned for a question whose answer is too large to be
	// held in memory.
	ErrTooMuch = errors.New("too much for one report")
)

// A By is what a row of a report stands for.
type By string

// What rows can stand for.
const (
	Interval  By = "interval" // as long as the setting says
	Day       By = "day"      // of the site's zone: 23, 24 or 25 hours, or others
	Week      By = "week"     // from the day on that the setting says
	Month     By = "month"
	HourOfDay By = "hour-of-day" // the same hour of all the days together
)

// Bys returns all of them, as people write them.
func Bys() []By { return []By{Interval, Day, Week, Month, HourOfDay} }

// An Ask is a question about queues or agents, or about coverage.
type Ask struct {
	// From is in it, To is not. Both are moved outward to quarter hours,
	// because that is what is counted by.
	From, To record.Instant
	By       By       // "" is Interval
	Queues   []string // keys, or names of the dictionary; none: all
	Agents   []string // keys, aliases, or names of the dictionary; none: all
	Groups   []string // of queues or of agents, whichever is asked about; adds to Queues or Agents
	Feed     string   // this one alone, whether it counts or not; "": those that count
	// OpenHours is a calendar: only quarter hours that begin while it is open.
	OpenHours string
	Now       record.Instant // what is later cannot have been heard yet
}

// span returns what is asked for in whole intervals.
func (a Ask) span() (record.Span, error) {
	if a.To <= a.From {
		return record.Span{}, fmt.Errorf("report from %s to %s: it ends before it begins", a.From, a.To)
	}
	if a.By != "" && !slices.Contains(Bys(), a.By) {
		return record.Span{}, fmt.Errorf("report by %q: want one of %v", a.By, Bys())
	}
	return record.Span{From: floor(a.From), To: ceil(a.To)}, nil
}
