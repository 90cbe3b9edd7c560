package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/inert"
)

func backupMakeCommand(kind backup.Kind) cli.Command {
	var to string
	var orFull bool
	c := cli.Command{
		Name:  string(kind),
		Short: "make a full backup, and read it back",
		Long: `Copies the history page by page while it is collected; whoever writes meanwhile never waits. ` +
			`Then it is checked, packed, flushed and read back. Only then does it get its name; what is cut off leaves no backup.` +
			"\n\n" + `Then it is sent to the twin, which reads all of it back too. If that fails the exit status is 5, and the backup here is good all the same.`,
		Examples: []cli.Example{
			{Line: "twinctl backup full", Why: "prints the new backup's name"},
			{Line: "twinctl backup full --to here", Why: "and does not send it to the twin"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Busy},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--to": completePlaces},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&to, "to", "", "`PLACE` where it goes: here, or twin (here and there); left out: what backup.second says")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			second, err := s.second(to)
			if err != nil {
				return err
			}
			made, sent, err := app.MakeBackup(ctx, s.Config, s.data, app.Making{Kind: kind, Second: second})
			if orFull && errors.Is(err, backup.ErrNeedsFull) {
				made, sent, err = app.MakeBackup(ctx, s.Config, s.data, app.Making{Kind: backup.Full, Second: second})
			}
			if err != nil {
				return err
			}
			return showMade(call, made, sent)
		}),
	}
	if kind == backup.Incremental {
		c.Short = "back up what changed since the last backup"
		c.Long = `Holds the records that came since the last backup of this server, the days whose counts changed, coverage and gaps, and the two small databases. ` +
			`It goes on from that backup and needs it to be restored. Where there is none to go on from, it says so and exits 4: a full one is needed. With --or-full it is made.` +
			"\n\n" + `Then it is sent to the twin, with what that lacks of those that it goes on from. If that fails the exit status is 5, and the backup here is good all the same.`
		c.Examples = []cli.Example{
			{Line: "twinctl backup incremental", Why: "prints the new backup's name"},
			{Line: "twinctl backup incremental --or-full", Why: "each night, also in the first one"},
		}
		flags := c.Flags
		c.Flags = func(f *cli.FlagSet) {
			flags(f)
			f.BoolVar(&orFull, "or-full", false, "make a full one where there is none to go on from")
		}
	}
	return c
}

func completePlaces(context.Context, *cli.Call) []string { return []string{"here", "twin"} }

// second tells whether a backup is to be sent to the twin.
func (s *site) second(to string) (bool, error) {
	switch to {
	case "":
		return s.Backup.Second == "twin", nil
	case "twin":
		return true, nil
	case "here":
		return false, nil
	}
	return false, cli.Fail(cli.Usage, fmt.Errorf("--to %q: want here or twin", to), "twinctl help backup full")
}

func showMade(call *cli.Call, made backup.Set, sent app.Sent) error {
	if call.Format == cli.JSON {
		doc := struct {
			backupRow
			sending
		}{rowOf(made), sendingOf(sent)}
		if err := call.Show(cli.View{Document: doc}); err != nil {
			return err
		}
		return unsent(sent)
	}
	there := ""
	if sent.Twin != "" && sent.Err == nil {
		there = "; on " + inert.Text(sent.Twin) + " too"
	}
	if _, err := fmt.Fprintf(call.Out, "%s\n%s, verified%s\n", made.Title(), sized(made.Bytes()), there); err != nil {
		return err
	}
	return unsent(sent)
}

// A sending is what became of sending, as programs read it.
type sending struct {
	Twin string   `json:"twin"` // "": it was not sent
	Sent []string `json:"sent"` // that the twin had not before
	Why  string   `json:"unsent,omitempty"`
}

func sendingOf(s app.Sent) sending {
	d := sending{Twin: s.Twin, Sent: append([]string{}, s.Names...)}
	if s.Err != nil {
		d.Why = s.Err.Error()
	}
	return d
}

// unsent is how a verb ends whose backups are good here, and are not on the twin.
func unsent(s app.Sent) error {
	if s.Err == nil {
		return nil
	}
	return cli.Fail(cli.Unreachable, fmt.Errorf("the backup is good here, and not on the twin: %w", s.Err), "twinctl backup send")
}

func backupSendCommand() cli.Command {
	return cli.Command{
		Name:  "send",
		Short: "send the twin the backups that it lacks",
		Long: `Sends what the twin lacks of the newest backup and of those that it goes on from, as making one does; what was cut goes on where it was. ` +
			`The twin reads all of it back before it counts.`,
		Examples: []cli.Example{{Line: "twinctl backup send", Why: "after the twin could not be reached"}},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Busy},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if _, err := app.Paired(ctx, s.data.Node); err != nil {
				return err
			}
			sent, err := app.SendBackups(ctx, s.Config, s.data)
			if err != nil {
				return err
			}
			if call.Format == cli.JSON {
				if err := call.Show(cli.View{Document: sendingOf(sent)}); err != nil {
					return err
				}
				return unsent(sent)
			}
			if sent.Err == nil && len(sent.Names) == 0 {
				_, err = fmt.Fprintf(call.Out, "%s lacks nothing\n", inert.Text(sent.Twin))
			} else if len(sent.Names) > 0 {
				_, err = fmt.Fprintf(call.Out, "%s\nsent to %s, and read back there\n", strings.Join(sent.Names, "\n"), inert.Text(sent.Twin))
			}
			if err != nil {
				return err
			}
			return unsent(sent)
		}),
	}
}
