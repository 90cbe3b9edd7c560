package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A CallAsk is a question about calls: those that every word said here finds.
type CallAsk struct {
	// From is in it, To is not. Both may be zero where Call says enough: an id
	// of Asterisk tells when the call began, and those of others do not. A call that something happened to
	// in that time is told whole, as far as two hours before and behind that.
	From, To record.Instant
	Call     string // an id of the call, or of one of its legs
	Caller   string // the number, with or without a + in front
	Agent    string // a key, alias or name: who answered, or was rung
	Feed     string // this one alone; "": those that count, and the bills of the same sources
	AllLegs  bool   // also the halves of Local channels
	Limit    int    // at most so many calls, the first; 0: 1000
}

const (
	usualLimit = 1000
	around     = 2 * record.Hour
	longest    = record.Day // of a call that is found by when it began
)

const callColumns = `
	at moment
	call words
	leg words
	event words
	queue words
	queue_name words
	agent words
	agent_name words
	caller words
	caller_name words
	wait_s seconds
	ring_s seconds
	talk_s seconds
	duration_s seconds
	reason words
	channel words
	destination words
	number words
	application words
	feed words`

// Call tells calls from the cradle to the grave, by the records themselves: a
// row for each thing that happened to a call, in the order of the calls'
// beginnings. A bill has the row of its own beginning. It reads all records of
// the time, several times over. A call that is not found is ErrUnknown, as
// is an agent that nobody knows; of a caller that nobody knows there is none.
func Call(ctx context.Context, from Sources, ask CallAsk) (Table, error) {
	t, err := calls(ctx, from, ask)
	if err != nil {
		return Table{}, fmt.Errorf("report of calls: %w", err)
	}
	return t, nil
}

func calls(ctx context.Context, from Sources, ask CallAsk) (Table, error) {
	if err := ask.normal(); err != nil {
		return Table{}, err
	}
	s := search{from: from, ask: ask, ids: map[string]bool{}}
	var err error
	if s.site, err = readSite(ctx, from.Admin); err != nil {
		return Table{}, err
	}
	if s.agents, err = s.site.who(ctx, "agent", oneOrNone(ask.Agent), nil); err != nil {
		return Table{}, err
	}
	if s.queues, err = s.site.who(ctx, "queue", nil, nil); err != nil {
		return Table{}, err
	}
	if s.feeds, err = from.tellCalls(ask.Feed); err != nil {
		return Table{}, err
	}
	if err := s.find(ctx); err != nil {
		return Table{}, err
	}
	if ask.Call != "" && len(s.found) == 0 {
		return Table{}, fmt.Errorf("%w call %q: no record of that time tells of it", ErrUnknown, ask.Call)
	}
	if len(s.found) == 0 {
		if err := s.agents.surely(ctx, from, record.Span{From: s.ask.From, To: s.ask.To}, nil); err != nil {
			return Table{}, err
		}
	}
	return s.table(), nil
}

func oneOrNone(word string) []string {
	if word == "" {
		return nil
	}
	return []string{word}
}

// normal fills in what was left out.
func (a *CallAsk) normal() error {
	if a.Call == "" && a.Caller == "" && a.Agent == "" && (a.From == 0 || a.To == 0) {
		return errors.New("want a call, a caller, an agent or a time")
	}
	if began, ok := beginning(a.Call); ok && a.From == 0 && a.To == 0 {
		a.From, a.To = began-record.Hour, began+longest
	}
	if a.To == 0 {
		a.To = 1<<62 - 1
	}
	if a.To <= a.From {
		return fmt.Errorf("from %s to %s: it ends before it begins", a.From, a.To)
	}
	if a.Limit <= 0 {
		a.Limit = usualLimit
	}
	return nil
}

// beginning returns when the channel of an id was made, which Asterisk writes
// into it: [system-]seconds.number.
func beginning(id string) (record.Instant, bool) {
	text, _, ok := strings.Cut(id[strings.LastIndexByte(id, '-')+1:], ".")
	n, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || n < 631_152_000 || n > 1<<33 { // 1990
		return 0, false
	}
	return record.Instant(n) * record.Second, true
}

