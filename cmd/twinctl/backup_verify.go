package main

import (
	"context"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
)

func backupVerifyCommand() cli.Command {
	var p backupPlace
	return cli.Command{
		Name:  "verify",
		Args:  "[NAME...]",
		Short: "hold every byte of backups against their hashes",
		Long: `Reads each file of the backups that are named, or of all, and holds it against its hash, and what a backup goes on from against what it says of it. ` +
			`Whether it comes back, a drill proves. Where there is no backup at all the exit status is 2.`,
		Examples: []cli.Example{
			{Line: "twinctl backup verify", Why: "all of them; exits 6 if a byte is not what was written"},
			{Line: "twinctl backup verify --received", Why: "those of the twin that are here"},
			{Line: "twinctl backup verify --from /srv/back", Why: "copies, before they are restored"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeBackups},
		Flags:    p.flags,
		Run: func(ctx context.Context, call *cli.Call) error {
			return p.at(ctx, call, func(k backup.Keeper, _ *site) error { return verifyBackups(ctx, call, k, &p) })
		},
	}
}

func verifyBackups(ctx context.Context, call *cli.Call, k backup.Keeper, p *backupPlace) error {
	names := call.Args
	if len(names) == 0 {
		sets, err := k.Sets(ctx)
		if err != nil {
			return err
		}
		for _, set := range sets {
			names = append(names, set.Title())
		}
		if len(names) == 0 {
			return p.empty(k.At)
		}
	}
	type verdict struct {
		Name  string `json:"name"`
		Sound bool   `json:"sound"`
		Error string `json:"error,omitempty"`
	}
	all, wrong := []verdict{}, error(nil)
	t := cli.Table{Columns: []cli.Column{{Name: "name"}, {Name: "verdict"}}}
	for _, name := range names {
		v, said := verdict{Name: name, Sound: true}, "sound"
		if err := k.Verify(ctx, name); err != nil {
			v.Sound, v.Error, said = false, err.Error(), strings.TrimPrefix(err.Error(), name+": ")
			wrong = worse(wrong, err)
		}
		all = append(all, v)
		t.Add(name, said)
	}
	err := call.Show(cli.View{Document: struct {
		Backups []verdict `json:"backups"`
	}{all}, Table: t})
	if err != nil {
		return err
	}
	return wrong
}
