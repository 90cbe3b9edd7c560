package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
)

// maxAsked is how many rows are shown in front of a question.
const maxAsked = 200

// An act is a change of administration data, as a person asks for it.
type act struct {
	verb        string // "admin.set", for the log
	dryRun      bool
	onSecondary bool
	how         admin.How
	// question is asked once all is shown; "" asks nothing. Nor is it asked
	// where the one row alone changes that was named.
	question string
	alone    admin.Name
	// timetables are what is changed: one that could not run is refused, not only
	// told of, and it is said when they run.
	timetables bool
}

// flags are those that every change has.
func (a *act) flags(f *cli.FlagSet) {
	f.BoolVar(&a.dryRun, "dry-run", false, "show what would change, and change nothing; status 3 if anything would")
	f.BoolVar(&a.onSecondary, "on-secondary", false, "change here although this is the secondary: for when the primary is gone")
}

// administer does the edits, all of them or none, and shows what became of them.
func (s *site) administer(ctx context.Context, call *cli.Call, a act, edits []admin.Edit) error {
	by := s.author(a.verb)
	by.OnSecondary = a.onSecondary
	if a.dryRun || a.question != "" || touchesTimetables(edits) {
		seen, err := s.data.Admin.Preview(ctx, by, edits, a.how)
		if err != nil {
			return notHere(err)
		}
		if err := s.checkTimetables(ctx, call, seen.Changes, a.timetables); err != nil {
			return err
		}
		if a.dryRun || len(seen.Changes) == 0 {
			seen.Generation = 0 // there is no such one
			return s.showSet(ctx, call, seen, a)
		}
		if err := a.ask(call, seen); err != nil {
			return err
		}
		edits, a.how = exactly(seen.Changes), admin.How{Undoes: a.how.Undoes}
	}
	set, err := s.data.Admin.Change(ctx, by, edits, a.how)
	if err != nil {
		return notHere(err)
	}
	if err := s.readBack(ctx, set); err != nil {
		return cli.Fail(cli.Unknown, fmt.Errorf("the change was made, and could not be read back: %w", err), "twinctl admin log")
	}
	a.dryRun = false
	return s.showSet(ctx, call, set, a)
}

// ask shows what would change and asks, unless that is what was named and
// nothing else.
func (a *act) ask(call *cli.Call, set admin.Set) error {
	one := len(set.Changes) == 1 && admin.Name{Kind: set.Changes[0].Kind, Key: set.Changes[0].Key} == a.alone
	if one || call.Yes || a.question == "" {
		return nil
	}
	shown := set.Changes[:min(maxAsked, len(set.Changes))]
	if err := writeChanges(call.Err, shown); err != nil {
		return err
	}
	if left := len(set.Changes) - len(shown); left > 0 {
		fmt.Fprintf(call.Err, "... and %d rows more: --dry-run shows all\n", left)
	}
	return confirm(call, fmt.Sprintf("%s: %s?", a.question, summary(set.Changes)))
}

// exactly returns the edits that do what was shown and nothing else: where
// anything is not as it was shown, nothing is done.
func exactly(changes []admin.Change) []admin.Edit {
	edits := make([]admin.Edit, len(changes))
	for i, c := range changes {
		old := admin.Row{Kind: c.Kind, Key: c.Key, Body: c.Before}.Hash()
		edits[i] = admin.Edit{Kind: c.Kind, Key: c.Key, Body: c.After, Old: &old}
	}
	return edits
}

// notHere adds to a refusal on the secondary what can be done about it.
func notHere(err error) error {
	if !errors.Is(err, admin.ErrNotPrimary) {
		return err
	}
	return cli.Fail(cli.Refused, err, "the same there; where the primary is gone and it cannot wait: the same with --on-secondary")
}

// readBack tells whether the set stands in the file as it was done.
func (s *site) readBack(ctx context.Context, done admin.Set) error {
	if done.Generation == 0 {
		return nil
	}
	got, err := s.data.Admin.Set(ctx, done.Generation)
	if err != nil {
		return err
	}
	same := func(a, b admin.Change) bool {
		return a.Kind == b.Kind && a.Key == b.Key &&
			slices.Equal(a.Before.Canonical(), b.Before.Canonical()) && slices.Equal(a.After.Canonical(), b.After.Canonical())
	}
	if !slices.EqualFunc(got.Changes, done.Changes, same) {
		return fmt.Errorf("generation %d holds something else", done.Generation)
	}
	return nil
}

// cameFrom says from where this program is used: the address of an SSH client
// or fromHere. The environment tells, which is good enough among people who may
// write the file anyhow.
func cameFrom() string {
	address, _, _ := strings.Cut(os.Getenv("SSH_CONNECTION"), " ")
	if ip, err := netip.ParseAddr(address); err == nil {
		return ip.String()
	}
	return fromHere
}

// fromHere is where from what is done is that no SSH server told of.
const fromHere = "local"

// A shownSet is a change set in JSON.
type shownSet struct {
	admin.Set

	DryRun     bool       `json:"dry_run"`
	Timetables []forecast `json:"timetables,omitempty"` // that were changed, when they run
}

// showSet shows what was changed, or would be; then the status is 3.
func (s *site) showSet(ctx context.Context, call *cli.Call, set admin.Set, a act) error {
	if set.Drift && len(set.Changes) > 0 {
		fmt.Fprintln(call.Err, "Warning: this server is the secondary; the next twinctl sync on the primary shows this as drift, and asks")
	}
	shown := shownSet{Set: set, DryRun: a.dryRun}
	if a.timetables {
		var err error
		if shown.Timetables, err = s.forecasts(ctx, set.Changes); err != nil {
			return err
		}
	}
	err := writeSet(call, shown)
	if err == nil && a.dryRun && len(set.Changes) > 0 {
		err = cli.Fail(cli.Differs, nil, "")
	}
	return err
}

func writeSet(call *cli.Call, set shownSet) error {
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: set})
	}
	if err := writeChanges(call.Out, set.Changes); err != nil {
		return err
	}
	text := summary(set.Changes)
	switch {
	case len(set.Changes) == 0:
	case set.DryRun:
		text += ": dry run, nothing was changed"
	default:
		text += fmt.Sprintf(", generation %d", set.Generation)
	}
	if _, err := fmt.Fprintln(call.Out, text); err != nil {
		return err
	}
	return writeForecasts(call.Out, set.Timetables)
}

// showReferences lists what keeps a row from being deleted.
func showReferences(call *cli.Call, err error) error {
	var in *admin.Referenced
	if !errors.As(err, &in) {
		return err
	}
	hint := "the same with --cascade --dry-run shows what would go with it"
	for _, u := range in.Uses {
		if call.Format == cli.Text {
			fmt.Fprintf(call.Err, "%s: used by %s (%s)\n", inert.Text(u.To.String()), inert.Text(u.From.String()), u.Field)
		}
		if k, _ := admin.KindNamed(u.From.Kind); isOwner(k, u.Field) {
			hint = "the same with --to KEY, who has it then"
		}
	}
	if in.More && call.Format == cli.Text {
		fmt.Fprintln(call.Err, "and by more")
	}
	return cli.Fail(cli.Refused, err, hint)
}

func isOwner(k admin.Kind, field string) bool {
	f, _ := k.Field(field)
	return f.Owner
}