// tellCalls returns the feeds that calls are told from: those that count, and
// the bills beside them.
func (s Sources) tellCalls(asked string) ([]Feed, error) {
	if asked != "" {
		return s.feed(asked)
	}
	all := counting(s.Feeds)
	for _, f := range s.Feeds {
		tells := isBill(f.Format) || f.Format == "ech"
		if tells && !slices.ContainsFunc(all, func(o Feed) bool { return o.Name == f.Name }) {
			all = append(all, f)
		}
	}
	return all, nil
}

// A search goes through the records of a time.
type search struct {
	from   Sources
	ask    CallAsk
	site   *site
	agents *who
	queues *who
	feeds  []Feed
	ids    map[string]bool // of calls and legs that were found
	found  []told
	calls  int  // that were found
	more   bool // there are more than were asked for
}

// A told is an event with the feed that told it.
type told struct {
	acd.Event
	feed int
}

// find looks for the calls, and then for all that is told of them: ids lead to
// other ids of the same call, until no more come to light.
func (s *search) find(ctx context.Context) error {
	wide := record.Span{From: s.ask.To, To: s.ask.From} // empty yet
	err := s.each(ctx, record.Span{From: s.ask.From, To: s.ask.To}, func(e told) error {
		if !s.matches(&e.Event) {
			return nil
		}
		if !s.knows(&e.Event) {
			if s.calls == s.ask.Limit {
				s.more = true
				return nil
			}
			s.calls++
		}
		s.know(&e.Event)
		wide.From, wide.To = min(wide.From, e.At-around), max(wide.To, e.At+around)
		return nil
	})
	if len(s.ids) == 0 {
		return err
	}
	for known := -1; err == nil && known != len(s.ids); {
		known, s.found = len(s.ids), s.found[:0]
		err = s.each(ctx, wide, func(e told) error {
			if !s.knows(&e.Event) {
				return nil
			}
			s.know(&e.Event)
			s.found = append(s.found, e)
			if len(s.found) > maxRows {
				return tooMuch()
			}
			return nil
		})
	}
	return err
}

// know keeps the ids of a call.
func (s *search) know(e *acd.Event) {
	for _, id := range []string{e.Call, e.Leg} {
		if id != "" && !s.ids[id] {
			s.ids[strings.Clone(id)] = true
		}
	}
}

func (s *search) knows(e *acd.Event) bool { return s.ids[e.Call] || s.ids[e.Leg] }

// each calls fn with what is told of calls in a span, feed by feed.
func (s *search) each(ctx context.Context, span record.Span, fn func(told) error) error {
	var events []acd.Event
	for i, f := range s.feeds {
		decode, ok := acd.NewDecoder(f.Format)
		if !ok {
			continue
		}
		talks := talks{}
		for r, err := range s.from.History.Records(ctx, history.Range{Feed: f.Name, From: span.From, To: span.To}) {
			if errors.Is(err, history.ErrUnknownFeed) {
				break
			}
			if err != nil {
				return err
			}
			events = decode(events[:0], r.Raw, r.At)
			for _, e := range events {
				talks.note(&e)
				if e.Call == "" && e.Leg == "" || f.Format == "ech" && e.Record == nil {
					continue // the bill of a segment tells all of it, and when it began
				}
				if err := fn(told{e, i}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// talks are the calls that agents talk on, by agent.
type talks map[string]acd.Event

// note keeps a talk, and fills in the call of one that is over where its event
// does not say it: Asterisk leaves the caller out who was gone already.
func (t talks) note(e *acd.Event) {
	switch {
	case e.Agent == "":
	case e.Type == acd.Answered && len(t) < maxRows:
		t[e.Agent] = *e
	case e.Type == acd.Completed:
		if was := t[e.Agent]; e.Leg == "" && was.Queue == e.Queue {
			e.Leg, e.Call, e.Caller, e.CallerName = was.Leg, was.Call, was.Caller, was.CallerName
		}
		delete(t, e.Agent)
	}
}

func (s *search) matches(e *acd.Event) bool {
	a := &s.ask
	return (a.Call == "" || e.Call == a.Call || e.Leg == a.Call) &&
		(a.Caller == "" || strings.TrimPrefix(e.Caller, "+") == strings.TrimPrefix(a.Caller, "+")) &&
		(a.Agent == "" || e.Agent != "" && s.agents.wants(s.agents.key(e.Agent)) || e.Interface != "" && s.agents.wants(s.agents.key(e.Interface)))
}
