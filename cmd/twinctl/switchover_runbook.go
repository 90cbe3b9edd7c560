package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/switchover/preflight"
)

// showPlan writes the plan: status 4 if something blocks it.
func (s *site) showPlan(ctx context.Context, call *cli.Call, args app.SwitchArgs) error {
	p, err := s.planSwitch(ctx, args)
	if err != nil {
		return err
	}
	switch call.Format {
	case cli.JSON:
		err = call.Show(cli.View{Document: p})
	case cli.MD:
		_, err = io.WriteString(call.Out, p.Markdown())
	default:
		writePlan(call.Out, p)
	}
	if err == nil && !p.Ready && !p.Already {
		err = cli.Fail(cli.Refused, nil, "")
	}
	return err
}

// writePlan writes a plan for people: the steps, and then the checks, the worst
// first.
func writePlan(out io.Writer, p switchover.Plan) {
	if p.Already {
		fmt.Fprintf(out, "%s is primary already: nothing would be done\n", inert.Text(p.From))
		return
	}
	told := fmt.Sprintf("primary, epoch %d", p.Epoch)
	if p.Epoch == 0 {
		told = "primary, does not answer"
	}
	fmt.Fprintf(out, "%s: %s (%s) -> %s\n\n", switchover.IntentWord(p.Intent), inert.Text(p.From), told, inert.Text(p.To))
	for i, s := range p.Steps {
		fmt.Fprintf(out, "%3d. %-8s %s\n", i+1, s.Name, s.What)
		if s.Return {
			fmt.Fprintf(out, "     -- point of no return --\n")
		}
	}
	fmt.Fprintln(out)
	ok, blockers := 0, []string{}
	for _, c := range preflight.Sorted(p.Checks) {
		if c.Level == preflight.OK {
			ok++
			continue
		}
		if c.Level == preflight.Blocker && !slices.Contains(blockers, c.Name) {
			blockers = append(blockers, c.Name)
		}
		fmt.Fprintf(out, "%-7s  %s\n", c.Level, inert.Text(c.String()))
		if c.Fix != "" {
			fmt.Fprintf(out, "         next: %s\n", inert.Text(c.Fix))
		}
	}
	verdict := "ready: nothing was changed"
	if !p.Ready {
		verdict = strings.TrimSuffix("blocked by "+strings.Join(blockers, ", "), " by ") + ": nothing was changed"
	}
	fmt.Fprintf(out, "%s are ok\n%s\n", app.Counted(ok, "check"), verdict)
	if p.Epoch == 0 && p.From != "" {
		fmt.Fprintf(out, "if %s is dead, and not only out of reach: twinctl promote --primary-is-down, on %s\n", inert.Text(p.From), inert.Text(p.To))
	}
}
