package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/record"
)

// actsPage is how many acts are read at once.
const actsPage = 5000

func auditCommand() cli.Command {
	return cli.Command{
		Name:  "audit",
		Short: "who changed what on this server",
		Examples: []cli.Example{
			{Line: "twinctl audit list --since 24h", Why: "who changed what since yesterday?"},
			{Line: "twinctl audit verify", Why: "is anything missing?"},
		},
		Sub: []cli.Command{auditListCommand(), auditVerifyCommand(), auditAcceptCommand()},
	}
}

func auditListCommand() cli.Command {
	var since string
	var filter rowFilter
	return cli.Command{
		Name:  "list",
		Short: "list what was done to this server, and by whom",
		Examples: []cli.Example{
			{Line: "twinctl audit list", Why: "of the last thirty days"},
			{Line: "twinctl audit list --filter 'actor:ann verb:pause'", Why: "what did she pause?"},
			{Line: "twinctl audit list --since 2026-11-21T08:00:00Z -o jsonl", Why: "since then, an object a line, with the hashes"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&since, "since", "720h", "from this `TIME` on: RFC 3339, or a duration before now")
			filter.flag(f)
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			from, err := moment(since, time.Now())
			if err != nil {
				return cli.Fail(cli.Usage, fmt.Errorf("--since: %w", err), "twinctl help audit list")
			}
			acts, err := s.acts(ctx, from)
			if err != nil {
				return err
			}
			if acts, err = sifted(filter, "audit list", acts, auditTable); err != nil {
				return err
			}
			return call.Show(cli.View{
				Document: struct {
					Acts []fileAct `json:"acts"`
				}{acts},
				Lines: cli.Each(acts),
				Table: auditTable(acts),
			})
		}),
	}
}

// A fileAct is an act, and in which file's audit it stands.
type fileAct struct {
	audit.Audited

	File string `json:"file"` // "node" or "admin"; each counts its own ids
}

// acts returns the acts of both audits since then, in the order of their times.
func (s *site) acts(ctx context.Context, from record.Instant) ([]fileAct, error) {
	all := []fileAct{}
	for _, f := range []struct {
		name string
		read audit.Reader
	}{{nodeAudit, s.data.Node.Audited}, {adminAudit, s.data.Admin.Audited}} {
		acts, err := actsSince(ctx, f.read, from)
		if err != nil {
			return nil, err
		}
		for _, a := range acts {
			all = append(all, fileAct{a, f.name})
		}
	}
	slices.SortStableFunc(all, func(a, b fileAct) int { return cmp.Compare(a.At, b.At) })
	return all, nil
}

func actsSince(ctx context.Context, read audit.Reader, from record.Instant) ([]audit.Audited, error) {
	var acts []audit.Audited
	for after := int64(0); ; {
		page, err := read(ctx, after, actsPage)
		if err != nil || len(page) == 0 {
			return acts, err
		}
		for _, a := range page {
			if a.At >= from {
				acts = append(acts, a)
			}
		}
		after = page[len(page)-1].ID
	}
}

func auditTable(acts []fileAct) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "id", Number: true}, {Name: "at"}, {Name: "actor"}, {Name: "verb"}, {Name: "target"}, {Name: "detail"}, {Name: "file"},
	}}
	for _, a := range acts {
		t.Add(number(a.ID), a.At.Time().Format(time.RFC3339), a.Actor, a.Verb, a.Target, string(a.Detail), a.File)
	}
	return t
}
