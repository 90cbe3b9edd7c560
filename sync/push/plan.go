package push

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/bundle"
)

// A Plan is what a sync found, and what it will do. It holds for the positions
// in it: when one of the two was edited since, it is made anew.
type Plan struct {
	Primary   bundle.Hello   `json:"primary"`
	Secondary bundle.Hello   `json:"secondary"`
	Checked   record.Instant `json:"checked"` // when the secondary was asked, by the primary's clock
	Ground    Ground         `json:"base"`    // what both sides are compared with
	Rows      []Row          `json:"rows"`    // that differ from the base on a side, in the catalogue's order
	Bytes     int64          `json:"bytes"`   // of the bundle
	Unused    []admin.Name   `json:"unused"`  // that were resolved and are no conflict
	Absent    []admin.Name   `json:"absent"`  // that were named as the only ones, or left out, and do not differ

	ops   []admin.Op   // of the bundle
	edits []admin.Edit // of the primary, before: what it adopts
	drift admin.Root   // of what was edited on the secondary
	to    Ground       // what the base becomes
	text  []byte       // the bundle
}

// A Row is a decision, with what can be shown of it.
type Row struct {
	Decision
	Label   string     `json:"label,omitempty"`   // by which people know it, where that is not the key
	There   Move       `json:"there,omitempty"`   // what becomes of it on the secondary
	Here    Move       `json:"here,omitempty"`    // what becomes of it on the primary
	Before  admin.Body `json:"-"`                 // the secondary's where it is Outward, else the primary's
	After   admin.Body `json:"-"`                 // the other one's
	Columns []Column   `json:"columns,omitempty"` // that differ, Before's and After's; none where rows were not asked for
	Effects []string   `json:"effects,omitempty"` // what it will cause
}

// A Column is a field of a row that differs.
type Column struct {
	Field string `json:"field"`
	Old   any    `json:"old"` // a string, int64, bool or []string; nil where there is no row
	New   any    `json:"new"`
}

// Columns returns the fields in which two bodies differ: those of the kind in
// its order, then what it does not know, in the order of the names.
func Columns(kind admin.Kind, before, after admin.Body) []Column {
	var columns []Column
	for _, f := range kind.Fields {
		if old, will := before[f.Name], after[f.Name]; !same(old, will) {
			columns = append(columns, Column{f.Name, value(f, before), value(f, after)})
		}
	}
	for _, name := range unknown(kind, before, after) {
		if old, will := before[name], after[name]; !same(old, will) {
			columns = append(columns, Column{name, old, will})
		}
	}
	return columns
}

// value returns what a row says for a field, also where it leaves it out.
func value(f admin.Field, b admin.Body) any {
	if b == nil {
		return nil
	}
	return f.Value(b)
}

