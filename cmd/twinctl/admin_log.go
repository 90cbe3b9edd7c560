package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
)

// maxLogged is how many rows of a change set people are shown among others.
const maxLogged = 10

// A logWish is which change sets somebody wants to see.
type logWish struct {
	since, kind, key string
	from             record.Instant
	last             int
}

func adminLogCommand() cli.Command {
	var w logWish
	return cli.Command{
		Name:  "log",
		Args:  "[GENERATION]",
		Short: "show who changed what, when and from where, before and after",
		Long: `Each change has a generation, the last one stands at the end. Of one that changed many rows a table shows the first; ` +
			`GENERATION shows that one with all of them, as the other forms do.`,
		Examples: []cli.Example{
			{Line: "twinctl admin log --since 24h", Why: "what was changed since yesterday?"},
			{Line: "twinctl admin log --kind queue --key support", Why: "what became of this one?"},
			{Line: "twinctl admin log 12 --json", Why: "all of one change"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&w.since, "since", "", "from this `TIME` on: RFC 3339, or a duration before now")
			f.StringVar(&w.kind, "kind", "", "only rows of this `KIND`")
			f.StringVar(&w.key, "key", "", "only rows with this `KEY`")
			f.IntVarP(&w.last, "last", "n", 20, "the last `N` changes; 0: all")
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--kind":     func(context.Context, *cli.Call) []string { return kindNames() },
			"GENERATION": completeGenerations,
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if err := w.read(); err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help admin log")
			}
			if len(call.Args) > 0 {
				set, err := s.generation(ctx, call.Args[0])
				if err != nil {
					return err
				}
				return showLog(call, []admin.Set{w.narrow(set)}, len(set.Changes))
			}
			sets, err := s.setsAs(ctx, w)
			if err != nil {
				return err
			}
			return showLog(call, sets, maxLogged)
		}),
	}
}

// read checks what was asked for.
func (w *logWish) read() error {
	if w.last < 0 {
		return fmt.Errorf("-n %d: want 0 or more", w.last)
	}
	if w.kind != "" {
		if _, err := kindNamed(w.kind); err != nil {
			return err
		}
	}
	w.key, w.from = admin.Composed(w.key), 0
	if w.since == "" {
		return nil
	}
	var err error
	if w.from, err = moment(w.since, time.Now()); err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	return nil
}

func kindNames() []string {
	var names []string
	for _, k := range admin.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// generation returns the change set of a generation, as typed.
func (s *site) generation(ctx context.Context, word string) (admin.Set, error) {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n < 1 {
		return admin.Set{}, cli.Fail(cli.Usage, fmt.Errorf("generation %q: want a number, as twinctl admin log shows it", word), "twinctl admin log")
	}
	return s.data.Admin.Set(ctx, n)
}

// sets goes through the change sets, from the last to the first, without their
// changes. After an error it ends.
func (s *site) sets(ctx context.Context) iter.Seq2[admin.Set, error] {
	return func(yield func(admin.Set, error) bool) {
		for before := int64(0); ; {
			page, err := s.data.Admin.Log(ctx, before, adminPage)
			if err != nil {
				yield(admin.Set{}, err)
				return
			}
			for _, set := range page {
				if !yield(set, nil) {
					return
				}
			}
			if len(page) < adminPage {
				return
			}
			before = page[len(page)-1].Generation
		}
	}
}

// setsAs returns the change sets that are wanted, the last one last, with those
// of their changes that are.
func (s *site) setsAs(ctx context.Context, w logWish) ([]admin.Set, error) {
	all := []admin.Set{}
	for set, err := range s.sets(ctx) {
		if err != nil {
			return nil, err
		}
		if set.At < w.from {
			continue // and not the end: clocks are set back
		}
		if set, err = s.data.Admin.Set(ctx, set.Generation); err != nil {
			return nil, err
		}
		if set = w.narrow(set); len(set.Changes) > 0 {
			all = append(all, set)
		}
		if len(all) == w.last {
			break
		}
	}
	slices.Reverse(all)
	return all, nil
}

// narrow leaves out the changes that are not wanted.
func (w logWish) narrow(set admin.Set) admin.Set {
	set.Changes = slices.DeleteFunc(set.Changes, func(c admin.Change) bool {
		return w.kind != "" && c.Kind != w.kind || w.key != "" && c.Key != w.key
	})
	return set
}

func showLog(call *cli.Call, sets []admin.Set, most int) error {
	if call.Format == cli.Text {
		for _, set := range sets {
			if err := writeLogged(call.Out, set, most); err != nil {
				return err
			}
		}
		return nil
	}
	return call.Show(cli.View{
		Document: struct {
			Log []admin.Set `json:"log"`
		}{sets},
		Lines: cli.Each(sets),
		Table: setsTable(sets),
	})
}

// writeLogged shows a change set to people, and of its rows so many.
func writeLogged(w io.Writer, set admin.Set, most int) error {
	head := fmt.Sprintf("generation %d  %s  %s@%s  %s", set.Generation, set.At.Time().Format(time.RFC3339), set.Actor, set.From, set.Verb)
	if set.Undoes != 0 {
		head += fmt.Sprintf(" of %d", set.Undoes)
	}
	if set.Drift {
		head += "  on the secondary"
	}
	if _, err := fmt.Fprintln(w, inert.Text(head)); err != nil {
		return err
	}
	shown := set.Changes[:min(most, len(set.Changes))]
	if err := writeChanges(w, shown); err != nil {
		return err
	}
	if left := len(set.Changes) - len(shown); left > 0 {
		_, err := fmt.Fprintf(w, "... and %d rows more: twinctl admin log %d\n", left, set.Generation)
		return err
	}
	return nil
}

// setsTable has a row for each row that was changed.
func setsTable(sets []admin.Set) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "generation", Number: true},
		{Name: "at"},
		{Name: "actor"},
		{Name: "from"},
		{Name: "verb"},
		{Name: "undoes", Number: true},
		{Name: "drift"},
		{Name: "kind"},
		{Name: "key"},
		{Name: "before"},
		{Name: "after"},
	}}
	for _, set := range sets {
		undoes := ""
		if set.Undoes != 0 {
			undoes = number(set.Undoes)
		}
		for _, c := range set.Changes {
			t.Add(number(set.Generation), set.At.Time().Format(time.RFC3339), set.Actor, set.From, set.Verb, undoes,
				strconv.FormatBool(set.Drift), c.Kind, c.Key, string(c.Before.Canonical()), string(c.After.Canonical()))
		}
	}
	return t
}

