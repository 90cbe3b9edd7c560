package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/deliver"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// mostNotice is how long a notice may be, in bytes: it is the subject of a mail too.
const mostNotice = 500

// severities are those of a notice, and of an alarm.
func severities() []string { return []string{"info", "warning", "error"} }

func notifyCommand() cli.Command {
	var to []string
	var severity string
	k, _ := admin.KindNamed("target")
	return cli.Command{
		Name:  "notify",
		Args:  "TEXT",
		Short: "tell people something",
		Long: `Puts a message into the outbox, from which twind sends it: to targets of the administration data or to mail addresses. ` +
			`Status 0 says that it is there. What cannot be sent is tried again for a day, and stands in twinctl alarm list.`,
		Examples: []cli.Example{
			{Line: "twinctl notify --to noc 'the archive is complete'", Why: "by the way that the target says"},
			{Line: "twinctl notify --to noc --to ann@example.com --severity error 'no archive'", Why: "to two, and louder"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--to": completeKeys(k), "--severity": func(context.Context, *cli.Call) []string { return severities() },
		},
		Flags: func(f *cli.FlagSet) {
			f.StringArrayVar(&to, "to", nil, "this `TARGET`, or mail address; may be given again")
			f.StringVar(&severity, "severity", "info", "how `BAD` it is: info, warning or error")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			text := strings.TrimSpace(call.Args[0])
			if err := checkNotice(text, severity, to); err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help notify")
			}
			return s.notify(ctx, call, deliver.Fact{Text: text, Severity: severity}, to)
		}),
	}
}

func checkNotice(text, severity string, to []string) error {
	switch {
	case len(to) == 0:
		return fmt.Errorf("--to is missing: whom?")
	case text == "":
		return fmt.Errorf("TEXT is empty: nobody would know what it is about")
	case len(text) > mostNotice:
		return fmt.Errorf("TEXT is %d bytes long: want at most %d", len(text), mostNotice)
	case !slices.Contains(severities(), severity):
		return fmt.Errorf("--severity %q: want %s", severity, strings.Join(severities(), ", "))
	}
	return nil
}

// notify puts a notice into the outbox.
func (s *site) notify(ctx context.Context, call *cli.Call, fact deliver.Fact, words []string) error {
	to, off, err := app.Receivers(ctx, s.Config, s.data.Admin, words)
	if err != nil {
		return err
	}
	for _, word := range off {
		fmt.Fprintf(call.Err, "Warning: the target %s is off: nothing is sent there\n", inert.Text(word))
	}
	if len(to) == 0 {
		return cli.Fail(cli.Refused, fmt.Errorf("nobody is left who would be told"), "twinctl admin target list")
	}
	messages, err := app.SendNotice(ctx, s.data, fact, to)
	if err != nil {
		return err
	}
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: struct {
			Messages []node.Message `json:"messages"`
		}{messages}})
	}
	for _, m := range messages {
		fmt.Fprintf(call.Out, "message %d to %s waits to be sent\n", m.ID, inert.Text(m.Receiver))
	}
	return nil
}