// unknown returns the fields that the twin's version has beyond ours.
func unknown(kind admin.Kind, bodies ...admin.Body) []string {
	var names []string
	for _, b := range bodies {
		for name := range b {
			if _, ok := kind.Field(name); !ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func same(a, b any) bool {
	x, list := a.([]string)
	y, too := b.([]string)
	if list && too {
		return slices.Equal(x, y)
	}
	return !list && !too && a == b
}

// newRow dresses a decision about a row of the kind. ours and theirs are the
// bodies on both sides.
func newRow(kind admin.Kind, d Decision, ours, theirs admin.Body) Row {
	r := Row{Decision: d, There: d.There(), Here: d.Here(), Before: ours, After: theirs}
	if d.Outward() {
		r.Before, r.After = theirs, ours
	}
	r.Label = cmp.Or(r.After.Text(kind.Label), r.Before.Text(kind.Label))
	r.Columns = Columns(kind, r.Before, r.After)
	return r
}

// Tally counts what becomes of rows on one side.
type Tally struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
}

func (t *Tally) add(m Move) {
	switch m {
	case Added:
		t.Added++
	case Changed:
		t.Changed++
	case Removed:
		t.Removed++
	case None:
	}
}

// A Done counts what was done to the rows of a kind on the secondary.
type Done struct {
	Kind string `json:"kind"`
	Tally
	Agreed int `json:"agreed"` // were what they became already
}

func doneOf(counts []bundle.Count) []Done {
	all := make([]Done, len(counts))
	for i, c := range counts {
		all[i] = Done{c.Kind, Tally{c.Added, c.Changed, c.Removed}, c.Agreed}
	}
	return all
}

// A Summary counts the rows of a kind.
type Summary struct {
	Kind      string `json:"kind"`
	Tally            // on the secondary
	Here      Tally  `json:"here"`      // on the primary: what it adopts
	Agreed    int    `json:"agreed"`    // edited on both to the same
	Drift     int    `json:"drift"`     // edited on the secondary alone, whatever was chosen
	Conflicts int    `json:"conflicts"` // edited on both, whatever was chosen
	Open      int    `json:"open"`      // of these two, those that wait for a choice
	Left      int    `json:"left"`      // left out
}

func (s *Summary) add(r Row) {
	s.Tally.add(r.There)
	s.Here.add(r.Here)
	switch r.Finding {
	case Equal:
		s.Agreed++
	case Drifted:
		s.Drift++
	case Conflicting:
		s.Conflicts++
	case Edited:
	}
	switch r.Action {
	case Stop:
		s.Open++
	case Leave:
		s.Left++
	case Push, Adopt, Agree, Keep:
	}
}

// Summary returns a summary of each kind that a row of the plan is of.
func (p *Plan) Summary() []Summary {
	var all []Summary
	for _, r := range p.Rows {
		if len(all) == 0 || all[len(all)-1].Kind != r.Kind {
			all = append(all, Summary{Kind: r.Kind})
		}
		all[len(all)-1].add(r)
	}
	return all
}

// Empty tells that there is nothing to do: neither a row nor the base moves.
func (p *Plan) Empty() bool { return !p.moves() && !p.fresh() }

// moves tells that a row moves, or would if it were chosen how.
func (p *Plan) moves() bool {
	return slices.ContainsFunc(p.Rows, func(r Row) bool { return r.Action != Keep && r.Action != Leave })
}

// fresh tells that the two have agreed on nothing yet, or do not stand on the
// same base: then they have to, even where no row differs.
func (p *Plan) fresh() bool {
	ours, theirs := p.Primary.Position, p.Secondary.Position
	return ours.BaseGeneration == 0 || ours.BaseGeneration != theirs.BaseGeneration || ours.BaseRoot != theirs.BaseRoot
}

// Left returns how many rows were left out.
func (p *Plan) Left() (n int) {
	for _, r := range p.Rows {
		if r.Action == Leave {
			n++
		}
	}
	return n
}

// Open returns the rows that wait for a person's choice.
func (p *Plan) Open() []Row {
	var open []Row
	for _, r := range p.Rows {
		if r.Action == Stop {
			open = append(open, r)
		}
	}
	return open
}

// Conflicts returns those of them that were edited on both sides.
func (p *Plan) Conflicts() []Row {
	return slices.DeleteFunc(p.Open(), func(r Row) bool { return r.Finding == Drifted })
}

// CheckOpen refuses a plan in which something is left to choose.
func (p *Plan) CheckOpen() error {
	conflicts := p.Conflicts()
	drift := len(p.Open()) - len(conflicts)
	name := inert.Text(p.Secondary.Name)
	switch {
	case len(conflicts) > 0:
		also := ""
		if drift > 0 {
			also = fmt.Sprintf(", and %s on %s alone", rows(drift), name)
		}
		return fmt.Errorf("%w: %s%s: choose with --resolve primary|secondary KIND/KEY, the first is %s",
			ErrConflict, rows(len(conflicts)), also, inert.Text(conflicts[0].Name.String()))
	case drift > 0:
		return fmt.Errorf("%w: %s on %s: choose with --drift keep|overwrite|adopt", ErrDrift, rows(drift), name)
	}
	return nil
}

// Check tells whether the plan may be carried out.
func (p *Plan) Check(allowDeletes int) error {
	if err := p.CheckOpen(); err != nil {
		return err
	}
	return p.CheckDeletes(allowDeletes)
}

func rows(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
