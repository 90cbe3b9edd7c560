package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
)

func syncRollbackCommand() cli.Command {
	a := act{verb: "sync.rollback", question: "make rows here what they were"}
	w := syncWish{view: string(viewSummary)}
	var to string
	return cli.Command{
		Name:  "rollback",
		Short: "make administration data what it was at an earlier sync, on both twins",
		Long: `Takes back, as a change of its own that can be undone, all that became of rows on the primary since that sync; then pushes it as twinctl sync does. ` +
			`Where the twin cannot be reached the change stands, and the next sync carries it.`,
		Examples: []cli.Example{
			{Line: "twinctl sync rollback --dry-run", Why: "what would be taken back, to the sync before the last?"},
			{Line: "twinctl sync rollback --to 9", Why: "to an earlier one: see twinctl sync log"},
		},
		Exits:    []cli.Code{cli.Differs, cli.Refused, cli.Unreachable, cli.Untrusted, cli.Conflict, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--to": completeSyncs},
		Flags: func(f *cli.FlagSet) {
			a.flags(f)
			f.StringVar(&to, "to", "", "the `GENERATION` of a sync; left out: the one before the last")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			edits, err := s.since(ctx, to)
			if err != nil {
				return err
			}
			if err := s.administer(ctx, call, a, edits); err != nil || a.dryRun || a.onSecondary {
				return err
			}
			return s.pushBack(ctx, call, w)
		}),
	}
}

// pushBack pushes what was taken back. Who said yes to that is not asked again:
// nothing else is pending.
func (s *site) pushBack(ctx context.Context, call *cli.Call, w syncWish) error {
	asked := *call
	asked.Yes = true
	err := s.sync(ctx, &asked, w)
	if err != nil {
		fmt.Fprintf(call.Err, "Rows are what they were on %s alone: twinctl sync goes on from here\n", inert.Text(s.Name))
	}
	return err
}

// since returns the edits that take back what became of rows since a sync.
func (s *site) since(ctx context.Context, word string) ([]admin.Edit, error) {
	to, err := s.earlier(ctx, word)
	if err != nil {
		return nil, err
	}
	at, err := s.data.Admin.Position(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := s.data.Admin.Between(ctx, to, at.Generation)
	return admin.Inverse(changes), err
}

// earlier returns the generation of the sync that is to be gone back to.
func (s *site) earlier(ctx context.Context, word string) (int64, error) {
	if word != "" {
		to, _, err := s.agreed(ctx, word)
		return to, err
	}
	done, err := s.data.Admin.Agreements(ctx)
	if err != nil {
		return 0, err
	}
	if len(done) < 2 {
		return 0, cli.Fail(cli.Refused, errors.New("there is no sync before the last one: nothing was changed"), "twinctl admin undo")
	}
	return done[1].To, nil
}

// readGeneration reads a generation from 0 to the last one.
func readGeneration(word string, last int64) (int64, error) {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n < 0 || n > last {
		return 0, cli.Fail(cli.Usage, fmt.Errorf("generation %q: want a number from 0 to %d", word, last), "twinctl sync log")
	}
	return n, nil
}
