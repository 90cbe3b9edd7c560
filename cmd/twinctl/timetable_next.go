package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// mostNext is how many slots may be asked for.
const mostNext = 10_000

func timetableNextCommand() cli.Command {
	n := 0
	return cli.Command{
		Name:  "next",
		Args:  "[NAME...]",
		Short: "show the next slots, what each server does in them, and what a switch-over would change",
		Long: `The slots stand by the clock of the timetable's zone. What the twin does is what follows from its role and the timetables here, and from a maintenance, as it told last. ` +
			`On the secondary, what runs on both starts a while behind its slot.`,
		Examples: []cli.Example{
			{Line: "twinctl timetable next", Why: "the next ten of all"},
			{Line: "twinctl timetable next nightly -n 30", Why: "a month of one"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeTimetables},
		Flags:    func(f *cli.FlagSet) { f.IntVarP(&n, "slots", "n", 10, "the next `N` slots") },
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if n < 1 || n > mostNext {
				return cli.Fail(cli.Usage, fmt.Errorf("-n %d: want 1 to %d", n, mostNext), "twinctl help timetable next")
			}
			all, err := s.timetables(ctx, chosen{names: call.Args})
			if err != nil {
				return err
			}
			o, err := s.outlook(ctx)
			if err != nil {
				return err
			}
			return showNext(call, o, nextOf(call, all, o, n))
		}),
	}
}

// A nextSlot is a slot to come of a timetable.
type nextSlot struct {
	Key  string `json:"key"`
	Name string `json:"timetable"`
	comingSlot

	zone *time.Location
}

// nextOf returns the next n slots of several timetables together.
func nextOf(call *cli.Call, all []planned, o outlook, n int) []nextSlot {
	now, slots := time.Now(), []nextSlot{}
	for _, p := range all {
		if p.wrong != "" {
			fmt.Fprintf(call.Err, "Warning: %s\n", inert.Text(p.wrong))
			continue
		}
		coming := comingOf(p, o, now, n)
		if o.twin != nil {
			for i, then := range comingOf(p, o.switched(), now, n) {
				if i < len(coming) {
					coming[i].Then = &then.At
				}
			}
		}
		for _, c := range coming {
			slots = append(slots, nextSlot{p.ID, p.Name, c, p.Schedule.Zone()})
		}
	}
	slices.SortStableFunc(slots, func(a, b nextSlot) int { return cmp.Compare(a.Slot, b.Slot) })
	return slots[:min(n, len(slots))]
}

func showNext(call *cli.Call, o outlook, slots []nextSlot) error {
	if len(slots) == 0 {
		fmt.Fprintln(call.Err, "no slot is to come")
	}
	t := cli.Table{Columns: []cli.Column{{Name: "slot"}, {Name: "timetable"}}}
	for _, here := range o.servers() {
		t.Columns = append(t.Columns, cli.Column{Name: here.Server + " (" + string(here.Role) + ")"})
	}
	if o.twin != nil {
		t.Columns = append(t.Columns, cli.Column{Name: "switched_over", Maybe: true})
	}
	var all []serverSlot
	for _, slot := range slots {
		all = append(all, slot.At...)
		cells := []string{slotTime(slot.Slot, slot.zone), clipped(slot.Name, maxCell)}
		for _, at := range slot.At {
			cells = append(cells, at.words(slot.Slot, slot.zone))
		}
		if o.twin != nil {
			cells = append(cells, slot.changed())
		}
		t.Add(cells...)
	}
	if call.Format == cli.Text {
		writeHeld(call.Err, all)
	}
	if call.Format == cli.CSV {
		t = nextFields(slots)
	}
	return call.Show(cli.View{
		Document: struct {
			Slots []nextSlot `json:"slots"`
		}{slots},
		Lines: cli.Each(slots),
		Table: t,
	})
}

// changed says what becomes of a slot after a switch-over, nothing if that is
// the same.
func (n nextSlot) changed() string {
	if n.Then == nil {
		return ""
	}
	var words []string
	for i, at := range n.At {
		if then := (*n.Then)[i]; then.Does != at.Does || then.Reason != at.Reason {
			words = append(words, then.Server+" "+then.words(n.Slot, n.zone))
		}
	}
	return strings.Join(words, ", ")
}

// nextFields has a row for each slot and server.
func nextFields(slots []nextSlot) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "slot"},
		{Name: "key"},
		{Name: "timetable"},
		{Name: "server"},
		{Name: "role"},
		{Name: "does"},
		{Name: "start", Maybe: true},
		{Name: "reason", Maybe: true},
		{Name: "switched_over", Maybe: true},
	}}
	for _, n := range slots {
		for i, at := range n.At {
			then := ""
			if n.Then != nil {
				then = (*n.Then)[i].Does
			}
			t.Add(second(&n.Slot), n.Key, n.Name, at.Server, string(at.Role), at.Does, second(at.Start), at.Reason, then)
		}
	}
	return t
}

// roleNamed reads a role.
func roleNamed(word string) (node.Role, bool) {
	role := node.Role(word)
	return role, role == node.Primary || role == node.Secondary
}
