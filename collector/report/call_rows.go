package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// table makes rows of what was found.
func (s *search) table() Table {
	t := Table{Name: "call", Columns: columns(callColumns), Rows: [][]any{}, Span: record.Span{From: s.ask.From, To: s.ask.To}, Zone: s.site.Zone}
	if s.more {
		t.Notes = append(t.Notes, "there are more calls than were asked for: these are the first")
	}
	all := group(s.found)
	for i := range all {
		all[i].events = s.shown(judgeCall(all[i].events))
	}
	all = slices.DeleteFunc(all, func(c call) bool { return len(c.events) == 0 })
	slices.SortFunc(all, func(a, b call) int {
		return cmp.Or(cmp.Compare(a.events[0].begins(), b.events[0].begins()), strings.Compare(a.id, b.id))
	})
	for _, c := range all {
		for _, e := range c.events {
			t.Rows = append(t.Rows, s.row(c.id, e))
		}
	}
	return t
}

// A call is what is told of one, in the order of time.
type call struct {
	id     string
	events []told
}

// group finds what belongs to one call: ids that one event has are of one.
func group(events []told) []call {
	up := map[string]string{}
	of := func(id string) string {
		for up[id] != "" {
			id = up[id]
		}
		return id
	}
	for _, e := range events {
		if leg, call := of(e.Leg), of(e.Call); e.Leg != "" && e.Call != "" && leg != call {
			up[leg] = call
		}
	}
	byID := map[string]*call{}
	for _, e := range events {
		id := of(cmp.Or(e.Call, e.Leg))
		if byID[id] == nil {
			byID[id] = &call{id: id}
		}
		byID[id].events = append(byID[id].events, e)
	}
	all := make([]call, 0, len(byID))
	for _, c := range byID {
		slices.SortStableFunc(c.events, func(a, b told) int { return cmp.Compare(a.begins(), b.begins()) })
		all = append(all, *c)
	}
	return all
}

// begins returns where an event stands among those of a call.
func (t *told) begins() record.Instant {
	if t.Record != nil && t.Record.Start != 0 {
		return t.Record.Start
	}
	return t.At
}

// shown leaves out the halves of Local channels unless they were asked for, and
// the bills of a feed of bills where the feed that counts tells of them.
func (s *search) shown(events []told) []told {
	billed := slices.ContainsFunc(events, func(e told) bool { return e.Record != nil && !isBill(s.feeds[e.feed].Format) })
	return slices.DeleteFunc(events, func(e told) bool {
		if e.Record == nil {
			return false
		}
		return !s.ask.AllLegs && isHalf(e.Record.Channel) || billed && isBill(s.feeds[e.feed].Format)
	})
}

// isHalf tells one of the two halves that a Local channel has.
func isHalf(channel string) bool {
	return strings.HasPrefix(channel, "Local/") && (strings.HasSuffix(channel, ";1") || strings.HasSuffix(channel, ";2"))
}

func (s *search) row(id string, e told) []any {
	bill := acd.CDR{}
	reason := e.Reason
	if e.Record != nil {
		bill, reason = *e.Record, cmp.Or(reason, e.Record.Disposition)
	}
	talk := e.Talk
	if e.Record != nil {
		talk = bill.Billed
	}
	agent := s.agents.key(e.Agent)
	return []any{
		e.begins().Time().In(s.site.Zone), id, word(e.Leg), string(e.Type),
		word(e.Queue), s.queues.name(e.Queue), word(agent), s.agents.name(agent),
		word(e.Caller), word(e.CallerName), span(e.Wait), span(e.Ring), span(talk), span(bill.Duration),
		word(reason), word(bill.Channel), word(bill.Destination), word(bill.Number), word(bill.Application),
		s.feeds[e.feed].Name,
	}
}

// word returns a text as a cell.
func word(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// span returns a length as a cell.
func span(s acd.Span) any {
	if !s.Known {
		return nil
	}
	return seconds(s.Length)
}
