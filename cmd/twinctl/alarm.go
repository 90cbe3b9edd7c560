package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func alarmCommand() cli.Command {
	return cli.Command{
		Name:  "alarm",
		Short: "states of this server, a feed or the pair that want a person",
		Examples: []cli.Example{
			{Line: "twinctl alarm list", Why: "what is wrong now, and who was told"},
			{Line: "twinctl alarm ack 12 --reason \"the PBX moves\"", Why: "I know of it"},
		},
		Sub: []cli.Command{alarmListCommand(), alarmAckCommand()},
	}
}

// An alarmRow is an alarm with what became of telling people.
type alarmRow struct {
	node.KeptAlarm

	Told []node.Message `json:"told"`
}

func alarmListCommand() cli.Command {
	var since string
	var filter rowFilter
	return cli.Command{
		Name:  "list",
		Short: "list the alarms that are true, who has taken note of them, and who was told",
		Long: `Lists what wants a person, as twind wrote it down last; --since also lists what has ended. ` +
			`TOLD says to how many receivers a message is sent already: an alarm tells each target of its severity and deliver.alarms_to of twin.toml, once. ` +
			`Below stand the messages that could not be sent so far, of alarms, of crossed thresholds and with reports: they are tried again, ever more seldom, for a day. ` +
			`With --filter those alone that are about an alarm that is listed.`,
		Examples: []cli.Example{
			{Line: "twinctl alarm list", Why: "what is wrong now"},
			{Line: "twinctl alarm list --since 24h --json", Why: "and what was in the last day, for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&since, "since", "", "also what ended from this `TIME` on: RFC 3339, or a duration before now")
			filter.flag(f)
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			from := record.At(time.Now()).Add(time.Hour) // nothing has ended yet then
			if since != "" {
				var err error
				if from, err = moment(since, time.Now()); err != nil {
					return cli.Fail(cli.Usage, fmt.Errorf("--since: %w", err), "twinctl help alarm list")
				}
			}
			return showAlarms(ctx, call, s, alarmSearch{from, filter})
		}),
	}
}

// An alarmSearch is what alarm list is asked for.
type alarmSearch struct {
	from   record.Instant // also what ended since
	filter rowFilter
}

func showAlarms(ctx context.Context, call *cli.Call, s *site, search alarmSearch) error {
	alarms, err := s.data.Node.Alarms(ctx, search.from)
	if err != nil {
		return err
	}
	messages, err := s.data.Node.Messages(ctx, 0)
	if err != nil {
		return err
	}
	alarms = s.seenAlarms(alarms)
	messages = s.seenMessages(messages, alarms)
	rows := alarmRows(alarms, messages)
	if rows, err = sifted(search.filter, "alarm list", rows, alarmTable); err != nil {
		return err
	}
	unsent := slices.DeleteFunc(slices.Clone(messages), func(m node.Message) bool {
		return m.Done != nil && m.State != node.MessageGivenUp || search.filter.given() && !isOfAlarms(m, rows)
	})
	err = call.Show(cli.View{
		Document: struct {
			Alarms []alarmRow     `json:"alarms"`
			Unsent []node.Message `json:"unsent"`
		}{rows, unsent},
		Lines: cli.Each(rows),
		Table: alarmTable(rows),
	})
	if err != nil || call.Format != cli.Text || len(unsent) == 0 {
		return err
	}
	fmt.Fprintln(call.Out)
	return unsentTable(unsent).WriteText(call.Out)
}

// alarmRows puts the messages to the alarms that they are about.
func alarmRows(alarms []node.KeptAlarm, messages []node.Message) []alarmRow {
	rows := make([]alarmRow, len(alarms))
	for i, a := range alarms {
		rows[i] = alarmRow{a, []node.Message{}}
		for _, m := range messages {
			if m.About == node.AboutAlarm(a.ID) {
				rows[i].Told = append(rows[i].Told, m)
			}
		}
	}
	return rows
}

