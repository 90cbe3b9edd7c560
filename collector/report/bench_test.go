package report

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A month of a large site: 3 million calls in 20 queues, by 300 agents.
const (
	benchQueues = 20
	benchAgents = 300
	benchDays   = 30
	benchCalls  = 3_000_000
)

// aMonth returns a site in which that was counted, up to now.
func aMonth(b *testing.B) (r *rig, path string) {
	b.Helper()
	r = newRig(b, "2026-11-01 00:00")
	r.hears(b, "pbx", "2026-12-01 00:00")
	each := int64(benchCalls / (benchDays * 96 * benchQueues))
	if err := r.History.CountBy(b.Context(), "pbx", "ami", 1); err != nil {
		b.Fatal(err)
	}
	for day := at("2026-11-01 00:00"); day < at("2026-12-01 00:00"); day += record.Day {
		s := history.Stretch{Feed: "pbx", Span: record.Span{From: day, To: day + record.Day}}
		for start := day; start < s.Span.To; start += width {
			told := history.Told{At: start}
			for q := range benchQueues {
				told.Queues = append(told.Queues, acd.QueueRow{Start: start, Queue: fmt.Sprintf("queue %d", q), Counts: some(each)})
			}
			for a := range benchAgents {
				told.Agents = append(told.Agents, acd.AgentRow{Start: start, Agent: fmt.Sprintf("agent %d", a), Counts: shift()})
			}
			s.Told = append(s.Told, told)
		}
		if _, err := r.History.Count(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	return r, filepath.Join(r.dir, history.File)
}

// sumOf lets the database alone add up what a report reads, by day, and returns
// how long that took.
func sumOf(b *testing.B, path string, from, to record.Instant) time.Duration {
	b.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	begun := time.Now()
	rows, err := db.QueryContext(b.Context(), `
		SELECT start / ?, name, sum(offered), sum(answered), sum(abandoned), sum(timed_out), sum(completed), sum(answered_wait),
		  max(answered_wait_max), sum(abandoned_wait), sum(talk)
		FROM queue_interval WHERE feed = 1 AND start >= ? AND start < ? GROUP BY 1, 2`, record.Day, from, to)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if rows.Err() != nil || n == 0 {
		b.Fatal(rows.Err(), n)
	}
	return time.Since(begun)
}

// BenchmarkReport answers what people ask, beside what the database alone needs
// to add up the same rows of queues.
func BenchmarkReport(b *testing.B) {
	r, path := aMonth(b)
	for _, c := range []struct {
		name     string
		from, to string
		by       By
		ask      func(*testing.B, Ask) (Table, error)
		most     time.Duration
	}{
		{"month of queues by day", "2026-11-01 00:00", "2026-12-01 00:00", Day, r.queues, time.Second},
		{"month of queues by interval", "2026-11-01 00:00", "2026-12-01 00:00", Interval, r.queues, 0},
		{"today of queues by interval", "2026-11-30 00:00", "2026-12-01 00:00", Interval, r.queues, 100 * time.Millisecond},
		{"month of agents by day", "2026-11-01 00:00", "2026-12-01 00:00", Day, r.agents, 0},
		{"today of agents by interval", "2026-11-30 00:00", "2026-12-01 00:00", Interval, r.agents, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			ask := Ask{From: at(c.from), To: at(c.to), By: c.by, Now: r.now}
			begun, rows := time.Now(), 0
			for b.Loop() {
				rows = len(answers(b)(c.ask(b, ask)).Rows)
			}
			took := time.Since(begun) / time.Duration(b.N)
			b.ReportMetric(float64(rows), "rows")
			b.ReportMetric(float64(took)/float64(sumOf(b, path, ask.From, ask.To)), "x-sql")
			if c.most > 0 && took > c.most {
				b.Errorf("took %s, want at most %s", took, c.most)
			}
		})
	}
}

func (r *rig) queues(b *testing.B, ask Ask) (Table, error) { return Queue(b.Context(), r.Sources, ask) }
func (r *rig) agents(b *testing.B, ask Ask) (Table, error) { return Agent(b.Context(), r.Sources, ask) }
