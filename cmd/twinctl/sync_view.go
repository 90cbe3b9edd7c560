package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/push"
)

// A detail is how much of a plan people are shown.
type detail string

// The details.
const (
	viewSummary detail = "summary"
	viewRows    detail = "rows"
	viewAll     detail = "all"
)

// rowsShown is how many rows of a kind stand among others.
const rowsShown = 20

func (v detail) check() error {
	if !slices.Contains([]detail{viewSummary, viewRows, viewAll}, v) {
		return fmt.Errorf("--view %s: want summary, rows or all", v)
	}
	return nil
}

// A syncView shows what a sync found and did.
type syncView struct {
	call    *cli.Call
	view    detail
	dryRun  bool
	deletes int  // rows that may be deleted
	tell    bool // how far it has come
}

// A syncDocument is a sync in JSON.
type syncDocument struct {
	DryRun  bool           `json:"dry_run"`
	Changes bool           `json:"changes"` // there is, or was, something to do
	Plan    *push.Plan     `json:"plan"`
	Summary []push.Summary `json:"summary"`
	Result  *push.Result   `json:"result"` // null: nothing was done
}

// plan shows a plan; result is what came of it, if anything did.
func (v syncView) plan(plan *push.Plan, result *push.Result) error {
	if v.call.Format == cli.JSON {
		summary := plan.Summary()
		if summary == nil {
			summary = []push.Summary{}
		}
		return v.call.Show(cli.View{Document: syncDocument{v.dryRun, !plan.Empty(), plan, summary, result}})
	}
	var b strings.Builder
	v.head(&b, plan)
	if len(plan.Rows) > 0 {
		b.WriteByte('\n')
		_ = summaryTable(plan).WriteText(&b) // a builder takes everything
		if v.view != viewSummary {
			v.rows(&b, plan)
		}
	}
	b.WriteByte('\n')
	b.WriteString(v.verdict(plan))
	for _, n := range plan.Unused {
		fmt.Fprintf(v.call.Err, "--resolve: %s is no conflict\n", inert.Text(n.String()))
	}
	for _, n := range plan.Absent {
		fmt.Fprintf(v.call.Err, "%s does not differ\n", inert.Text(strings.TrimSuffix(n.String(), "/")))
	}
	_, err := fmt.Fprintln(v.call.Out, b.String())
	return err
}

// head says who pushes to whom, and what both are compared with.
func (v syncView) head(b *strings.Builder, plan *push.Plan) {
	fmt.Fprintf(b, "%s (primary, epoch %d) -> %s (secondary)\n", inert.Text(plan.Primary.Name), plan.Primary.Epoch, inert.Text(plan.Secondary.Name))
	if plan.Ground.First() {
		b.WriteString("first sync: there is nothing that both agreed on\n")
		return
	}
	fmt.Fprintf(b, "base: generation %d %s, this server is at %d\n", plan.Ground.Generation, plan.Ground.Root.String()[:8], plan.Primary.Position.Generation)
}

func summaryTable(plan *push.Plan) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "kind"},
		{Name: "added", Number: true},
		{Name: "changed", Number: true},
		{Name: "removed", Number: true},
		{Name: "adopted", Number: true},
		{Name: "equal", Number: true},
		{Name: "drift", Number: true},
		{Name: "conflicts", Number: true},
	}}
	for _, s := range plan.Summary() {
		adopted := s.Here.Added + s.Here.Changed + s.Here.Removed
		t.Add(s.Kind, count(s.Added), count(s.Changed), count(s.Removed), count(adopted), count(s.Agreed), count(s.Drift), count(s.Conflicts))
	}
	return t
}

func count(n int) string { return number(int64(n)) }

// A section is the rows of a plan for which one thing is done.
type section struct {
	title string
	has   func(push.Row) bool
}

