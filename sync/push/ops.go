package push

import (
	"slices"

	"github.com/twinctl/twin/collector/admin"
)

// Ops returns what the secondary has to do, in the plan's order. body gives
// what a row is on the primary, for each that is pushed and lives there.
func Ops(decisions []Decision, body func(admin.Name) admin.Body) []admin.Op {
	var ops []admin.Op
	for _, d := range decisions {
		op := admin.Op{Kind: d.Kind, Key: d.Key, Old: d.Theirs}
		switch d.Action {
		case Push:
			if d.Ours != (admin.Hash{}) {
				op.New = body(d.Name)
			}
		case Adopt, Agree:
			op.Same = true
		case Keep, Stop, Leave:
			continue
		}
		ops = append(ops, op)
	}
	return ops
}

// Adoptions returns what the primary has to do before. theirs gives what a row
// is on the secondary, for each that is adopted and lives there.
func Adoptions(decisions []Decision, theirs func(admin.Name) admin.Body) []admin.Edit {
	var edits []admin.Edit
	for _, d := range decisions {
		if d.Action != Adopt {
			continue
		}
		e := admin.Edit{Kind: d.Kind, Key: d.Key, Old: &d.Ours}
		if d.Theirs != (admin.Hash{}) {
			e.Body = theirs(d.Name)
		}
		edits = append(edits, e)
	}
	return edits
}

// unused returns what was resolved and is no conflict, in order of the names.
func unused(decisions []Decision, c Choices) []admin.Name {
	names := []admin.Name{}
	for name := range c.Resolve {
		if !slices.ContainsFunc(decisions, func(d Decision) bool { return d.Name == name && d.Finding == Conflicting }) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, admin.Name.Compare)
	return names
}

// absent returns what was to be the only rows, or left out, and is none that
// differs, in the order of the names.
func absent(decisions []Decision, c Choices) []admin.Name {
	there := map[admin.Name]bool{}
	for _, d := range decisions {
		there[d.Name], there[admin.Name{Kind: d.Kind}] = true, true
	}
	names := []admin.Name{}
	for _, said := range []map[admin.Name]bool{c.Only, c.Except} {
		for name := range said {
			if !there[name] {
				names = append(names, name)
			}
		}
	}
	slices.SortFunc(names, admin.Name.Compare)
	return slices.Compact(names)
}
