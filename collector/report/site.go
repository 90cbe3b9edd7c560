package report

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

// Settings is how the site wants its reports.
type Settings struct {
	Zone         *time.Location
	WeekStart    time.Weekday
	Interval     record.Instant // that a row by interval stands for
	ServiceLevel int            // seconds, one of acd.Bins; a queue may have its own
	Formula      string         // one of admin.Formulas
	ShortAbandon int            // seconds, one of acd.Bins, or 0
	RingMin      int            // seconds, one of acd.Bins, or 0
}

// ReadSettings returns them as they are now.
func ReadSettings(ctx context.Context, from *admin.DB) (s Settings, err error) {
	read := func(key string) (value string) {
		if err == nil {
			value, err = from.Setting(ctx, key)
		}
		return value
	}
	whole := func(key string) (n int) {
		if text := read(key); err == nil {
			n, err = strconv.Atoi(text)
		}
		return n
	}
	zone, week, interval := read("time_zone"), read("week_start"), read("interval")
	s.ServiceLevel, s.ShortAbandon, s.RingMin = whole("service_level"), whole("short_abandon"), whole("ring_no_answer_min")
	s.Formula = read("service_level_formula")
	if err != nil {
		return Settings{}, fmt.Errorf("read settings: %w", err)
	}
	if s.Zone, err = time.LoadLocation(zone); err != nil {
		return Settings{}, fmt.Errorf("setting time_zone: %w", err)
	}
	length, err := time.ParseDuration(interval)
	if err != nil {
		return Settings{}, fmt.Errorf("setting interval: %w", err)
	}
	s.Interval = record.Instant(length.Microseconds())
	s.WeekStart = map[string]time.Weekday{"monday": time.Monday, "saturday": time.Saturday, "sunday": time.Sunday}[week]
	return s, nil
}

// A site is what people administer, as far as a report shows it.
type site struct {
	Settings
	admin *admin.DB
}

func readSite(ctx context.Context, from *admin.DB) (*site, error) {
	settings, err := ReadSettings(ctx, from)
	return &site{settings, from}, err
}

// pageOfRows is how many rows are read at once.
const pageOfRows = 1000

// rows returns all rows of a kind by their keys.
func (s *site) rows(ctx context.Context, kind string) (map[string]admin.Body, error) {
	all := map[string]admin.Body{}
	for after := ""; ; {
		page, err := s.admin.Rows(ctx, kind, after, pageOfRows)
		if err != nil {
			return nil, err
		}
		for _, row := range page {
			all[row.Key], after = row.Body, row.Key
		}
		if len(page) < pageOfRows {
			return all, nil
		}
	}
}

// cut returns how the site cuts a span into rows.
func (s *site) cut(ctx context.Context, ask Ask) (cut, error) {
	c := cut{by: ask.By, zone: s.Zone, interval: s.Interval, weekStart: s.WeekStart}
	if c.by == "" {
		c.by = Interval
	}
	if ask.OpenHours == "" {
		return c, nil
	}
	row, err := s.find(ctx, "calendar", ask.OpenHours)
	if err != nil {
		return cut{}, err
	}
	if c.hours, err = admin.Calendar(row, s.Zone); err != nil {
		return cut{}, fmt.Errorf("calendar %q: %w", row.Key, err)
	}
	return c, nil
}

// find returns a row by its key or its name: ErrUnknown.
func (s *site) find(ctx context.Context, kind, word string) (admin.Row, error) {
	all, err := s.rows(ctx, kind)
	if err != nil {
		return admin.Row{}, err
	}
	key, err := meant(kind, all, word)
	if err != nil {
		return admin.Row{}, err
	}
	if all[key] == nil {
		return admin.Row{}, unknown(kind, word, slices.Collect(maps.Keys(all)))
	}
	return admin.Row{Kind: kind, Key: key, Body: all[key]}, nil
}

// meant returns the key that a person means by a key or a name: the word itself
// if it is neither.
func meant(kind string, known map[string]admin.Body, word string) (string, error) {
	if known[word] != nil {
		return word, nil
	}
	var named []string
	for key, body := range known {
		if body.Text("name") == word {
			named = append(named, key)
		}
	}
	switch len(named) {
	case 0:
		return word, nil
	case 1:
		return named[0], nil
	}
	slices.Sort(named)
	return "", fmt.Errorf("%w which %s: %q is the name of %q: say the key", ErrUnknown, kind, word, named)
}