// completeGenerations offers the last generations, with what they did.
func completeGenerations(ctx context.Context, call *cli.Call) []string {
	s, err := open(ctx, call)
	if err != nil {
		return nil
	}
	defer s.data.Close() //nolint:errcheck // only read
	sets, err := s.data.Admin.Log(ctx, 0, 20)
	if err != nil {
		return nil
	}
	var words []string
	for _, set := range sets {
		about := []string{set.At.Time().Format(time.RFC3339), set.Actor, set.Verb, number(set.Rows) + " rows"}
		words = append(words, number(set.Generation)+"\t"+strings.Join(about, " "))
	}
	return words
}

func adminUndoCommand() cli.Command {
	a := act{verb: "admin.undo"}
	return cli.Command{
		Name:  "undo",
		Args:  "[GENERATION]",
		Short: "take a change back, all of it",
		Long: `Without GENERATION it is the last one that was not taken back yet. What will change is shown first, and asked. ` +
			`Refused where one of its rows was changed since. The undoing is a change of its own, and can be taken back too.`,
		Examples: []cli.Example{
			{Line: "twinctl admin undo --dry-run", Why: "what would it do?"},
			{Line: "twinctl admin undo 12"},
		},
		Exits:    []cli.Code{cli.Differs, cli.Refused, cli.Untrusted, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Flags:    a.flags,
		Complete: map[string]func(context.Context, *cli.Call) []string{"GENERATION": completeGenerations},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			set, err := s.toUndo(ctx, call.Args)
			if err != nil {
				return err
			}
			a.how.Undoes = set.Generation
			a.question = fmt.Sprintf("Take generation %d back", set.Generation)
			err = s.administer(ctx, call, a, admin.Inverse(set.Changes))
			if errors.Is(err, admin.ErrConflict) {
				return cli.Fail(cli.Refused, fmt.Errorf("generation %d cannot be taken back: %w", set.Generation, err), "twinctl admin log")
			}
			return showReferences(call, err)
		}),
	}
}

// toUndo returns the change set that is meant.
func (s *site) toUndo(ctx context.Context, args []string) (admin.Set, error) {
	if len(args) > 0 {
		return s.generation(ctx, args[0])
	}
	undone := map[int64]bool{}
	for set, err := range s.sets(ctx) {
		switch {
		case err != nil:
			return set, err
		case undone[set.Generation]:
		case set.Undoes != 0:
			undone[set.Undoes] = true
		default:
			return s.data.Admin.Set(ctx, set.Generation)
		}
	}
	return admin.Set{}, cli.Fail(cli.Refused, errors.New("there is no change that could be taken back"), "twinctl admin log")
}
