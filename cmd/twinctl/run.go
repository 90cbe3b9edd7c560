package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// outputDir is where the output of runs is, within the data directory.
const outputDir = "runs"

func runCommand() cli.Command {
	return cli.Command{
		Name:  "run",
		Short: "what happened to each slot of a timetable, here and on the twin",
		Examples: []cli.Example{
			{Line: "twinctl run list", Why: "what ran lately, what did not, and why"},
			{Line: "twinctl run output 12 --follow", Why: "watch one that is running"},
		},
		Sub: []cli.Command{runListCommand(), runShowCommand(), runOutputCommand()},
	}
}

// A runRow is a run as it is shown.
type runRow struct {
	ID        int64         `json:"id"`
	Timetable string        `json:"timetable"` // its name, then
	Key       string        `json:"key"`       // of the timetable, for ever
	Slot      node.Moment   `json:"slot"`
	Attempt   int           `json:"attempt"`
	Server    string        `json:"server"`
	Epoch     int64         `json:"epoch"`
	Trigger   string        `json:"trigger"`
	Actor     string        `json:"actor"` // "": nobody asked for it
	State     node.RunState `json:"state"`
	Reason    string        `json:"reason"`
	Planned   node.Moment   `json:"planned"`
	Started   *node.Moment  `json:"started"`
	Ended     *node.Moment  `json:"ended"` // null: it has not, or nobody knows when
	Exit      *int          `json:"exit"`
	Told      bool          `json:"told"` // the twin's, as it told last
}

func runRowOf(r node.Run) runRow {
	if r.EndedAlone() {
		r.Ended = 0
	}
	return runRow{
		r.ID, r.Name, r.Timetable, node.Moment(r.Slot), r.Attempt, r.Server, r.Epoch, r.Trigger, r.Actor, r.State, r.Reason,
		node.Moment(r.Planned), known(r.Started), known(r.Ended), r.Exit, r.Theirs != 0,
	}
}

// known returns an instant to show, nil for one that is not known.
func known(at record.Instant) *node.Moment {
	if at == 0 {
		return nil
	}
	return (*node.Moment)(&at)
}

// run returns the run of that number.
func (s *site) run(ctx context.Context, word string) (node.Run, error) {
	id, err := strconv.ParseInt(word, 10, 64)
	if err != nil || id <= 0 {
		return node.Run{}, cli.Fail(cli.Usage, fmt.Errorf("run %q: want its number", word), "twinctl run list")
	}
	return s.data.Node.Run(ctx, id)
}

// outputOf returns the file with the output of a run of this server.
func (s *site) outputOf(r node.Run) string { return filepath.Join(s.data.Dir, outputDir, r.Output) }

// lastRuns returns the last runs, for completion.
func lastRuns(ctx context.Context, call *cli.Call) []node.Run {
	s, err := open(ctx, call)
	if err != nil {
		return nil
	}
	defer s.data.Close() //nolint:errcheck // it was only read
	runs, err := s.data.Node.Runs(ctx, node.RunQuery{Limit: 100})
	if err != nil {
		return nil
	}
	return runs
}

func completeRuns(ctx context.Context, call *cli.Call) []string {
	var words []string
	for _, r := range lastRuns(ctx, call) {
		words = append(words, fmt.Sprintf("%d\t%s %s", r.ID, r.Name, r.State))
	}
	return words
}

func completeRunNames(ctx context.Context, call *cli.Call) []string {
	var words []string
	for _, word := range rowWords(ctx, call, timetableKind()) {
		name, _, _ := strings.Cut(word, "\t")
		words = append(words, name)
	}
	for _, r := range lastRuns(ctx, call) {
		words = append(words, r.Name)
	}
	slices.Sort(words)
	return slices.Compact(words)
}
