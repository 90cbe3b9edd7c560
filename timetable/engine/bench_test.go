package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// many is how many timetables the engine must carry without being felt.
const many = 100_000

// lots returns timetables that run once a day, each at its own minute, and a
// few that run each minute.
func lots(b *testing.B) []timetable.Timetable {
	b.Helper()
	reader := timetable.NewReader(timetable.Site{Zone: time.UTC})
	list := make([]timetable.Timetable, many)
	for i := range list {
		row := admin.Row{Kind: "timetable", Key: fmt.Sprint("t", i), Body: admin.Body{
			"name": fmt.Sprint("t", i), "tasks": []string{"check"}, "schedule": fmt.Sprintf("%d %d * * *", i%60, i/60%24),
		}}
		t, err := reader.Read(row)
		if err != nil {
			b.Fatal(err)
		}
		list[i] = t
	}
	return list
}

// A paper is a ledger that keeps nothing: what is measured is the engine, and
// what a transaction costs, collector/node measures.
type paper struct {
	Ledger

	id int64
}

func (p *paper) ClaimRuns(_ context.Context, _ int64, claims []node.Claim) ([]node.Run, error) {
	var rows []node.Run
	for _, c := range claims {
		if p.id++; c.State != "" {
			rows = append(rows, node.Run{ID: p.id, Timetable: c.Timetable, Slot: c.Slot, State: node.RunSkipped})
		}
	}
	return rows, nil
}
func (p *paper) RunCursors(context.Context) (map[string]record.Instant, error) { return nil, nil } //nolint:nilnil // there is none
func (p *paper) UnendedRuns(context.Context) ([]node.Run, error)               { return nil, nil }
func (p *paper) RunsTold(context.Context) (node.RunsTold, error)               { return node.RunsTold{}, nil }

// laden returns a desk with a wall clock of its own.
func laden(b *testing.B, list []timetable.Timetable, now *time.Time) *desk {
	b.Helper()
	here := Here{Server: "cms-a", Role: node.Primary, Epoch: 1}
	e := New(Options{
		Ledger: &paper{}, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return *now },
		Here:       func(context.Context) (Here, error) { return here, nil },
		Generation: func(context.Context) (int64, error) { return 0, nil },
		Timetables: func(context.Context, int64) (List, error) { return List{Timetables: list}, nil },
	})
	d := newDesk(e)
	if err := d.begin(b.Context()); err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkStart is from the timetables in hand to the first sleep.
func BenchmarkStart(b *testing.B) {
	list, now := lots(b), time.Date(2026, 5, 4, 12, 0, 30, 0, time.UTC)
	for b.Loop() {
		laden(b, list, &now)
	}
}

// BenchmarkPass is one look of the engine: at nothing, at the 69 that are due in
// a minute, and at nothing while all but each hundredth are paused.
func BenchmarkPass(b *testing.B) {
	list := lots(b)
	for _, c := range []struct {
		name   string
		step   time.Duration
		paused bool
	}{{"idle", 0, false}, {"due", time.Minute, false}, {"paused", 0, true}} {
		b.Run(c.name, func(b *testing.B) {
			now := time.Date(2026, 5, 4, 12, 0, 30, 0, time.UTC)
			list := slices.Clone(list)
			for i := range list {
				list[i].Paused = c.paused && i%100 != 0
			}
			d := laden(b, list, &now)
			if _, err := d.pass(b.Context()); err != nil { // the first counts them all
				b.Fatal(err)
			}
			for b.Loop() {
				now = now.Add(c.step)
				d.clock.wall, d.clock.mono = now, time.Now() // it is not set, it is later
				if _, err := d.pass(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEdit takes over one timetable among all.
func BenchmarkEdit(b *testing.B) {
	list, now := lots(b), time.Date(2026, 5, 4, 12, 0, 30, 0, time.UTC)
	d := laden(b, list, &now)
	n := 0
	for b.Loop() {
		n++
		t := list[n%many]
		t.Mark = fmt.Sprint(n)
		d.set(t, record.At(now))
	}
}
