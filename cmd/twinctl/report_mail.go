package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/deliver"
	"github.com/twinctl/twin/cmd/internal/page"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
)

// receivers returns whom the answer is sent to, and says whom not.
func (o *outlet) receivers(ctx context.Context, call *cli.Call, s *site) ([]string, error) {
	if !o.mailed() {
		return nil, nil
	}
	to, off, err := app.Receivers(ctx, s.Config, s.data.Admin, o.targets)
	if err != nil {
		return nil, err
	}
	for _, target := range off {
		fmt.Fprintf(call.Err, "target %s is off: nothing is sent there for now\n", inert.Text(target))
	}
	if len(to) == 0 {
		return nil, cli.Fail(cli.Refused, errors.New("nobody would be sent it"), "twinctl admin target set KEY off=false")
	}
	return to, nil
}

// mail puts the answer into the outbox, and says so.
func (a answer) mail(ctx context.Context, call *cli.Call, s *site, to []string) error {
	fact, err := a.fact(s)
	if err != nil {
		return err
	}
	messages, err := app.SendReport(ctx, s.data, fact, to)
	if err != nil {
		return err
	}
	for _, m := range messages {
		fmt.Fprintf(call.Err, "message %d for %s is in the outbox\n", m.ID, inert.Text(m.Receiver))
	}
	if app.Running(s.data.Dir) == 0 {
		fmt.Fprintln(call.Err, "twind is not running: it sends what waits when it does")
	}
	return nil
}

// fact says what is sent.
func (a answer) fact(s *site) (deliver.Fact, error) {
	first := a.parts[0]
	text := first.Title()
	if period := first.Period(); period != "" {
		text += ", " + period
	}
	m := deliver.Mailing{Title: first.Title(), Period: first.Period(), Summary: first.Summary(), By: s.actor()}
	name, err := fileName("{report}-{date}", a.naming(s.Name))
	if err != nil {
		return deliver.Fact{}, err
	}
	for _, p := range a.parts {
		part := name
		if len(a.parts) > 1 { // of queues, of agents
			part += "-" + slug(p.Table.Columns[0].Name) + "s"
		}
		html, csv, err := attachments(p)
		if err != nil {
			return deliver.Fact{}, err
		}
		m.Files = append(m.Files,
			deliver.File{Name: part + ".html", Type: deliver.PageType, Text: html},
			deliver.File{Name: part + ".csv", Type: deliver.SheetType, Text: csv})
	}
	return deliver.Fact{Code: a.asked(), Object: a.key, Text: text, Report: &m}, nil
}

// attachments writes a report as people get it by mail.
func attachments(p page.Report) (html, csv []byte, err error) {
	var out bytes.Buffer
	if err := page.Write(&out, p); err != nil {
		return nil, nil, err
	}
	var sheet bytes.Buffer
	_, err = csvOf(picked(p)).WriteCSV(&sheet, true)
	return out.Bytes(), sheet.Bytes(), err
}

// completeTargets offers the targets of the administration data.
func completeTargets(ctx context.Context, call *cli.Call) []string {
	k, _ := admin.KindNamed("target")
	return rowWords(ctx, call, k)
}
