package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func maintenanceCommand() cli.Command {
	return cli.Command{
		Name:  "maintenance",
		Short: "have no timetable start anything on this server for a while",
		Examples: []cli.Example{
			{Line: "twinctl maintenance on --reason \"new disks\" --until 2h", Why: "nothing starts for two hours"},
			{Line: "twinctl maintenance off", Why: "done"},
			{Line: "twinctl maintenance show", Why: "is there any, and why?"},
		},
		Sub: []cli.Command{maintenanceOnCommand(), maintenanceOffCommand(), maintenanceShowCommand()},
	}
}

func maintenanceOnCommand() cli.Command {
	var m node.Maintenance
	var until string
	return cli.Command{
		Name:  "on",
		Short: "begin a maintenance of this server, or change what is said of it",
		Long: `No timetable starts anything on this server until it ends: its slots are in the ledger as missed, for that reason. ` +
			`What is running goes on; the feeds are collected as ever. The twin is told, and keeps its own timetables. ` +
			`It outlasts restarts. Without --until it ends with twinctl maintenance off.`,
		Examples: []cli.Example{
			{Line: "twinctl maintenance on --reason \"new disks\"", Why: "until I say so"},
			{Line: "twinctl maintenance on --reason \"new disks\" --until 2h", Why: "ends by itself"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted, cli.Unknown},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&m.Reason, "reason", "", "`WHY`, for those who look later; must be said")
			f.StringVar(&until, "until", "", "until this `TIME`: RFC 3339, a time as 2026-11-21T08:30 by this server's clock, or a duration from now")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if err := inert.Name(m.Reason); err != nil {
				return cli.Fail(cli.Usage, fmt.Errorf("--reason %s: %w", inert.Text(m.Reason), err), "twinctl help maintenance on")
			}
			if until != "" {
				var err error
				if m.Until, err = ahead(until, time.Now()); err != nil {
					return cli.Fail(cli.Usage, fmt.Errorf("--until: %w", err), "twinctl help maintenance on")
				}
			}
			m.On, m.Actor = true, s.actor()
			return setMaintenance(ctx, call, s, m)
		}),
	}
}

// ahead reads a time to come, or a duration from now.
func ahead(text string, now time.Time) (record.Instant, error) {
	at, err := when(text, now, now.Location())
	if d, wrong := time.ParseDuration(text); wrong == nil {
		at, err = record.At(now.Add(d)), nil
	}
	if err != nil {
		return 0, fmt.Errorf("%q: want RFC 3339, as 2026-11-21T08:30:00Z, a time as 2026-11-21T08:30, or a duration from now, as 2h30m", text)
	}
	if at <= record.At(now) {
		return 0, fmt.Errorf("%q is not to come: now is %s", text, now.Format(time.RFC3339))
	}
	at += record.Second - 1 // up: it is to come still
	return at - at%record.Second, nil
}

func maintenanceOffCommand() cli.Command {
	return cli.Command{
		Name:  "off",
		Short: "end the maintenance of this server: timetables start again what is due",
		Long:  `Slots that were missed meanwhile are not run any more.`,
		Examples: []cli.Example{
			{Line: "twinctl maintenance off", Why: "timetables go on with their next slots"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted, cli.Unknown},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			was, err := s.data.Node.Maintenance(ctx)
			if err != nil {
				return err
			}
			if !was.Holds(record.At(time.Now())) {
				fmt.Fprintln(call.Err, "nothing was changed: there is no maintenance")
			}
			return setMaintenance(ctx, call, s, node.Maintenance{Actor: s.actor()})
		}),
	}
}

func maintenanceShowCommand() cli.Command {
	return cli.Command{
		Name:     "show",
		Short:    "show whether there is a maintenance of this server, since when and why",
		Examples: []cli.Example{{Line: "twinctl maintenance show", Why: "does anything start here?"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			m, err := s.data.Node.Maintenance(ctx)
			if err != nil {
				return err
			}
			return showMaintenance(call, m)
		}),
	}
}

// setMaintenance writes it, reads it back and shows it.
func setMaintenance(ctx context.Context, call *cli.Call, s *site, m node.Maintenance) error {
	set, err := s.data.Node.SetMaintenance(ctx, m)
	if err != nil {
		return err
	}
	if is, err := s.data.Node.Maintenance(ctx); err != nil || is != set {
		return cli.Fail(cli.Unknown, errors.Join(errors.New("what was set could not be read back"), err), "twinctl maintenance show")
	}
	return showMaintenance(call, set)
}

func showMaintenance(call *cli.Call, m node.Maintenance) error {
	doc := app.DescribeMaintenance(m, time.Now())
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: struct {
			Maintenance *node.MaintenanceDocument `json:"maintenance"` // null: there is none
		}{doc}})
	}
	_, err := fmt.Fprintln(call.Out, maintenanceWords(doc))
	return err
}

// maintenanceWords says what there is, for people.
func maintenanceWords(doc *node.MaintenanceDocument) string {
	if doc == nil {
		return "no maintenance: timetables start what is due"
	}
	until := "until twinctl maintenance off"
	if doc.Until != nil {
		until = "until " + second(doc.Until)
	}
	return inert.Text(fmt.Sprintf("maintenance since %s, %s: no timetable starts anything: %s (%s)", second(&doc.Since), until, doc.Reason, doc.Actor))
}
