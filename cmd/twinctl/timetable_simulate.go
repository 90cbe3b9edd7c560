package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
	"github.com/twinctl/twin/timetable/engine"
)

const (
	// mostSimulated is how many slots a simulation may have.
	mostSimulated = 200_000
	// usualSimulation is how long one is if it is not said.
	usualSimulation = 7 * day
)

func timetableSimulateCommand() cli.Command {
	var w simulation
	return cli.Command{
		Name:  "simulate",
		Args:  "[NAME...]",
		Short: "show what would become of each slot of a stretch of time",
		Long: `Nothing runs: the decisions alone are made, with the timetables, calendars and pauses as they are now, by a server of that role. ` +
			`How long runs take is taken from the last that did well. CROWDED are those that would wait, as so many go on at once as may.`,
		Examples: []cli.Example{
			{Line: "twinctl timetable simulate --from 2026-12-24 --to 2026-12-28", Why: "over the holidays"},
			{Line: "twinctl timetable simulate --as secondary --to +24h", Why: "what would run there tomorrow?"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"NAME": completeTimetables,
			"--as": func(context.Context, *cli.Call) []string {
				return []string{string(node.Primary), string(node.Secondary)}
			},
		},
		Flags: func(f *cli.FlagSet) {
			w.stretchFlags(f)
			f.StringVar(&w.as, "as", "", "as a server of this `ROLE`: primary or secondary; left out: as this one")
		},
		Run: with(w.run),
	}
}

// A timeStretch is from when to when.
type timeStretch struct{ from, to string }

const toWords = "or so long behind --from, as +24h or +7d"

// read reads a stretch. A time is one of the zone's clock.
func (w timeStretch) read(now time.Time, zone *time.Location) (span record.Span, err error) {
	if span.From, err = around(w.from, record.At(now), now, zone); err != nil {
		return span, fmt.Errorf("--from: %w", err)
	}
	if span.To, err = around(w.to, span.From, now, zone); err != nil {
		return span, fmt.Errorf("--to: %w", err)
	}
	if span.To <= span.From {
		return span, errors.New("--to is not behind --from")
	}
	return span, nil
}

// around reads a time: as when does, so many days before now, or a duration
// behind another time.
func around(text string, behind record.Instant, now time.Time, zone *time.Location) (record.Instant, error) {
	if ahead, ok := strings.CutPrefix(text, "+"); ok {
		d, err := length(ahead)
		return behind.Add(d), err
	}
	if d, err := length(text); err == nil {
		return record.At(now.Add(-d)), nil
	}
	at, err := when(text, now, zone)
	if err != nil {
		return 0, fmt.Errorf("%w, or 7d, or ahead as +7d", err)
	}
	return at, nil
}

// zone returns the one that the site's clocks go by.
func (s *site) zone(ctx context.Context) (*time.Location, error) {
	settings, err := report.ReadSettings(ctx, s.data.Admin)
	return settings.Zone, err
}

type simulation struct {
	timeStretch
	as string
}

func (w *simulation) stretchFlags(f *cli.FlagSet) {
	f.StringVar(&w.from, "from", "now", "from this `TIME` on")
	f.StringVar(&w.to, "to", "+"+lengthText(usualSimulation), "before this `TIME`, "+toWords)
}

func (w *simulation) run(ctx context.Context, call *cli.Call, s *site) error {
	const help = "twinctl help timetable simulate"
	zone, err := s.zone(ctx)
	if err != nil {
		return err
	}
	span, err := w.read(time.Now(), zone)
	if err != nil {
		return cli.Fail(cli.Usage, err, help)
	}
	o, err := s.outlook(ctx)
	if err != nil {
		return err
	}
	if w.as != "" {
		role, ok := roleNamed(w.as)
		if !ok {
			return cli.Fail(cli.Usage, fmt.Errorf("--as %q: want primary or secondary", w.as), help)
		}
		if o.here.Role != role && o.twin != nil {
			o.here = *o.twin // it is the one that has this role, by its name too
		}
		o.here.Role = role
	}
	all, err := s.timetables(ctx, chosen{names: call.Args})
	if err != nil {
		return err
	}
	slots, err := s.simulate(ctx, call, all, engine.Simulation{Here: o.here, From: span.From, To: span.To})
	if err != nil {
		return err
	}
	return showSimulation(call, o.here, slots)
}

// A simulatedSlot is what would become of a slot.
type simulatedSlot struct {
	Key     string      `json:"key"`
	Name    string      `json:"timetable"`
	Slot    node.Moment `json:"slot"`
	Crowded bool        `json:"crowded"` // it waits for a place
	serverSlot

	zone *time.Location
}

func (s *site) simulate(ctx context.Context, call *cli.Call, all []planned, sim engine.Simulation) ([]simulatedSlot, error) {
	took, zones := map[string]time.Duration{}, map[string]*time.Location{}
	for _, p := range all {
		if p.wrong != "" {
			fmt.Fprintf(call.Err, "Warning: %s\n", inert.Text(p.wrong))
			continue
		}
		runs, err := s.data.Node.Runs(ctx, node.RunQuery{Timetables: []string{p.ID}, States: []node.RunState{node.RunOK}, Limit: 1})
		if err != nil {
			return nil, err
		}
		for _, r := range runs {
			took[p.ID] = r.Ended.Time().Sub(r.Started.Time())
		}
		zones[p.ID] = p.Schedule.Zone()
		sim.Timetables = append(sim.Timetables, p.Timetable)
	}
	sim.Took = func(id string) time.Duration { return took[id] }
	slots := []simulatedSlot{}
	for f := range sim.Run() {
		if len(slots) == mostSimulated {
			return nil, cli.Fail(cli.Usage, fmt.Errorf("there are more than %d slots: want a shorter stretch, or some of the timetables", mostSimulated), "")
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		slots = append(slots, simulatedSlot{f.ID, f.Name, node.Moment(f.Slot), f.Crowded, serverSlotOf(sim.Here, f), zones[f.ID]})
	}
	return slots, nil
}

func showSimulation(call *cli.Call, here engine.Here, slots []simulatedSlot) error {
	if call.Format == cli.Text {
		fmt.Fprintf(call.Err, "as %s, %s:\n", here.Server, here.Role)
	}
	t := cli.Table{Columns: []cli.Column{{Name: "slot"}, {Name: "timetable"}, {Name: "does"}, {Name: "start", Maybe: true}, {Name: "reason", Maybe: true}, {Name: "crowded", Maybe: true}}}
	if call.Format == cli.CSV {
		t.Columns = append(t.Columns, cli.Column{Name: "key"}, cli.Column{Name: "server"}, cli.Column{Name: "role"})
	}
	var all []serverSlot
	counts := map[string]int{}
	for _, f := range slots {
		counts[f.Does]++
		crowded := map[bool]string{true: "crowded"}[f.Crowded]
		if call.Format == cli.CSV {
			t.Add(second(&f.Slot), f.Name, f.Does, second(f.Start), f.Reason, crowded, f.Key, f.Server, string(f.Role))
			continue
		}
		start := ""
		if f.Start != nil && *f.Start != f.Slot {
			start = slotTime(*f.Start, f.zone)
		}
		reason := f.Reason
		if f.Does == held {
			reason = "" // it is said once
		}
		t.Add(slotTime(f.Slot, f.zone), clipped(f.Name, maxCell), f.Does, start, reason, crowded)
		all = append(all, f.serverSlot)
	}
	err := call.Show(cli.View{
		Document: struct {
			Server string          `json:"server"`
			Role   node.Role       `json:"role"`
			Slots  []simulatedSlot `json:"slots"`
		}{here.Server, here.Role, slots},
		Lines: cli.Each(slots),
		Table: t,
	})
	if err == nil && call.Format == cli.Text {
		fmt.Fprintf(call.Err, "%d slots: %d run, %d skipped, %d missed", len(slots), counts["runs"], counts[string(node.RunSkipped)], counts[string(node.RunMissed)])
		if n := counts[held]; n > 0 {
			fmt.Fprintf(call.Err, ", %d held", n)
		}
		fmt.Fprintln(call.Err)
		writeHeld(call.Err, all)
	}
	return err
}
