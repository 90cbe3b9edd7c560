package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
	"github.com/twinctl/twin/timetable/task"
)

// timeWords say what the times of a report are.
const timeWords = "A time is " + whenWords + ". A day means its beginning: a report ends before --to. " +
	"In a timetable all of them are as of the slot, however late it runs."

// A stretch is a time as it was typed.
type stretch struct {
	from, to, period, asOf string
	typed                  func(flag string) bool // nil: none was
}

// flags declares them. from and to are what is meant where neither is said.
func (t *stretch) flags(f *cli.FlagSet, from, to string) {
	t.typed = f.Changed
	f.StringVar(&t.from, "from", from, "from this `TIME` on")
	f.StringVar(&t.to, "to", to, "before this `TIME`")
	t.common(f)
}

// common declares those that mean the same everywhere.
func (t *stretch) common(f *cli.FlagSet) {
	f.StringVar(&t.period, "period", "", "in place of both, a `PERIOD`: "+strings.Join(periods(), ", "))
	f.StringVar(&t.asOf, "as-of", "", "as if it were asked at this `TIME` (default: now; the slot, in a timetable)")
}

// periods are what saved reports may be of.
func periods() []string {
	return []string{"today", "yesterday", "this-week", "last-week", "this-month", "last-month"}
}

// check says what is wrong with what was typed, whenever it is asked.
func (t *stretch) check() error {
	if t.said("period") {
		if t.said("from") || t.said("to") {
			return errors.New("--period stands for --from and --to: want one or the other")
		}
		if !slices.Contains(periods(), t.period) {
			return fmt.Errorf("--period %q: want %s", t.period, strings.Join(periods(), ", "))
		}
	}
	for _, end := range []struct{ flag, text string }{{"from", t.from}, {"to", t.to}, {"as-of", t.asOf}} {
		if !t.said(end.flag) {
			continue
		}
		if _, err := when(end.text, time.Now(), time.UTC); err != nil {
			return fmt.Errorf("--%s %w", end.flag, err)
		}
	}
	return nil
}

// read reads it, by the site's clocks.
func (t *stretch) read(now time.Time, site report.Settings) (record.Span, error) {
	at, err := t.askedAt(now, site.Zone)
	if err != nil {
		return record.Span{}, err
	}
	if t.period != "" {
		return periodOf(t.period, at, site)
	}
	var span record.Span
	for _, end := range []struct {
		flag, text string
		into       *record.Instant
	}{{"--from", t.from, &span.From}, {"--to", t.to, &span.To}} {
		if end.text == "" && end.flag == "--from" {
			continue // from the beginning
		}
		if *end.into, err = when(end.text, at, site.Zone); err != nil {
			return record.Span{}, fmt.Errorf("%s %w", end.flag, err)
		}
	}
	clock := func(at record.Instant) string { return at.Time().In(site.Zone).Format("2006-01-02 15:04 MST") }
	if t.to == "now" && span.From >= span.To {
		return record.Span{}, fmt.Errorf("--from %s lies ahead: it is %s now", clock(span.From), clock(span.To))
	}
	if span.From >= span.To {
		return record.Span{}, fmt.Errorf("--from %s is not before --to %s: there is nothing between them", clock(span.From), clock(span.To))
	}
	return span, nil
}

func (t *stretch) said(flag string) bool { return t.typed != nil && t.typed(flag) }

// askedAt returns the time by which today is today.
func (t *stretch) askedAt(now time.Time, zone *time.Location) (time.Time, error) {
	text, said := t.asOf, "--as-of"
	if !t.said("as-of") && text == "" {
		text, said = os.Getenv(task.SlotVariable), task.SlotVariable
		if text == "" {
			return now, nil
		}
	}
	at, err := when(text, now, zone)
	if err != nil {
		return now, fmt.Errorf("%s %w", said, err)
	}
	if at.Time().After(now.Add(time.Minute)) { // clocks are set back a little, too
		return now, fmt.Errorf("%s %s lies ahead", said, text)
	}
	return at.Time(), nil
}

// periodOf returns the days of a period, of the site's zone and weeks, up to now
// where it goes on.
func periodOf(period string, now time.Time, site report.Settings) (record.Span, error) {
	here := now.In(site.Zone)
	today := dayOf(here, 0)
	week := dayOf(here, -(int(here.Weekday()-site.WeekStart)+7)%7)
	month := func(months int) time.Time {
		return dayOf(time.Date(here.Year(), here.Month()+time.Month(months), 1, 12, 0, 0, 0, site.Zone), 0)
	}
	from, to := today, now
	switch period {
	case "today":
	case "yesterday":
		from, to = dayOf(here, -1), today
	case "this-week":
		from = week
	case "last-week":
		from, to = dayOf(week, -7), week
	case "this-month":
		from = month(0)
	case "last-month":
		from, to = month(-1), month(0)
	default:
		return record.Span{}, fmt.Errorf("--period %q: want %s", period, strings.Join(periods(), ", "))
	}
	if !from.Before(to) {
		return record.Span{}, fmt.Errorf("--period %s has only just begun: there is nothing in it", period)
	}
	return record.Span{From: record.At(from), To: record.At(to)}, nil
}
