package demo

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
)

const (
	demoReport = "Queues"        // runs on the primary alone
	demoBackup = "Backup"        // runs on both
	runWithin  = 2 * time.Minute // for slots to have run, on a machine that has more to do
)

// timetables makes a report that only the primary runs and a backup that both
// run, and shows what became of their slots on each, and that the backup can be
// put back.
func timetables(ctx context.Context, out io.Writer, a, b *twin) error {
	fmt.Fprintln(out, "Every few seconds a report, on the primary alone, and a backup, on both:")
	file := filepath.Join(filepath.Dir(a.dir), "{report}-{date}.csv")
	if err := runAll(ctx, out, []typed{
		{a, []string{
			"timetable", "add", demoReport, "--schedule", "every 2s", "--overlap", "allow", "--catch-up", "all", "--spacing", "0s",
			"--on-promotion", "all", "--task", "report queue --into " + file,
		}, cli.OK},
		{a, []string{"timetable", "add", demoBackup, "--schedule", "every 5s", "--runs-on", "both", "--task", "backup full"}, cli.OK},
		{a, []string{"sync", "--view", "summary"}, cli.OK},
	}); err != nil {
		return err
	}
	err := waitFor(ctx, runWithin, "the timetables to run", func(ctx context.Context) (bool, error) {
		for _, want := range []struct {
			on   *twin
			name string
		}{{a, demoReport}, {a, demoBackup}, {b, demoBackup}} {
			if ran, err := want.on.ran(ctx, want.name); err != nil || !ran {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if err := runAll(ctx, out, []typed{
		{a, []string{"run", "list", "--server", a.name, "-n", "4"}, cli.OK},
		{b, []string{"run", "list", "--server", b.name, "-n", "4"}, cli.OK},
		{a, []string{"timetable", "pause", demoBackup, "--reason", "there is one to put back"}, cli.OK},
		{a, []string{"sync", "--view", "summary"}, cli.OK},
		{a, []string{"maintenance", "on", "--reason", "the demo shows a drill"}, cli.OK},
	}); err != nil {
		return err
	}
	if err := waitFor(ctx, runWithin, "the last run to end", a.rests); err != nil {
		return err
	}
	if err := runAll(ctx, out, []typed{{a, []string{"backup", "drill"}, cli.OK}}); err != nil {
		return err
	}
	if wrong, err := b.ran(ctx, demoReport); err != nil || wrong {
		return fmt.Errorf("demo: %s ran %s, which is for the primary alone: %w", b.name, demoReport, err)
	}
	return nil
}

// ran tells whether a run of the timetable did well on this server.
func (t *twin) ran(ctx context.Context, name string) (bool, error) {
	runs, err := t.data.Node.Runs(ctx, node.RunQuery{Server: t.name, States: []node.RunState{node.RunOK}})
	if err != nil {
		return false, err
	}
	for _, r := range runs {
		if r.Name == name {
			return true, nil
		}
	}
	return false, nil
}

// rests tells whether no run of this server goes on.
func (t *twin) rests(ctx context.Context) (bool, error) {
	runs, err := t.data.Node.UnendedRuns(ctx)
	return len(runs) == 0, err
}
