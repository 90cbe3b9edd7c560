package main

import (
	"context"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable/engine"
)

func timetableCommand() cli.Command {
	return cli.Command{
		Name:  "timetable",
		Short: "what is done at set times: backups, reports, the sync, your own programs",
		Long: `A timetable is a schedule with its tasks, and belongs to the administration data: it is changed on the primary, and twinctl sync carries it to the secondary. ` +
			`Whether it runs on a server is not stored, but follows from the role that the server has now.`,
		Examples: []cli.Example{
			{Line: "twinctl timetable list", Why: "what there is, whether it runs here, when next"},
			{Line: `twinctl timetable add nightly --schedule "0 2 * * *" --task sync`, Why: "a new one"},
			{Line: "twinctl timetable next", Why: "what both servers are going to do"},
			{Line: "twinctl timetable run nightly", Why: "now, and see what it says"},
			{Line: "twinctl run list", Why: "what became of each slot"},
		},
		Sub: []cli.Command{
			timetableListCommand(), timetableShowCommand(), timetableAddCommand(), timetableEditCommand(), timetableCopyCommand(),
			timetableRenameCommand(), timetableDeleteCommand(), timetableRunCommand(), timetableCancelCommand(), timetablePauseCommand(), timetableResumeCommand(),
			timetableNextCommand(), timetableSimulateCommand(), timetableBackfillCommand(),
		},
	}
}

// timetableKind returns the kind of their rows.
func timetableKind() admin.Kind {
	k, _ := admin.KindNamed("timetable")
	return k
}

// timetableRow returns the row that a person names by its name or key.
func (s *site) timetableRow(ctx context.Context, word string) (admin.Row, error) {
	row, err := s.data.Admin.Find(ctx, timetableKind().Name, word)
	if err != nil {
		return row, cli.Fail(cli.Verdict(err), err, "twinctl timetable list")
	}
	return row, nil
}

// chosen says which timetables are meant.
type chosen struct {
	names []string // these; none: all that are as follows
	owner string
	match string
}

// flags are those that choose, beside names.
func (c *chosen) flags(f *cli.FlagSet) {
	f.StringVar(&c.owner, "owned-by", "", "those that belong to this `USER`")
	f.StringVar(&c.match, "match", "", "those with `TEXT` in their name, in capitals or not; with * or ?, whose whole name is so")
}

// chosenRows returns the rows that are meant: of names each once, else in the
// order of what they are called.
func (s *site) chosenRows(ctx context.Context, c chosen) ([]admin.Row, error) {
	if len(c.names) == 0 {
		rows, err := s.rows(ctx, timetableKind())
		rows = slices.DeleteFunc(rows, func(r admin.Row) bool { return !c.takes(r) })
		slices.SortFunc(rows, func(a, b admin.Row) int { return strings.Compare(a.Body.Text("name"), b.Body.Text("name")) })
		return rows, err
	}
	var rows []admin.Row
	for _, name := range c.names {
		row, err := s.timetableRow(ctx, name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(rows, func(r admin.Row) bool { return r.Key == row.Key }) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (c chosen) takes(r admin.Row) bool {
	return (c.owner == "" || r.Body.Text("owner") == admin.Composed(c.owner)) && likeName(c.match, r.Body.Text("name"))
}

// likeName tells whether a name is as a pattern says.
func likeName(pattern, name string) bool {
	pattern, name = strings.ToLower(admin.Composed(pattern)), strings.ToLower(name)
	if !strings.ContainsAny(pattern, "*?") {
		return strings.Contains(name, pattern)
	}
	return fits([]rune(pattern), []rune(name))
}

// fits is the match with stars and question marks. It goes back to the last
// star alone, so that no pattern takes long.
func fits(pattern, name []rune) bool {
	p, star, from := 0, -1, 0
	for n := 0; n < len(name); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(string(pattern[p:]), "*") == ""
}

// An outlook is how both servers stand, as far as timetables depend on it.
type outlook struct {
	here engine.Here
	twin *engine.Here // nil while this server is alone
}

// twinName is the twin's name, "" while this server is alone.
func (o outlook) twinName() string {
	if o.twin == nil {
		return ""
	}
	return o.twin.Server
}

// outlook tells where this server stands, and its twin with the other role, as
// far as it has told.
func (s *site) outlook(ctx context.Context) (o outlook, err error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return o, err
	}
	m, err := s.data.Node.Maintenance(ctx)
	if err != nil {
		return o, err
	}
	doc, err := app.Status(ctx, s.Config, s.data)
	if err != nil {
		return o, err
	}
	o.here = engine.Here{Server: self.Name, Role: self.Role, Epoch: self.Epoch, Since: self.Since, Owns: self.OwnsFrom, Maintenance: m}
	restored, err := s.data.Node.Held(ctx)
	switch t := doc.Timetables; {
	case err != nil:
		return o, err
	case restored != nil: // also while twind does not run
		o.here.Held = restoredWords(restored)
	case t != nil && t.Held > 0:
		o.here.Held = t.Because
	}
	pair, err := s.data.Node.Pair(ctx)
	if err != nil || pair == nil {
		return o, err
	}
	o.twin = &engine.Here{Server: pair.Name, Role: otherRole(self.Role)}
	if doc.Twin != nil && doc.Twin.Maintenance != nil {
		there := doc.Twin.Maintenance
		o.twin.Maintenance = node.Maintenance{On: true, Reason: there.Reason}
		if there.Until != nil {
			o.twin.Maintenance.Until = record.Instant(*there.Until)
		}
	}
	return o, nil
}

func otherRole(r node.Role) node.Role {
	if r == node.Primary {
		return node.Secondary
	}
	return node.Primary
}

// switched is the outlook with the roles changed over.
func (o outlook) switched() outlook {
	o.here.Role = otherRole(o.here.Role)
	if o.twin != nil {
		twin := *o.twin
		twin.Role = otherRole(twin.Role)
		o.twin = &twin
	}
	return o
}

// servers returns this server and its twin, if it has one.
func (o outlook) servers() []engine.Here {
	if o.twin == nil {
		return []engine.Here{o.here}
	}
	return []engine.Here{o.here, *o.twin}
}

// completeTimetables offers their names, for any number of arguments.
func completeTimetables(ctx context.Context, call *cli.Call) []string {
	return rowWords(ctx, call, timetableKind())
}

// completeOwners offers the users.
func completeOwners(ctx context.Context, call *cli.Call) []string {
	k, _ := admin.KindNamed("user")
	return rowWords(ctx, call, k)
}