// isOfAlarms tells whether a message is about one of these alarms.
func isOfAlarms(m node.Message, rows []alarmRow) bool {
	return slices.ContainsFunc(rows, func(r alarmRow) bool { return m.About == node.AboutAlarm(r.ID) })
}

func alarmTable(rows []alarmRow) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "id", Number: true},
		{Name: "severity"},
		{Name: "code"},
		{Name: "since"},
		{Name: "ended", Maybe: true},
		{Name: "acked_by", Maybe: true},
		{Name: "told", Maybe: true},
		{Name: "text"},
	}}
	for _, r := range rows {
		t.Add(number(r.ID), r.Severity, r.Code, second(&r.Since), second(r.Ended), r.AckedBy, sent(r.Told), r.Text)
	}
	return t
}

// sent says of how many messages how many were sent; "" if there are none.
func sent(messages []node.Message) string {
	if len(messages) == 0 {
		return ""
	}
	n := 0
	for _, m := range messages {
		if m.State == node.MessageSent {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(messages))
}

func unsentTable(messages []node.Message) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "about"},
		{Name: "receiver"},
		{Name: "state"},
		{Name: "attempts", Number: true},
		{Name: "next", Maybe: true},
		{Name: "error", Maybe: true},
	}}
	for _, m := range messages {
		next := second(&m.Next)
		if m.Done != nil {
			next = ""
		}
		t.Add(m.About, m.Receiver, string(m.State), number(m.Attempts), next, m.Error)
	}
	return t
}

func alarmAckCommand() cli.Command {
	var reason string
	var all bool
	return cli.Command{
		Name:  "ack",
		Short: "say that you know of an alarm: nobody is told of it any more",
		Args:  "[ID...]",
		Long: `Notes that a person has taken note of alarms, by their numbers, and withdraws the messages about them that were not sent yet. ` +
			`An alarm stays as long as it is true. One that ends and comes back within five minutes is the same one still; later it is a new one. ` +
			`What was acknowledged already stays as it is. It works while twind does not run, too.`,
		Examples: []cli.Example{
			{Line: "twinctl alarm ack 12 13", Why: "these two"},
			{Line: "twinctl alarm ack --all --reason \"moving house\"", Why: "all that are true now"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Complete: map[string]func(context.Context, *cli.Call) []string{"ID": completeAlarms},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&reason, "reason", "", "`WHY`, for those who look later")
			f.BoolVar(&all, "all", false, "all that are true now")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			ids, err := alarmIDs(call.Args, all)
			if err != nil {
				return cli.Fail(cli.Usage, err, "twinctl alarm list")
			}
			done, err := s.data.Node.AckAlarms(ctx, ids, reason, s.actor())
			if err != nil {
				return err
			}
			if len(done) == 0 {
				fmt.Fprintln(call.Err, "nothing was changed: somebody has taken note of all of it")
			}
			done = s.seenAlarms(done)
			return call.Show(cli.View{
				Document: struct {
					Acked []node.KeptAlarm `json:"acked"`
				}{done},
				Lines: cli.Each(done),
				Table: alarmTable(alarmRows(done, nil)),
			})
		}),
	}
}

// alarmIDs reads what is to be acknowledged; nil is all.
func alarmIDs(args []string, all bool) ([]int64, error) {
	if all == (len(args) > 0) {
		return nil, fmt.Errorf("alarm ack: want the numbers of alarms, or --all")
	}
	var ids []int64
	for _, text := range args {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id <= 0 {
			return nil, fmt.Errorf("alarm %q: want its number", text)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// completeAlarms offers the alarms that nobody has taken note of.
func completeAlarms(ctx context.Context, call *cli.Call) []string {
	s, err := open(ctx, call)
	if err != nil {
		return nil
	}
	defer s.data.Close() //nolint:errcheck // only read
	alarms, err := s.data.Node.Alarms(ctx, record.At(time.Now()).Add(time.Hour))
	if err != nil {
		return nil
	}
	var words []string
	for _, a := range alarms {
		if a.Acked == nil {
			words = append(words, number(a.ID)+"\t"+strings.TrimSpace(a.Code+" "+a.Object))
		}
	}
	return words
}
