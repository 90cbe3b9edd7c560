package report

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/hours"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/watch"
)

const exceptionColumns = `
	at moment
	interval moment
	since moment
	threshold words
	name words
	measure words
	severity words
	feed words
	of words
	object words
	object_name words
	limit_s seconds
	count count
	percent count
	value count
	text words`

// Exceptions tells which thresholds were crossed, in the order in which this
// server saw it: a row for each, with what was set then and what was reached
// (calls, seconds or percent). Since is nil where something was counted, and
// object where the feed itself is meant. Exceptions are what one server saw;
// the twin's may differ.
//
// Of the ask, queues and agents choose those of either, By and Groups mean
// nothing. One that nobody knows is ErrUnknown.
func Exceptions(ctx context.Context, from Sources, ask Ask) (Table, error) {
	t := Table{Name: "exception", Columns: columns(exceptionColumns), Rows: [][]any{}, Span: record.Span{From: ask.From, To: ask.To}}
	p, err := picked(ctx, from, ask)
	if err != nil {
		return Table{}, fmt.Errorf("report of exceptions: %w", err)
	}
	t.Zone = p.site.Zone
	for e, err := range from.History.Exceptions(ctx, history.Excepted{Seen: t.Span, Feed: ask.Feed}) {
		if err != nil {
			return Table{}, fmt.Errorf("report of exceptions: %w", err)
		}
		of := watch.Measure(e.Measure).Of()
		p.see(of, e.Object)
		if !p.wants(of, e) {
			continue
		}
		if len(t.Rows) == maxRows {
			return Table{}, fmt.Errorf("report of exceptions: %w: more than %d rows", ErrTooMuch, maxRows)
		}
		t.Rows = append(t.Rows, p.row(of, e))
	}
	for _, kind := range []string{"queue", "agent"} {
		if err := p.who[kind].surely(ctx, from, t.Span, p.seen[kind]); err != nil {
			return Table{}, fmt.Errorf("report of exceptions: %w", err)
		}
	}
	return t, nil
}

// A pick is which exceptions were asked for.
type pick struct {
	site  *site
	who   map[string]*who            // by queue and agent
	all   bool                       // also those of feeds, and of whichever of the two nobody asked for
	hours *hours.Calendar            // nil: always
	seen  map[string]map[string]bool // by queue and agent: those of whom there is an exception
}

// see notes that there is such a queue or agent.
func (p *pick) see(of, object string) {
	if w := p.who[of]; w != nil {
		p.seen[of][w.key(object)] = true
	}
}

func picked(ctx context.Context, from Sources, ask Ask) (*pick, error) {
	p := &pick{
		who: map[string]*who{}, all: len(ask.Queues)+len(ask.Agents) == 0,
		seen: map[string]map[string]bool{"queue": {}, "agent": {}},
	}
	var err error
	if p.site, err = readSite(ctx, from.Admin); err != nil {
		return nil, err
	}
	if ask.Feed != "" {
		if _, err := from.feed(ask.Feed); err != nil {
			return nil, err
		}
	}
	for kind, words := range map[string][]string{"queue": ask.Queues, "agent": ask.Agents} {
		if p.who[kind], err = p.site.who(ctx, kind, words, nil); err != nil {
			return nil, err
		}
	}
	if ask.OpenHours == "" {
		return p, nil
	}
	calendar, err := p.site.find(ctx, "calendar", ask.OpenHours)
	if err == nil {
		p.hours, err = admin.Calendar(calendar, p.site.Zone)
	}
	return p, err
}

func (p *pick) wants(of string, e history.Exception) bool {
	if p.hours != nil && !p.hours.Open(e.At) {
		return false
	}
	if p.all {
		return true
	}
	w := p.who[of]
	return w != nil && w.wanted != nil && w.wants(w.key(e.Object))
}

func (p *pick) row(of string, e history.Exception) []any {
	here := func(at record.Instant) any { return at.Time().In(p.site.Zone) }
	var since, name, object, called, percent any
	if e.Since != 0 {
		since = here(e.Since)
	}
	if e.Name != "" {
		name = e.Name
	}
	if w := p.who[of]; w != nil {
		object, called = e.Object, w.name(w.key(e.Object))
	}
	if e.Percent != 0 {
		percent = e.Percent
	}
	return []any{
		here(e.At), here(e.Start), since, e.Threshold, name, e.Measure, e.Severity, e.Feed, of, object, called,
		float64(e.Limit), e.Count, percent, e.Value, e.Text,
	}
}
