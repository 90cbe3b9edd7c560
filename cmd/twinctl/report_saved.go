package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

func reportSavedCommand() cli.Command {
	var a savedAsking
	k, _ := admin.KindNamed("report")
	return cli.Command{
		Name:  "saved",
		Args:  "NAME [TARGET...]",
		Short: "ask what is saved as a definition of kind report",
		Long: `Asks the question of a definition, by the title or key that twinctl admin report list shows, for its period and with its columns, order and format. ` +
			`With --mail it goes to the receivers of the definition, or to the TARGETs, or mail addresses, that are named. ` +
			timeWords + "\n\n" + intoWords,
		Examples: []cli.Example{
			{Line: "twinctl report saved Weekly", Why: "on the screen"},
			{Line: "twinctl report saved Weekly --into '/srv/{report}-{week}.html'", Why: "a page for each week"},
			{Line: "twinctl report saved Weekly --mail", Why: "to its receivers"},
			{Line: "twinctl report saved Weekly --mail ann@example.com --as-of 2026-11-16", Why: "to ann alone, as it would have been then"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: reportOutputs(),
		Flags: func(f *cli.FlagSet) {
			a.typed = f.Changed
			a.stretch.common(f)
			f.Lookup("period").Usage = "of this `PERIOD`, whatever the definition says: " + strings.Join(periods(), ", ")
			intoFlag(f, &a.outlet.into)
			f.BoolVar(&a.send, "mail", false, "send it to its receivers, or to the TARGETs")
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"NAME": completeKeys(k), "TARGET": completeTargets,
			"--period": func(context.Context, *cli.Call) []string { return periods() },
		},
		Check: a.stretch.check,
		Run:   with(a.run),
	}
}

// A savedAsking is a definition that is to be asked.
type savedAsking struct {
	stretch
	outlet
	send bool
}

func (a *savedAsking) run(ctx context.Context, call *cli.Call, s *site) error {
	k, _ := admin.KindNamed("report")
	row, err := s.row(ctx, k, call.Args[0])
	if err != nil {
		return err
	}
	if err := a.define(row, call.Args[1:]); err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help report saved")
	}
	if err := a.outlet.check(call); err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help report saved")
	}
	said, err := a.ask(ctx, s, row)
	if err != nil {
		return err
	}
	said.question, said.key, said.title = row.Body.Text("question"), row.Key, row.Body.Text("title")
	if !call.Chosen {
		call.Format = cli.Format(textOr(row, k, "format"))
	}
	return a.outlet.send(ctx, call, s, said)
}

// define takes from the definition what was not said.
func (a *savedAsking) define(row admin.Row, targets []string) error {
	k, _ := admin.KindNamed("report")
	if !a.typed("period") {
		a.period = textOr(row, k, "period")
	}
	a.columns, a.order = row.Body.List("columns"), row.Body.List("order")
	switch {
	case !a.send && len(targets) > 0:
		return fmt.Errorf("%q: whom it is sent to stands behind --mail", targets[0])
	case a.send && len(targets) > 0:
		a.targets = targets
	case a.send:
		if a.targets = row.Body.List("receivers"); len(a.targets) == 0 {
			return fmt.Errorf("report %q has no receivers: name a target, or twinctl admin report set %s receivers=TARGET", row.Body.Text("title"), row.Key)
		}
	}
	return nil
}

// textOr returns a field of a row, at its default if it is not set.
func textOr(row admin.Row, k admin.Kind, name string) string {
	for _, f := range k.Fields {
		if f.Name == name {
			text, _ := f.Value(row.Body).(string)
			return text
		}
	}
	return ""
}

// ask asks the question of a definition. What it says of others than its
// question asks about is an error: nothing is left out unseen.
func (a *savedAsking) ask(ctx context.Context, s *site, row admin.Row) (answer, error) {
	k, _ := admin.KindNamed("report")
	about := row.Body.Text("question")
	for _, field := range []string{"queues", "queue_groups", "agents", "agent_groups"} {
		if len(row.Body.List(field)) > 0 && !isAbout(about, field) {
			return answer{}, cli.Fail(cli.Usage, fmt.Errorf("report %q: a report of kind %s takes no %s", row.Body.Text("title"), about, field),
				fmt.Sprintf("twinctl admin report set %s %s=", row.Key, field))
		}
	}
	asked := asking{stretch: a.stretch, by: textOr(row, k, "by")}
	asked.ask.Queues, asked.ask.Agents = row.Body.List("queues"), row.Body.List("agents")
	asked.ask.Groups = slices.Concat(row.Body.List("queue_groups"), row.Body.List("agent_groups"))
	switch about {
	case "call":
		return a.calls(ctx, s, asked.ask.Agents)
	case "now":
		return (&asksNow{ask: asked.ask}).look(ctx, s)
	}
	if err := asked.read(ctx, s); err != nil {
		return answer{}, cli.Fail(cli.Usage, err, "twinctl help report saved")
	}
	put := map[string]question{"queue": report.QueueOverview, "agent": report.AgentOverview, "coverage": coverage, "exception": exceptions}[about]
	if put == nil {
		return answer{}, fmt.Errorf("report %q asks %q, which this version does not know", row.Body.Text("title"), about)
	}
	return asked.put(ctx, s, put)
}

// calls asks for the calls of a period, of one agent or of all.
func (a *savedAsking) calls(ctx context.Context, s *site, agents []string) (answer, error) {
	site, err := report.ReadSettings(ctx, s.data.Admin)
	if err != nil {
		return answer{}, err
	}
	c := callAsking{stretch: a.stretch, ask: report.CallAsk{Limit: usualCalls}}
	if len(agents) > 1 {
		return answer{}, cli.Fail(cli.Usage, errors.New("a report of calls is of one agent, or of all"), "")
	}
	if len(agents) == 1 {
		c.ask.Agent = agents[0]
	}
	var span record.Span
	if span, err = c.stretch.read(time.Now(), site); err != nil {
		return answer{}, cli.Fail(cli.Usage, err, "twinctl help report saved")
	}
	c.ask.From, c.ask.To = span.From, span.To
	return c.put(ctx, s)
}

// isAbout reports whether a question can be about those.
func isAbout(question, field string) bool {
	can := map[string]string{
		"queue": "queues queue_groups", "agent": "agents agent_groups", "call": "agents", "exception": "queues agents",
		"now": "queues queue_groups agents agent_groups",
	}
	return slices.Contains(strings.Fields(can[question]), field)
}
