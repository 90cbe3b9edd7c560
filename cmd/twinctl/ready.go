package main

import (
	"context"
	"fmt"
	"io"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/switchover/preflight"
)

func readyCommand() cli.Command {
	var all bool
	return cli.Command{
		Name:  "ready",
		Short: "may we switch over or promote, and why not?",
		Long: `Asks both twins, in both directions, whatever a switch-over would wait for, and changes nothing: who they are and whether they reach each other, their versions and clocks, ` +
			`administration data, feeds, timetables that could not run on the other, disks, files and backups. ` +
			`A blocker keeps the role where it is; a warning is for a person to think about. Ready to promote is whether the secondary could take the role alone, if the primary were lost. ` +
			`The exit status is 0 when both are ready to switch over, else 4; twinctl status tells the same, as it stood at most a minute ago.`,
		Examples: []cli.Example{
			{Line: "twinctl ready", Why: "what would keep the role from moving, and what to do about it"},
			{Line: "twinctl ready --all", Why: "also what is as it should be"},
			{Line: "twinctl ready --json", Why: "the same for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&all, "all", false, "show the checks that found nothing, too")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			w := app.Witness{Config: s.Config, Data: s.data, Say: app.Say(s.Config, s.data)}
			here, there, paths, err := app.Both(ctx, w)
			if err != nil {
				return err
			}
			return showReady(call, preflight.Judge(here, there, preflight.Usual(), paths...), all)
		}),
	}
}

// showReady writes the verdict. That the role cannot be moved needs no more words.
func showReady(call *cli.Call, v preflight.Verdict, all bool) error {
	r := v.Readiness()
	sorted := preflight.Sorted(v.Switchover)
	var err error
	if call.Format == cli.Text {
		fmt.Fprintf(call.Out, "ready to switch over from %s to %s: %s\n", called(v.From), called(v.To), yesNo(r.Switchover))
		fmt.Fprintf(call.Out, "ready to promote %s: %s\n", called(v.To), because(v))
		writeChecks(call.Out, sorted, all)
	} else {
		t := cli.Table{Columns: []cli.Column{{Name: "level"}, {Name: "side"}, {Name: "name"}, {Name: "compared"}, {Name: "fix"}}}
		for _, c := range sorted {
			t.Add(string(c.Level), c.Side, c.Name, c.Compared, c.Fix)
		}
		err = call.Show(cli.View{
			Document: readyDocument{r.Switchover, r.Promote, v.From, v.To, r.Because, sorted},
			Lines:    cli.Each(sorted),
			Table:    t,
		})
	}
	if err == nil && !r.Switchover {
		err = cli.Fail(cli.Refused, nil, "")
	}
	return err
}

// writeChecks writes checks for people, each with what to do about it below it.
func writeChecks(w io.Writer, checks []preflight.Check, all bool) {
	for _, c := range checks {
		if c.Level == preflight.OK && !all {
			continue
		}
		fmt.Fprintf(w, "%-7s  %s\n", c.Level, inert.Text(c.String()))
		if c.Fix != "" {
			fmt.Fprintf(w, "         next: %s\n", inert.Text(c.Fix))
		}
	}
}

// A readyDocument is the verdict for programs.
type readyDocument struct {
	Switchover bool              `json:"switchover"`
	Promote    bool              `json:"promote"`
	From       string            `json:"from"`
	To         string            `json:"to"`
	Because    []string          `json:"because"`
	Checks     []preflight.Check `json:"checks"`
}

// because says whether the secondary could take the role alone, and why not.
func because(v preflight.Verdict) string {
	for _, c := range v.Promote {
		if c.Level == preflight.Blocker {
			return "no, because " + inert.Text(c.Compared)
		}
	}
	return yesNo(true)
}

func called(name string) string {
	if name == "" {
		return "a twin"
	}
	return inert.Text(name)
}
