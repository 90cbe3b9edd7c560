package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/link"
)

func auditAcceptCommand() cli.Command {
	return cli.Command{
		Name:  "accept",
		Args:  "ID:HASH",
		Short: "take the twin's audit of administration data for what it is now",
		Long: `At each sync this server writes down the head of the twin's audit, and pushes nothing to a twin in whose audit that is not any more. ` +
			`Where its admin.db was put back from an older copy, or begun anew, that is as it must be: name the head that twinctl sync told, ` +
			`or that twinctl audit verify prints there (0 for one without acts), and syncs go on from it. Who accepted what stands in the audit here.` + "\n\n" +
			`Where nobody did any of that, somebody has rewritten it: look there first.`,
		Examples: []cli.Example{
			{Line: "twinctl audit accept 12:90ab...", Why: "the twin's admin.db was put back from a copy"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			head, err := readHead(strings.TrimPrefix(call.Args[0], adminAudit+":"))
			if err != nil {
				return cli.Fail(cli.Usage, fmt.Errorf("head %q: %w", call.Args[0], err), "twinctl help audit accept")
			}
			done, err := s.acceptTwin(ctx, head)
			if err != nil {
				return err
			}
			if call.Format == cli.JSON {
				return call.Show(cli.View{Document: done})
			}
			text := fmt.Sprintf("the audit of %s is what it was at the last sync: nothing was changed", inert.Text(done.Twin))
			if done.Changed {
				text = fmt.Sprintf("the audit of %s is taken for what it is: its head was %s, and is %s", inert.Text(done.Twin), done.Was, done.Is)
			}
			_, err = fmt.Fprintln(call.Out, text)
			return err
		}),
	}
}

// An acceptance is what became of what is known of the twin's audit.
type acceptance struct {
	Twin    string     `json:"twin"`
	Changed bool       `json:"changed"`
	Was     audit.Head `json:"was"`
	Is      audit.Head `json:"is"`
}

// acceptTwin takes the twin's audit for what it is, which has a head in it. Where
// nothing is missing from it there is nothing to accept.
func (s *site) acceptTwin(ctx context.Context, head audit.Head) (done acceptance, err error) {
	l, err := s.notary().Dial(ctx, link.Options{})
	if err != nil {
		return done, err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	known, a, err := s.witness(ctx, l)
	if err != nil {
		return done, err
	}
	done = acceptance{Twin: l.Pair.Name, Was: known, Is: known}
	if a.Held {
		return done, nil
	}
	if err := l.Call(ctx, bundle.VerbAudit, bundle.AuditQuestion{Head: head}, &a); err != nil {
		return done, err
	}
	if !a.Held {
		return done, cli.Fail(cli.Untrusted, fmt.Errorf("on %s: the audit of administration data has no act %s", inert.Text(l.Pair.Name), head), "twinctl audit verify, there")
	}
	to := admin.TwinAudit{Pair: l.Pair.Pair, Twin: l.Pair.Name, Head: head}
	if done.Was, err = s.data.Admin.AcceptTwin(ctx, s.author("audit.accept"), to); err != nil {
		return done, err
	}
	if done.Is, err = s.data.Admin.TwinHead(ctx, l.Pair.Pair); err == nil && done.Is != head {
		err = cli.Fail(cli.Unknown, errors.New("another head was written down meanwhile"), "twinctl audit verify --twin")
	}
	done.Changed = true
	return done, err
}

// witness asks the twin whether its audit of administration data still has in it
// what it had at the last sync, which is returned, and what it knows of ours.
func (s *site) witness(ctx context.Context, l *app.Line) (known audit.Head, a bundle.AuditAnswer, err error) {
	if _, err := l.Check(ctx, false); err != nil {
		return known, a, err
	}
	if known, err = s.data.Admin.TwinHead(ctx, l.Pair.Pair); err != nil {
		return known, a, err
	}
	err = l.Call(ctx, bundle.VerbAudit, bundle.AuditQuestion{Head: known}, &a)
	return known, a, err
}
