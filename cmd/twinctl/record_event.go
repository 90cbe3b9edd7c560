package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
)

// eventFields is what an event may say, for help.
const eventFields = "event (offered, answered, abandoned, ...), call, leg, queue, agent, interface, caller, caller_name, position, wait_s, ring_s, talk_s, reason, device, paused and static; " +
	"of a call's bill also duration_s, channel, destination, number, context, application, data, start, answer, end, disposition, account, user_field and sequence"

// An exportedEvent is what a record tells, as a line of JSON. What the record
// does not say is left out; the names are those of report call.
type exportedEvent struct {
	Feed   string         `json:"feed"`
	At     record.Instant `json:"at"`
	Digest string         `json:"digest"` // with feed, at and n the key of its record
	N      uint32         `json:"n"`
	Event  acd.Type       `json:"event"`

	Call       string     `json:"call,omitempty"`
	Leg        string     `json:"leg,omitempty"`
	Queue      string     `json:"queue,omitempty"`
	Agent      string     `json:"agent,omitempty"`
	Interface  string     `json:"interface,omitempty"`
	Caller     string     `json:"caller,omitempty"`
	CallerName string     `json:"caller_name,omitempty"`
	Position   int        `json:"position,omitempty"`
	Wait       *float64   `json:"wait_s,omitempty"`
	Ring       *float64   `json:"ring_s,omitempty"`
	Talk       *float64   `json:"talk_s,omitempty"`
	Reason     string     `json:"reason,omitempty"`
	Device     acd.Device `json:"device,omitempty"`
	Paused     *bool      `json:"paused,omitempty"`
	Static     bool       `json:"static,omitempty"`

	exportedBill

	Cursor string `json:"cursor,omitempty"`
}

// An exportedBill is what the bill of a call says besides.
type exportedBill struct {
	Duration    *float64        `json:"duration_s,omitempty"`
	Channel     string          `json:"channel,omitempty"`
	Destination string          `json:"destination,omitempty"`
	Number      string          `json:"number,omitempty"`
	Context     string          `json:"context,omitempty"`
	Application string          `json:"application,omitempty"`
	Data        string          `json:"data,omitempty"`
	Start       *record.Instant `json:"start,omitempty"`
	Answer      *record.Instant `json:"answer,omitempty"`
	End         *record.Instant `json:"end,omitempty"`
	Disposition string          `json:"disposition,omitempty"`
	Account     string          `json:"account,omitempty"`
	UserField   string          `json:"user_field,omitempty"`
	Sequence    string          `json:"sequence,omitempty"`
}

// understand finds out how the feed's records are understood: as they are
// configured, or were when they were counted last.
func (e *exportCall) understand(ctx context.Context, s *site) error {
	format := ""
	if f, ok := s.Feed(e.feed); ok {
		format = f.Format
	} else {
		counted, err := s.data.History.CountedState(ctx, e.feed)
		if err != nil && !errors.Is(err, history.ErrUnknownFeed) {
			return err
		}
		format = counted.Format
	}
	var ok bool
	if e.decode, ok = acd.NewDecoder(format); ok {
		return nil
	}
	if format == "" {
		return fmt.Errorf("--events: feed %q is not configured, and was never counted: nobody knows what its records mean", inert.Text(e.feed))
	}
	return fmt.Errorf("--events: the records of feed %q, which are %s, tell nothing of calls: leave it out", inert.Text(e.feed), format)
}

// putEvents puts a line for each thing that a record tells: as a rule one, or
// none.
func (w *rowWriter) putEvents(r history.Row) error {
	return w.eachEvent(r, func(e *exportedEvent) error { return w.putJSON(e) })
}

func (w *rowWriter) eachEvent(r history.Row, put func(*exportedEvent) error) error {
	w.events = w.decode(w.events[:0], r.Raw, r.At)
	for i := range w.events {
		line := eventLine(&w.events[i])
		line.Feed, line.Digest, line.N, line.Cursor = w.feed, r.Digest.String(), r.N, w.cursor(r)
		if err := put(&line); err != nil {
			return err
		}
	}
	return nil
}

// eventLine returns what an event says.
func eventLine(e *acd.Event) exportedEvent {
	line := exportedEvent{
		At: e.At, Event: e.Type, Call: e.Call, Leg: e.Leg, Queue: e.Queue, Agent: e.Agent, Interface: e.Interface,
		Caller: e.Caller, CallerName: e.CallerName, Position: e.Position,
		Wait: inSeconds(e.Wait), Ring: inSeconds(e.Ring), Talk: inSeconds(e.Talk),
		Reason: e.Reason, Device: e.Device, Paused: e.Paused, Static: e.Static,
	}
	if b := e.Record; b != nil {
		line.Talk = inSeconds(b.Billed)
		line.exportedBill = exportedBill{
			Duration: inSeconds(b.Duration), Channel: b.Channel, Destination: b.Destination, Number: b.Number,
			Context: b.Context, Application: b.Application, Data: b.Data,
			Start: sometime(b.Start), Answer: sometime(b.Answer), End: sometime(b.End),
			Disposition: b.Disposition, Account: b.Account, UserField: b.UserField, Sequence: b.Sequence,
		}
	}
	return line
}

// inSeconds returns a length to the millisecond; nil: it is unknown.
func inSeconds(s acd.Span) *float64 {
	if !s.Known {
		return nil
	}
	length := math.Round(float64(s.Length)/1000) / 1000
	return &length
}

// sometime returns a time; nil: never, or it is unknown.
func sometime(at record.Instant) *record.Instant {
	if at == 0 {
		return nil
	}
	return &at
}
