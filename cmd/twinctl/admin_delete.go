package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
)

func kindDeleteCommand(k admin.Kind) cli.Command {
	a := act{verb: "admin.delete"}
	owns := ownedBy(k)
	c := cli.Command{
		Name:  "delete",
		Args:  "KEY",
		Short: "delete one " + k.Name,
		Long: "Refused while other rows refer to it, with their list. With --cascade what refers to it changes or goes too: " +
			"all of that is shown first, and asked.",
		Examples: []cli.Example{
			{Line: "twinctl admin " + k.Name + " delete KEY --dry-run", Why: "what would change?"},
			{Line: "twinctl admin " + k.Name + " delete KEY --cascade", Why: "and what refers to it, after a yes"},
		},
		Exits:    []cli.Code{cli.Differs, cli.Refused, cli.Untrusted, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"KEY": completeKeys(k)},
		Flags: func(f *cli.FlagSet) {
			a.flags(f)
			f.BoolVar(&a.how.Cascade, "cascade", false, "also change or delete what refers to it")
			if owns {
				f.StringVar(&a.how.OwnerTo, "to", "", "give what the "+k.Name+" owns to `KEY`")
			}
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			row, err := s.data.Admin.Find(ctx, k.Name, call.Args[0])
			if errors.Is(err, admin.ErrNoRow) {
				row, err = s.row(ctx, k, call.Args[0])
				if err == nil {
					err = cli.Fail(cli.Usage, fmt.Errorf("%s is at its default already", rowTitle(row.Kind, row.Key)), "")
				}
			}
			if err != nil {
				return err
			}
			old := row.Hash()
			a.question = "Delete and change these"
			a.alone = admin.Name{Kind: row.Kind, Key: row.Key}
			err = s.administer(ctx, call, a, []admin.Edit{{Kind: k.Name, Key: row.Key, Old: &old}})
			return showReferences(call, err)
		}),
	}
	if owns {
		c.Complete["--to"] = func(ctx context.Context, call *cli.Call) []string { return rowWords(ctx, call, k) }
		c.Long += " What the " + k.Name + " owns goes to another with --to."
		c.Examples = append(c.Examples, cli.Example{Line: "twinctl admin " + k.Name + " delete ann --to bob", Why: "bob has ann's reports and timetables now"})
	}
	return c
}

// ownedBy tells whether rows of other kinds belong to rows of this one.
func ownedBy(k admin.Kind) bool {
	for _, other := range admin.Kinds() {
		for _, f := range other.Fields {
			if f.Owner && f.To == k.Name {
				return true
			}
		}
	}
	return false
}
