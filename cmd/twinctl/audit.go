package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
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
		Sub: []cli.Command{auditListCommand(), auditVerifyCommand()},
	}
}

func auditListCommand() cli.Command {
	var since string
	return cli.Command{
		Name:  "list",
		Short: "list what was done to this server, and by whom",
		Examples: []cli.Example{
			{Line: "twinctl audit list", Why: "of the last thirty days"},
			{Line: "twinctl audit list --since 2026-11-21T08:00:00Z -o jsonl", Why: "since then, an object a line, with the hashes"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&since, "since", "720h", "from this `TIME` on: RFC 3339, or a duration before now")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			from, err := moment(since, time.Now())
			if err != nil {
				return cli.Fail(cli.Usage, fmt.Errorf("--since: %w", err), "twinctl help audit list")
			}
			acts, err := actsSince(ctx, s.data.Node, from)
			if err != nil {
				return err
			}
			return call.Show(cli.View{
				Document: struct {
					Acts []node.Audited `json:"acts"`
				}{acts},
				Lines: cli.Each(acts),
				Table: auditTable(acts),
			})
		}),
	}
}

func actsSince(ctx context.Context, n *node.DB, from record.Instant) ([]node.Audited, error) {
	acts := []node.Audited{}
	for after := int64(0); ; {
		page, err := n.Audited(ctx, after, actsPage)
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

func auditTable(acts []node.Audited) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "id", Number: true}, {Name: "at"}, {Name: "actor"}, {Name: "verb"}, {Name: "target"}, {Name: "detail"},
	}}
	for _, a := range acts {
		t.Add(number(a.ID), a.At.Time().Format(time.RFC3339), a.Actor, a.Verb, a.Target, string(a.Detail))
	}
	return t
}

func auditVerifyCommand() cli.Command {
	var known string
	return cli.Command{
		Name:  "verify",
		Short: "prove that nothing was changed in the audit or taken from it",
		Long: `Each act has a hash that covers the act before. Verify reads them all and names the first that is not what was written down. ` +
			`That acts were taken off the end only an older head can tell: keep what this prints on another machine and give it back with --head.`,
		Examples: []cli.Example{
			{Line: "twinctl audit verify", Why: "all of it; prints the head"},
			{Line: "twinctl audit verify --head 1042:5f3c...", Why: "and that this head of earlier is still in it"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&known, "head", "", "the `ID:HASH` of an earlier head")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			var earlier node.Head
			if known != "" {
				var err error
				if earlier, err = parseHead(known); err != nil {
					return cli.Fail(cli.Usage, err, "twinctl help audit verify")
				}
			}
			head, err := s.data.Node.AuditVerify(ctx)
			if err == nil {
				err = contains(ctx, s.data.Node, earlier)
			}
			return showVerified(call, head, err)
		}),
	}
}

// parseHead reads ID:HASH.
func parseHead(text string) (node.Head, error) {
	var head node.Head
	id, hash, _ := strings.Cut(text, ":")
	n, err := strconv.ParseInt(id, 10, 64)
	if err == nil {
		err = head.Hash.UnmarshalText([]byte(hash))
	}
	if err != nil || n < 1 {
		return head, fmt.Errorf("--head %q: want ID:HASH as twinctl audit verify prints it", text)
	}
	head.ID = n
	return head, nil
}

// contains returns a node.Broken unless the audit, which is whole, has that head
// in it; one without id is in every audit.
func contains(ctx context.Context, n *node.DB, head node.Head) error {
	if head.ID == 0 {
		return nil
	}
	acts, err := n.Audited(ctx, head.ID-1, 1)
	switch {
	case err != nil:
		return err
	case len(acts) == 0:
		return &node.Broken{ID: head.ID, Why: "it is missing, and so may be others behind it"}
	case acts[0].Hash != head.Hash:
		return &node.Broken{ID: head.ID, Why: "it is not the one whose hash was given"}
	}
	return nil
}

func showVerified(call *cli.Call, head node.Head, err error) error {
	var broken *node.Broken
	if err != nil && !errors.As(err, &broken) {
		return err
	}
	if call.Format == cli.JSON {
		err := call.Show(cli.View{Document: struct {
			OK     bool         `json:"ok"`
			Head   node.Head    `json:"head"` // the last act that is whole
			Broken *node.Broken `json:"broken"`
		}{broken == nil, head, broken}})
		if err == nil && broken != nil {
			err = cli.Fail(cli.Untrusted, nil, "")
		}
		return err
	}
	if broken != nil {
		return cli.Fail(cli.Untrusted, broken, "")
	}
	if head.ID == 0 {
		fmt.Fprintln(call.Out, "the audit is empty")
		return nil
	}
	fmt.Fprintf(call.Out, "the audit is whole; its head is %d:%s\n", head.ID, head.Hash)
	return nil
}
