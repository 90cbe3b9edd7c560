package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// whenWords says how a time may be written.
const whenWords = "today, yesterday, now, a day as 2026-11-21 or a time as 2026-11-21T08:30 by the site's clocks, RFC 3339, or a duration before now as 2h"

// when reads a time. A day is its beginning in the site's zone.
func when(text string, now time.Time, zone *time.Location) (record.Instant, error) {
	here := now.In(zone)
	switch text {
	case "now":
		return record.At(now), nil
	case "today":
		return record.At(dayOf(here, 0)), nil
	case "yesterday":
		return record.At(dayOf(here, -1)), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateTime} {
		t, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		if layout == time.DateOnly {
			t = dayOf(t, 0)
		}
		return record.At(t), nil
	}
	if d, err := time.ParseDuration(strings.TrimPrefix(text, "-")); err == nil && d >= 0 {
		return record.At(now.Add(-d)), nil
	}
	var at record.Instant
	if err := at.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("%q: want %s", text, whenWords)
	}
	return at, nil
}

// dayOf returns the first instant of the day that t is in, or of one that lies
// so many days from it. Where clocks leave out midnight, that is a later hour.
func dayOf(t time.Time, days int) time.Time {
	noon := time.Date(t.Year(), t.Month(), t.Day()+days, 12, 0, 0, 0, t.Location())
	begin := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, 0, 0, 0, t.Location())
	for begin.Day() != noon.Day() { // midnight is left out: the zone's rule of before was taken
		begin = begin.Add(15 * time.Minute)
	}
	for earlier := begin.Add(-15 * time.Minute); earlier.Day() == noon.Day(); earlier = earlier.Add(-15 * time.Minute) {
		begin = earlier // it comes twice, or the rule of after was taken
	}
	return begin
}
