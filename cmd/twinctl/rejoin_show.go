package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// describeRejoin says what will be done, what the twin has that this server
// lacks, and what is to be done then.
func (s *site) describeRejoin(ctx context.Context, held node.Restored, will node.Rejoin, twin met) (rejoining, error) {
	taken := node.Moment(held.Taken)
	d := rejoining{
		Held: true, Backup: held.Backup, Taken: &taken, Twin: twin.name, Asked: twin.line != nil,
		Role: change{will.Was.Role, will.Role}, Epoch: change{will.Was.Epoch, will.Epoch}, Seen: change{will.Was.EpochSeen, will.Seen},
	}
	ours, err := app.Status(ctx, s.Config, s.data)
	if err != nil {
		return d, err
	}
	d.Feeds = heldFeeds(ours.Feeds, twin.word.Doc.Feeds)
	at, err := s.data.Admin.Position(ctx)
	if err != nil {
		return d, err
	}
	if theirs := twin.word.Doc.Sync; theirs != nil {
		d.Generation = &lag{Here: at.Generation, There: theirs.Generation}
	}
	if twin.acts != nil {
		d.Acts = &lag{Here: at.Head.ID, There: twin.acts.Yours.ID}
	}
	d.Next = nextSteps(will, twin, at.Head.String())
	return d, nil
}

func heldFeeds(ours, theirs []node.FeedDocument) []heldFeed {
	all := []heldFeed{}
	for _, f := range ours {
		h := heldFeed{Name: f.Name, Here: f.Records, Until: f.CoveredUntil}
		for _, t := range theirs {
			if t.Name == f.Name {
				h.There, h.Twins = &t.Records, t.CoveredUntil
			}
		}
		all = append(all, h)
	}
	return all
}

// nextSteps are what brings the two together again, once this server is held no
// longer.
func nextSteps(will node.Rejoin, twin met, head string) []string {
	steps := []string{}
	if twin.name == "" {
		return steps
	}
	if will.Role == node.Primary {
		steps = append(steps, "twinctl sync --dry-run, here: what is newer on "+twin.name+" stands there as drift, and --drift adopt takes it back")
	} else {
		steps = append(steps, "twinctl audit accept "+head+", on "+twin.name+": its admin.db was put back; then twinctl sync, there")
	}
	return append(steps, "twinctl compare, here, once both collect: what is missing is filled by itself")
}

func showRejoin(call *cli.Call, d rejoining, dryRun bool) error {
	if call.Format == cli.JSON {
		if dryRun {
			return call.Show(cli.View{Document: d})
		}
		return nil
	}
	out := call.Err
	if dryRun {
		out = call.Out
	}
	fmt.Fprintf(out, "restored from %s, as it was at %s\n", inert.Text(d.Backup), d.Taken.Time().Format(time.RFC3339))
	switch {
	case d.Twin == "":
		fmt.Fprintln(out, "it has no twin")
	case !d.Asked:
		fmt.Fprintf(out, "%s is not asked: what it has seen since is not known\n", inert.Text(d.Twin))
	}
	showLag(out, d)
	fmt.Fprintf(out, "role   %v -> %v\n", d.Role.Was, d.Role.Is)
	fmt.Fprintf(out, "epoch  %v -> %v; the highest that was seen: %v -> %v\n", d.Epoch.Was, d.Epoch.Is, d.Seen.Was, d.Seen.Is)
	return nil
}

func showLag(out io.Writer, d rejoining) {
	twin := inert.Text(d.Twin)
	for _, f := range d.Feeds {
		there := ""
		if f.There != nil {
			there = fmt.Sprintf(", %d on %s%s", *f.There, twin, coveredTo(f.Twins))
		}
		fmt.Fprintf(out, "feed %s: %s here%s%s\n", strconv.Quote(inert.Text(f.Name)), app.Counted(int(f.Here), "record"), coveredTo(f.Until), there)
	}
	if g := d.Generation; g != nil {
		fmt.Fprintf(out, "administration data: generation %d here, %d on %s\n", g.Here, g.There, twin)
	}
	if a := d.Acts; a != nil && a.There > a.Here {
		fmt.Fprintf(out, "its audit: %d acts here, and %s knows of %d: the rest is lost\n", a.Here, twin, a.There)
	}
}

func coveredTo(at *node.Moment) string {
	if at == nil {
		return ""
	}
	return " until " + at.Time().Format(time.RFC3339)
}
