package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// A backupPlace is where backups are looked for.
type backupPlace struct {
	from           string
	twin, received bool
}

func (p *backupPlace) flags(f *cli.FlagSet) {
	f.StringVar(&p.from, "from", "", "those in this `DIRECTORY`, on any machine; no server is needed")
	f.BoolVar(&p.received, "received", false, "those that the twin has sent here")
}

func (p *backupPlace) check() error {
	if p.from != "" && p.received || p.twin && (p.received || p.from != "") {
		return cli.Fail(cli.Usage, errors.New("--from, --received and --twin are three places: want one"), "twinctl help backup list")
	}
	return nil
}

// at runs a verb on a place: of this server, or of none.
func (p *backupPlace) at(ctx context.Context, call *cli.Call, run func(backup.Keeper, *site) error) error {
	if err := p.check(); err != nil {
		return err
	}
	if p.from != "" {
		return run(backup.Keeper{At: backup.Directory(p.from)}, nil)
	}
	return with(func(ctx context.Context, _ *cli.Call, s *site) error {
		k := s.keeper()
		if p.received {
			have, err := s.twin(ctx)
			if err != nil {
				return err
			}
			k.At = backup.Directory(app.FromTwin(s.Config, have.Name))
		}
		return run(k, s)
	})(ctx, call)
}

// twin returns the twin: pairing.ErrAlone if there is none.
func (s *site) twin(ctx context.Context) (*node.Pair, error) {
	have, err := s.data.Node.Pair(ctx)
	if err == nil && have == nil {
		err = pairing.ErrAlone
	}
	return have, err
}

func backupListCommand() cli.Command {
	var p backupPlace
	return cli.Command{
		Name:  "list",
		Short: "list the backups, the oldest first",
		Long: `Reads the manifests. PROVEN is when a drill here last restored that backup and found all of it. ` +
			`A manifest that cannot be trusted stands there with the reason, and the exit status is 6.`,
		Examples: []cli.Example{
			{Line: "twinctl backup list", Why: "those that can be restored"},
			{Line: "twinctl backup list --twin", Why: "those that are on the twin"},
			{Line: "twinctl backup list --received", Why: "those of the twin that are here"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			p.flags(f)
			f.BoolVar(&p.twin, "twin", false, "this server's that are on the twin; asks it")
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			return p.at(ctx, call, func(k backup.Keeper, s *site) error {
				if p.twin {
					return s.listOnTwin(ctx, call)
				}
				return listBackups(ctx, call, k, s)
			})
		},
	}
}

func listBackups(ctx context.Context, call *cli.Call, k backup.Keeper, s *site) error {
	sets, err := k.Sets(ctx)
	if err != nil {
		return err
	}
	proven := map[string]record.Instant{}
	if s != nil {
		if proven, err = s.data.Node.ProvenBackups(ctx); err != nil {
			return err
		}
	}
	rows, wrong := []backupRow{}, error(nil)
	for _, set := range sets {
		r := rowOf(set)
		if at, ok := proven[r.Name]; ok {
			t := at.Time().Truncate(time.Second)
			r.ProvenAt = &t
		}
		if set.Err != nil {
			wrong = fmt.Errorf("%s: %w", set.Title(), set.Err)
		}
		rows = append(rows, r)
	}
	if err := showBackups(call, rows); err != nil {
		return err
	}
	return wrong
}

// listOnTwin shows what the twin says that it has, beside what is here.
func (s *site) listOnTwin(ctx context.Context, call *cli.Call) error {
	there, err := app.OnTwin(ctx, s.Config, s.data)
	if err != nil {
		return err
	}
	here, err := s.keeper().Sets(ctx)
	if err != nil {
		return err
	}
	type onTwin struct {
		Name  string `json:"name"`
		Bytes int64  `json:"bytes"`
		Here  string `json:"here"` // same, differs or gone
	}
	rows, wrong := []onTwin{}, error(nil)
	t := cli.Table{Columns: []cli.Column{{Name: "name"}, {Name: "bytes", Number: true}, {Name: "here"}}}
	for _, k := range there {
		r := onTwin{k.Name, k.Bytes, "gone"}
		for _, set := range here {
			switch {
			case set.Title() == k.Name && set.Sum == k.Sum && set.Err == nil:
				r.Here = "same"
			case set.Title() == k.Name:
				r.Here, wrong = "differs", cli.Fail(cli.Untrusted, fmt.Errorf("%s is not the same on the twin", k.Name), "twinctl backup verify, on both")
			}
		}
		rows = append(rows, r)
		t.Add(r.Name, number(r.Bytes), r.Here)
	}
	if call.Format == cli.Text && len(rows) == 0 {
		_, err = fmt.Fprintln(call.Out, "the twin has none yet")
		return err
	}
	err = call.Show(cli.View{Document: struct {
		Backups []onTwin `json:"backups"`
	}{rows}, Lines: cli.Each(rows), Table: t})
	if err != nil {
		return err
	}
	return wrong
}

func showBackups(call *cli.Call, rows []backupRow) error {
	t := cli.Table{Columns: []cli.Column{
		{Name: "name"}, {Name: "bytes", Number: true}, {Name: "records", Number: true}, {Name: "proven_at", Maybe: true}, {Name: "error", Maybe: true},
	}}
	for _, r := range rows {
		at := ""
		if r.ProvenAt != nil {
			at = r.ProvenAt.Format(time.RFC3339)
		}
		t.Add(r.Name, number(r.Bytes), number(r.Records), at, r.Error)
	}
	if call.Format == cli.Text && len(rows) == 0 {
		_, err := fmt.Fprintln(call.Out, "there is no backup yet")
		return err
	}
	return call.Show(cli.View{
		Document: struct {
			Backups []backupRow `json:"backups"`
		}{rows},
		Lines: cli.Each(rows),
		Table: t,
	})
}

func backupVerifyCommand() cli.Command {
	var p backupPlace
	return cli.Command{
		Name:  "verify",
		Args:  "[NAME...]",
		Short: "hold every byte of backups against their hashes",
		Long: `Reads each file of the backups that are named, or of all, and holds it against its hash, and what a backup goes on from against what it says of it. ` +
			`Whether it comes back, a drill proves.`,
		Examples: []cli.Example{
			{Line: "twinctl backup verify", Why: "all of them; exits 6 if a byte is not what was written"},
			{Line: "twinctl backup verify --received", Why: "those of the twin that are here"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"NAME": completeBackups},
		Flags:    p.flags,
		Run: func(ctx context.Context, call *cli.Call) error {
			return p.at(ctx, call, func(k backup.Keeper, _ *site) error { return verifyBackups(ctx, call, k) })
		},
	}
}

func verifyBackups(ctx context.Context, call *cli.Call, k backup.Keeper) error {
	names := call.Args
	if len(names) == 0 {
		sets, err := k.Sets(ctx)
		if err != nil {
			return err
		}
		for _, set := range sets {
			names = append(names, set.Title())
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
			wrong = err
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
