package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
)

func backupListCommand() cli.Command {
	var p backupPlace
	return cli.Command{
		Name:  "list",
		Short: "list the backups, the oldest first",
		Long: `Reads the manifests. PROVEN is when a drill here last restored that backup and found all of it. ` +
			`A backup whose manifest cannot be trusted, or that goes on from one that is not there, stands there with the reason, and the exit status is 6. What else is in it, backup verify reads.`,
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
			p.filter.flag(f)
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			return p.at(ctx, call, func(k backup.Keeper, s *site) error {
				if p.twin {
					return s.listOnTwin(ctx, call, p.filter)
				}
				return p.list(ctx, call, k, s)
			})
		},
	}
}

func (p *backupPlace) list(ctx context.Context, call *cli.Call, k backup.Keeper, s *site) error {
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
	rows, wrong, broken := []backupRow{}, error(nil), backup.Broken(sets)
	for i, set := range sets {
		r := rowOf(set)
		if at, ok := proven[r.Name]; ok {
			t := at.Time().Truncate(time.Second)
			r.ProvenAt = &t
		}
		if broken[i] != nil {
			r.Error, wrong = strings.TrimPrefix(broken[i].Error(), r.Name+": "), worse(wrong, broken[i])
		}
		rows = append(rows, r)
	}
	if err := p.show(call, rows); err != nil {
		return err
	}
	if errors.Is(wrong, backup.ErrDamaged) {
		wrong = cli.Fail(cli.Untrusted, wrong, p.next())
	}
	return wrong
}

// An onTwin is a backup that the twin says that it has.
type onTwin struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Here  string `json:"here"` // same, differs or gone
}

// listOnTwin shows what the twin says that it has, beside what is here.
func (s *site) listOnTwin(ctx context.Context, call *cli.Call, filter rowFilter) error {
	there, err := app.OnTwin(ctx, s.Config, s.data)
	if err != nil {
		return err
	}
	here, err := s.keeper().Sets(ctx)
	if err != nil {
		return err
	}
	rows, wrong := []onTwin{}, error(nil)
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
	}
	if call.Format == cli.Text && len(rows) == 0 {
		_, err = fmt.Fprintln(call.Out, "the twin has none yet")
		return err
	}
	if rows, err = sifted(filter, "backup list", rows, onTwinTable); err != nil {
		return err
	}
	err = call.Show(cli.View{Document: struct {
		Backups []onTwin `json:"backups"`
	}{rows}, Lines: cli.Each(rows), Table: onTwinTable(rows)})
	if err != nil {
		return err
	}
	return wrong
}

func onTwinTable(rows []onTwin) cli.Table {
	t := cli.Table{Columns: []cli.Column{{Name: "name"}, {Name: "bytes", Number: true}, {Name: "here"}}}
	for _, r := range rows {
		t.Add(r.Name, number(r.Bytes), r.Here)
	}
	return t
}

func (p *backupPlace) show(call *cli.Call, rows []backupRow) error {
	if call.Format == cli.Text && len(rows) == 0 && !p.filter.given() {
		return p.none(call)
	}
	rows, err := sifted(p.filter, "backup list", rows, backupTable)
	if err != nil {
		return err
	}
	return call.Show(cli.View{
		Document: struct {
			Backups []backupRow `json:"backups"`
		}{rows},
		Lines: cli.Each(rows),
		Table: backupTable(rows),
	})
}

func backupTable(rows []backupRow) cli.Table {
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
	return t
}

// none says to people that there is none, and where there are some nearby.
func (p *backupPlace) none(call *cli.Call) error {
	if p.from == "" {
		_, err := fmt.Fprintln(call.Out, "there is no backup yet")
		return err
	}
	if near := backupsNear(p.from); near != "" {
		fmt.Fprintf(call.Err, "note: there are some in %s: twinctl backup list --from %s\n", inert.Text(near), inert.Text(app.Quoted(near)))
	}
	_, err := fmt.Fprintf(call.Out, "there is no backup in %s\n", inert.Text(p.from))
	return err
}