func sections(plan *push.Plan) []section {
	twin := inert.Text(plan.Secondary.Name)
	conflicts := "conflicts, edited on both"
	if plan.Ground.First() {
		conflicts = "conflicts, not the same on both"
	}
	is := func(a push.Action) func(push.Row) bool { return func(r push.Row) bool { return r.Action == a } }
	waits := func(f push.Finding) func(push.Row) bool {
		return func(r push.Row) bool { return r.Action == push.Stop && r.Finding == f }
	}
	return []section{
		{conflicts + ": here -> " + twin, waits(push.Conflicting)},
		{"drift, edited on " + twin + " alone: here -> " + twin, waits(push.Drifted)},
		{"on " + twin + ":", is(push.Push)},
		{"adopted from " + twin + ", on this server:", is(push.Adopt)},
		{"kept as it is on " + twin + ":", is(push.Keep)},
		{"left out, and pending:", is(push.Leave)},
	}
}

// rows shows the rows, those first for which somebody has to choose.
func (v syncView) rows(b *strings.Builder, plan *push.Plan) {
	for _, s := range sections(plan) {
		left := map[string]int{}
		titled := false
		for _, r := range plan.Rows {
			if !s.has(r) {
				continue
			}
			if !titled {
				fmt.Fprintf(b, "\n%s\n", s.title)
				titled = true
			}
			if left[r.Kind]++; v.view == viewRows && left[r.Kind] > rowsShown {
				continue
			}
			writeRow(b, r)
		}
		for _, k := range admin.Kinds() {
			if more := left[k.Name] - rowsShown; v.view == viewRows && more > 0 {
				fmt.Fprintf(b, "  and %d more of kind %s: --view all\n", more, k.Name)
			}
		}
	}
}

func writeRow(b *strings.Builder, r push.Row) {
	c := admin.Change{Kind: r.Kind, Key: r.Key, Before: r.Before, After: r.After}
	fmt.Fprintf(b, "  %s %s\n", changeMark(c), rowTitle(c.Kind, c.Key, c.After, c.Before))
	for _, f := range fieldChanges(c) {
		fmt.Fprintf(b, "      %s\n", f)
	}
	for _, e := range r.Effects {
		fmt.Fprintf(b, "      ! %s\n", inert.Text(e))
	}
}

// verdict says in a line what there is to do.
func (v syncView) verdict(plan *push.Plan) string {
	twin := inert.Text(plan.Secondary.Name)
	switch {
	case len(plan.Open()) > 0:
		return fmt.Sprintf("%s to choose about; nothing was changed", app.Counted(len(plan.Open()), "row"))
	case plan.CheckDeletes(v.deletes) != nil:
		return app.Counted(plan.Deletes(), "row") + " would be deleted; nothing was changed"
	case plan.Empty() && plan.Left() > 0:
		return "nothing to send; " + left(plan)
	case plan.Empty() && plan.Secondary.Position.Pending > 0:
		return fmt.Sprintf("nothing to send; what was edited on %s stays so there: %s", twin, app.Counted(int(plan.Secondary.Position.Pending), "row"))
	case plan.Empty():
		return fmt.Sprintf("in sync: %s is at generation %d, checked just now", twin, plan.Secondary.Position.BaseGeneration)
	}
	words := fmt.Sprintf("about %d bytes to send", plan.Bytes)
	if plan.Left() > 0 {
		words += "; " + left(plan)
	}
	if v.dryRun {
		words += "; dry run, nothing was changed"
	}
	return words
}

// left says what was left out.
func left(plan *push.Plan) string {
	n := plan.Left()
	if n == 1 {
		return "1 row was left out and is pending"
	}
	return app.Counted(n, "row") + " were left out and are pending"
}

// result shows what came of a plan, which people may have seen already.
func (v syncView) result(plan *push.Plan, r push.Result, shown bool) error {
	if v.call.Format == cli.JSON || !shown {
		return v.plan(plan, &r)
	}
	_, err := fmt.Fprintf(v.call.Out, "%s holds generation %d now: %s; read back\n",
		inert.Text(r.Secondary.Name), r.Base.Generation, total(r.Counts))
	if err == nil && plan.Left() > 0 {
		_, err = fmt.Fprintln(v.call.Out, left(plan))
	}
	return err
}

// total says in words what became of rows of all kinds.
func total(counts []push.Done) string {
	var sum push.Tally
	for _, c := range counts {
		sum.Added += c.Added
		sum.Changed += c.Changed
		sum.Removed += c.Removed
	}
	return fmt.Sprintf("%d added, %d changed, %d removed", sum.Added, sum.Changed, sum.Removed)
}
