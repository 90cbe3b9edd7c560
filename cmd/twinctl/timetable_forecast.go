package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable/engine"
)

const (
	// usualSlots is how many slots to come are shown of one timetable.
	usualSlots = 5
	// maxForecasts is how many timetables are told of behind one change.
	maxForecasts = 5
)

// A forecast is when a timetable runs, as both servers stand now.
type forecast struct {
	Key      string       `json:"key"`
	Name     string       `json:"name"`
	Schedule string       `json:"schedule"`
	Zone     string       `json:"zone"`
	Words    string       `json:"words"`   // the schedule, for people
	RunsOn   string       `json:"runs_on"` // primary, secondary, both or the name of a server
	Problem  string       `json:"problem"` // why it cannot run; "": it can
	Unready  string       `json:"unready"` // what keeps it from running here now; "": nothing, or it does not run here
	Warnings []string     `json:"warnings"`
	Next     []comingSlot `json:"next"`

	zone *time.Location
}

// A comingSlot is a slot to come, and what becomes of it on each server.
type comingSlot struct {
	Slot node.Moment   `json:"slot"`
	At   []serverSlot  `json:"servers"` // this server first
	Then *[]serverSlot `json:"switched,omitempty"`
}

// A serverSlot is what becomes of a slot on a server.
type serverSlot struct {
	Server string       `json:"server"`
	Role   node.Role    `json:"role"`
	Does   string       `json:"does"`  // runs, standby, held, skipped or missed
	Start  *node.Moment `json:"start"` // null: it does not run there
	Reason string       `json:"reason"`
}

// forecastOf says when a timetable runs next, n slots of it.
func forecastOf(p planned, o outlook, now time.Time, n int) forecast {
	f := forecast{Key: p.ID, Name: p.Name, RunsOn: p.RunsOn, Warnings: []string{}, Next: []comingSlot{}, Problem: p.Problem}
	if p.wrong != "" {
		f.Problem = p.wrong
		return f
	}
	f.Schedule, f.zone = p.Schedule.String(), p.Schedule.Zone()
	f.Zone, f.Words = f.zone.String(), p.Schedule.Words()
	f.Warnings = append(f.Warnings, p.Schedule.Warnings(now)...)
	if why := p.Nowhere(o.here.Server, o.twinName()); why != "" {
		f.Warnings = append(f.Warnings, "it never runs: "+why)
	}
	f.Next = append(f.Next, comingOf(p, o, now, n)...)
	return f
}

// comingOf returns the next n slots of a timetable on both servers.
func comingOf(p planned, o outlook, now time.Time, n int) []comingSlot {
	var all []comingSlot
	for _, here := range o.servers() {
		for i, f := range engine.Coming(p.Timetable, here, record.At(now), n) {
			if i == len(all) {
				all = append(all, comingSlot{Slot: node.Moment(f.Slot)})
			}
			all[i].At = append(all[i].At, serverSlotOf(here, f))
		}
	}
	return all
}

func serverSlotOf(here engine.Here, f engine.Future) serverSlot {
	s := serverSlot{Server: here.Server, Role: here.Role, Does: string(f.State), Reason: f.Reason}
	switch {
	case f.Held:
		s.Does, s.Reason = held, here.Held
	case f.State == node.RunClaimed:
		s.Does, s.Start = "runs", known(f.Start)
	}
	if f.State == "" {
		s.Does, s.Reason = engine.WhyStandby, ""
	}
	return s
}

// words says it for people: the start only where it is not the slot. Why a
// server is held is the same of all its slots, and said beside them.
func (s serverSlot) words(slot node.Moment, zone *time.Location) string {
	text := s.Does
	switch {
	case s.Start != nil && *s.Start != slot:
		text += " at " + s.Start.Time().In(zone).Format(time.TimeOnly)
	case s.Reason != "" && s.Does != held:
		text += ": " + s.Reason
	}
	return text
}

// writeHeld says for people why slots are held, if any of them is.
func writeHeld(w io.Writer, slots []serverSlot) {
	if i := slices.IndexFunc(slots, func(s serverSlot) bool { return s.Does == held }); i >= 0 {
		fmt.Fprintf(w, "Note: %s is held: %s\n", inert.Text(slots[i].Server), inert.Text(slots[i].Reason))
	}
}

// forecasts tells when changed timetables run: of many, of the first.
func (s *site) forecasts(ctx context.Context, changes []admin.Change) ([]forecast, error) {
	changed, err := app.ChangedTimetables(ctx, s.data.Admin, firstTimetables(changes, maxForecasts), checkTasks())
	if err != nil {
		return nil, err
	}
	o, err := s.outlook(ctx)
	if err != nil {
		return nil, err
	}
	var all []forecast
	for _, t := range changed {
		all = append(all, s.forecast(ctx, planned{Timetable: t}, o))
	}
	return all, nil
}

// firstTimetables leaves out changes of timetables behind so many that are made
// or changed, which nobody would be told of. All else stays: those go by it.
func firstTimetables(changes []admin.Change, most int) (some []admin.Change) {
	kind := timetableKind().Name
	for _, c := range changes {
		if c.Kind == kind {
			if most == 0 || c.After == nil {
				continue
			}
			most--
		}
		some = append(some, c)
	}
	return some
}

// forecast tells when a timetable runs, and what keeps it from running here.
func (s *site) forecast(ctx context.Context, p planned, o outlook) forecast {
	f := forecastOf(p, o, time.Now(), usualSlots)
	if f.Problem == "" && p.RunsAt(o.here.Server, o.here.Role) {
		f.Unready = app.Unready(ctx, s.Config, s.data, p.Tasks)
	}
	return f
}

// writeForecasts says for people when timetables run.
func writeForecasts(w io.Writer, all []forecast) error {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "\n%s: %s; runs on %s\n", inert.Text(f.Name), f.Words, inert.Text(f.RunsOn))
		f.write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// write says what there is to be warned of, and the slots to come.
func (f forecast) write(b *strings.Builder) {
	if f.Problem != "" {
		fmt.Fprintf(b, "Warning: it cannot run: %s\n", inert.Text(f.Problem))
	}
	if f.Unready != "" {
		fmt.Fprintf(b, "Note: here it could not run now: %s\n", inert.Text(f.Unready))
	}
	for _, text := range f.Warnings {
		fmt.Fprintf(b, "Note: %s\n", inert.Text(text))
	}
	if len(f.Next) == 0 {
		fmt.Fprintln(b, "  no slot to come")
	}
	var all []serverSlot
	for _, slot := range f.Next {
		all = append(all, slot.At...)
	}
	writeHeld(b, all)
	for _, slot := range f.Next {
		words := make([]string, len(slot.At))
		for i, at := range slot.At {
			words[i] = inert.Text(at.Server) + " " + at.words(slot.Slot, f.zone)
		}
		fmt.Fprintf(b, "  %s  %s\n", slotTime(slot.Slot, f.zone), strings.Join(words, ", "))
	}
}

// slotTime shows a slot by the clock of its zone.
func slotTime(at node.Moment, zone *time.Location) string {
	return at.Time().In(zone).Format("Mon 2006-01-02T15:04:05Z07:00")
}
