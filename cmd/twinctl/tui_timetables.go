package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable/engine"
	"github.com/twinctl/twin/tui"
)

// What the screens are shown of timetables and runs.
const (
	screenSlots  = 10       // to come and past, of a timetable
	screenRuns   = 1000     // of the ledger
	screenOutput = 64 << 10 // bytes of what a run said, its end
)

// A planboard is what the screens see of timetables and runs.
type planboard struct{ *site }

// Timetables implements tui.Planner.
func (b planboard) Timetables(ctx context.Context) ([]tui.Timetable, error) {
	all, err := b.timetables(ctx, chosen{})
	if err != nil {
		return nil, err
	}
	o, err := b.outlook(ctx)
	if err != nil {
		return nil, err
	}
	now, shown := time.Now(), make([]tui.Timetable, len(all))
	for i, p := range all {
		if shown[i], err = b.shown(ctx, p, o, now); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// shown tells of a timetable what a list shows.
func (b planboard) shown(ctx context.Context, p planned, o outlook, now time.Time) (tui.Timetable, error) {
	l, err := b.lineOf(ctx, p, o.here, now)
	if err != nil {
		return tui.Timetable{}, err
	}
	t := tui.Timetable{
		Key: l.Key, Name: l.Name, Schedule: l.Schedule, Words: l.Words, Zone: l.Zone, RunsOn: l.RunsOn, Owner: l.Owner, Tasks: l.Tasks,
		State: l.State, Because: l.Because, NextHere: l.Next, Values: fieldTexts(timetableKind(), p.row.Body),
	}
	if o.twin != nil && p.wrong == "" && p.RunsAt(o.twin.Server, o.twin.Role) {
		t.NextThere = nextRun(p, *o.twin, now)
	}
	t.Last, err = b.data.Node.Runs(ctx, node.RunQuery{Timetables: []string{p.ID}, Limit: screenSlots})
	return t, err
}

// fieldTexts returns what each field of a kind says, as it is typed behind FIELD=.
func fieldTexts(k admin.Kind, body admin.Body) []string {
	values := make([]string, len(k.Fields))
	for i, f := range k.Fields {
		values[i] = valueText(f.Value(body))
	}
	return values
}

// Timetable implements tui.Planner.
func (b planboard) Timetable(ctx context.Context, key string) (tui.Timetable, error) {
	row, err := b.timetableRow(ctx, key)
	if err != nil {
		return tui.Timetable{}, err
	}
	p, err := b.plan(ctx, row)
	if err != nil {
		return tui.Timetable{}, err
	}
	o, err := b.outlook(ctx)
	if err != nil {
		return tui.Timetable{}, err
	}
	t, err := b.shown(ctx, p, o, time.Now())
	if err != nil {
		return t, err
	}
	for i, f := range timetableKind().Fields {
		t.Fields = append(t.Fields, tui.Named{Name: f.Name, Value: shownValue(f.Name, t.Values[i])})
	}
	f := b.forecast(ctx, p, o)
	for _, note := range append([]string{f.Problem, f.Unready}, f.Warnings...) {
		if note != "" && note != t.Because {
			t.Notes = append(t.Notes, note)
		}
	}
	if p.wrong == "" {
		t.Coming = slotsToCome(p, o)
	}
	return t, nil
}

// slotsToCome are the next slots on both servers, and what a switch-over would
// change about them.
func slotsToCome(p planned, o outlook) []tui.Slot {
	now := time.Now()
	var then []comingSlot
	if o.twin != nil {
		then = comingOf(p, o.switched(), now, screenSlots)
	}
	var all []tui.Slot
	for i, c := range comingOf(p, o, now, screenSlots) {
		slot := nextSlot{comingSlot: c, zone: p.Schedule.Zone()}
		if i < len(then) {
			slot.Then = &then[i].At
		}
		shown := tui.Slot{At: c.Slot.Time().In(slot.zone), Now: slot.changed()}
		for _, at := range c.At {
			words := at.words(c.Slot, slot.zone)
			if at.Does == engine.WhyStandby {
				words = "stands by"
			}
			shown.On = append(shown.On, at.Server+" "+words)
		}
		all = append(all, shown)
	}
	return all
}

// Runs implements tui.Ledger.
func (b planboard) Runs(ctx context.Context, timetable string) ([]node.Run, error) {
	var q node.RunQuery
	if timetable != "" {
		q.Timetables = []string{timetable}
	}
	var all []node.Run
	for len(all) < screenRuns {
		q.Limit = min(node.MaxRuns, screenRuns-len(all))
		page, err := b.data.Node.Runs(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1]
	}
	return slices.Clip(all), nil
}

// Run implements tui.Ledger.
func (b planboard) Run(ctx context.Context, id int64) (node.Run, string, error) {
	r, err := b.data.Node.Run(ctx, id)
	if err != nil || r.Theirs != 0 {
		return r, r.Tail, err
	}
	f, err := os.Open(b.outputOf(node.Run{Output: node.RunOutput(r.ID)}))
	if errors.Is(err, fs.ErrNotExist) {
		return r, r.Tail, nil
	}
	if err != nil {
		return r, "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	if info, err := f.Stat(); err == nil && info.Size() > screenOutput {
		if _, err := f.Seek(-screenOutput, io.SeekEnd); err != nil {
			return r, "", err
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, screenOutput))
	return r, string(text), err
}
